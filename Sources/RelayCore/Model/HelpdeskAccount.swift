/// Our account with Freshchat.
package struct HelpdeskAccount: Hashable, Codable, Sendable {
    /// Complete up to and including `/v2`, without a slash at the end (freshchat.md §1.1).
    package var baseURL: String
    package var token: Secret
    package var topic: TopicID
    /// The topic's name when the installation was connected; `nil` if it wasn't noted.
    package var topicName: String?
    /// The key from Freshchat's webhook settings, in whatever shape it was pasted (freshchat.md §2.2); empty: none.
    package var webhookPublicKey: String
    /// What to do with a customer's message into a resolved conversation (freshchat.md §1.11).
    package var resolvedPolicy: ResolvedPolicy
    /// Whether Freshchat's own lines ("Conversation was reopened by …") go to the customer. They never should.
    package var forwardsSystemLines: Bool
    /// The longest text of one message; Freshchat's own limit is not published (freshchat.md §8 Q9).
    package var textLimit: Int

    package enum ResolvedPolicy: String, Codable, Sendable, CaseIterable {
        case reopen
        case newConversation = "new_conversation"
    }

    package init(
        baseURL: String, token: Secret, topic: TopicID, topicName: String? = nil, webhookPublicKey: String = "",
        resolvedPolicy: ResolvedPolicy = .reopen, forwardsSystemLines: Bool = false, textLimit: Int = 4000
    ) {
        self.baseURL = baseURL
        self.token = token
        self.topic = topic
        self.topicName = topicName
        self.webhookPublicKey = webhookPublicKey
        self.resolvedPolicy = resolvedPolicy
        self.forwardsSystemLines = forwardsSystemLines
        self.textLimit = textLimit
    }
}

extension HelpdeskAccount {
    /// Whether two installations' credentials are those of one Freshchat account: an account has one public key
    /// (freshchat.md §2.1) and one API token (§5). Of an installation without a key, which hears by the webhook of another
    /// one, the token tells.
    package func isSameAccount(as other: HelpdeskAccount) -> Bool {
        guard baseURL == other.baseURL else { return false }
        guard !webhookPublicKey.isEmpty, !other.webhookPublicKey.isEmpty else { return token == other.token }
        return keyDigits == other.keyDigits
    }

    /// The public key without its labels, line ends, and the words that stand for these (freshchat.md §2.2).
    private var keyDigits: String {
        let text = webhookPublicKey.replacing("\\r", with: "").replacing("\\n", with: "")
        let parts = text.split(separator: "-----", omittingEmptySubsequences: false)
        // Between labels, or all of it: "", "BEGIN …", key, "END …", "".
        let digits = parts.count == 5 ? parts[2] : Substring(text)
        return String(digits.filter { !$0.isWhitespace })
    }
}
