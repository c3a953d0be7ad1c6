/// One Freshchat account, which its installations share.
package struct HelpdeskAccount: Hashable, Codable, Sendable {
    /// Empty for one that isn't stored yet.
    package var id: HelpdeskAccountID
    /// What Freshchat calls it: its `account_id`, else its `app_id` (freshchat.md §1.5); `nil` until a check has told. Never a
    /// domain or a URL.
    package var identity: RemoteIdentity?
    /// Complete up to and including `/v2`, without a slash at the end (freshchat.md §1.1).
    package var baseURL: String
    package var token: Secret
    /// Tokens of accounts that were merged into this one. One of them takes over when ``token`` is refused.
    package var spareTokens: [Secret]
    /// The key from Freshchat's webhook settings, in whatever shape it was pasted (freshchat.md §2.2); empty: none.
    package var webhookPublicKey: String
    /// Keys of accounts that were merged into this one: they still verify.
    package var sparePublicKeys: [String]
    /// The longest text of one message; Freshchat's own limit is not published (freshchat.md §8 Q9).
    package var textLimit: Int
    package var endpoints: [Endpoint]
    package var state: AccountState

    package init(
        id: HelpdeskAccountID = "", identity: RemoteIdentity? = nil, baseURL: String, token: Secret,
        spareTokens: [Secret] = [], webhookPublicKey: String = "", sparePublicKeys: [String] = [],
        textLimit: Int = 4000,
        endpoints: [Endpoint] = [], state: AccountState = .active
    ) {
        self.id = id
        self.identity = identity
        self.baseURL = baseURL
        self.token = token
        self.spareTokens = spareTokens
        self.webhookPublicKey = webhookPublicKey
        self.sparePublicKeys = sparePublicKeys
        self.textLimit = textLimit
        self.endpoints = endpoints
        self.state = state
    }

    /// The unguessable segment of the URL for Freshchat's conversation webhook; empty for one that isn't stored yet.
    package var helpdeskToken: Secret { endpoints.present(for: .helpdesk) ?? Secret("") }

    /// The shared secret in the URL for the Marketplace product event; empty for one that isn't stored yet.
    package var eventSecret: Secret { endpoints.present(for: .event) ?? Secret("") }

    /// All keys that verify its webhook, the present one first.
    package var publicKeys: [String] { ([webhookPublicKey] + sparePublicKeys).filter { !$0.isEmpty } }

    /// Whether two accounts' credentials are those of one Freshchat account, as long as nobody has asked Freshchat for the
    /// identity of either: an account has one public key (freshchat.md §2.1) and one API token (§5). Of an account without a
    /// key, which hears by the webhook of another one, the token tells.
    package func isSameAccount(as other: HelpdeskAccount) -> Bool {
        if !id.rawValue.isEmpty, id == other.id { return true }
        if let identity, let theirs = other.identity { return identity == theirs }
        guard baseURL == other.baseURL else { return false }
        guard !webhookPublicKey.isEmpty, !other.webhookPublicKey.isEmpty else { return token == other.token }
        return keyDigits == other.keyDigits
    }

    /// Whether both would be the same to Freshchat, whatever byoc knows besides.
    package func hasSameCredentials(as other: HelpdeskAccount) -> Bool {
        baseURL == other.baseURL && token == other.token && webhookPublicKey == other.webhookPublicKey
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
