package import FoundationEssentials
package import HTTPTypes

/// A channel that can make webhooks as its service makes them, signed with the installation's own credential: for trying
/// one's own endpoint out without a phone.
package protocol WebhookImitating: Channel {
    /// What it can make, in the order to tell it; `message`, a customer's text, is always one.
    var imitations: [WebhookImitation] { get }

    /// Makes the webhook of one kind.
    ///
    /// - Parameter kind: one of ``imitations``.
    /// - Returns: `nil` when there is no such kind, or no credential to sign it with.
    func imitate(_ kind: String, _ wish: ImitationWish, account: ChannelAccount) -> ImitatedWebhook?
}

/// One kind of webhook that can be imitated.
package struct WebhookImitation: Hashable, Sendable {
    /// As it is asked for: `picture`.
    package var kind: String
    /// What it is, in words.
    package var meaning: String

    package init(_ kind: String, _ meaning: String) {
        self.kind = kind
        self.meaning = meaning
    }
}

/// What is to stand in an imitated webhook; each kind takes what it has a place for.
package struct ImitationWish: Sendable {
    package var from: ContactProfile
    package var text: String?
    /// Of a picture, a file, a link.
    package var url: String?
    /// The message that it is, or that a receipt is about: a number of 64 bits.
    package var messageID: Int64
    package var at: Date

    package init(from: ContactProfile, text: String? = nil, url: String? = nil, messageID: Int64, at: Date) {
        self.from = from
        self.text = text
        self.url = url
        self.messageID = messageID
        self.at = at
    }
}

/// A webhook as the service would send it.
package struct ImitatedWebhook: Sendable {
    package var method: HTTPRequest.Method
    package var headers: HTTPFields
    package var body: [UInt8]

    package init(method: HTTPRequest.Method = .post, headers: HTTPFields, body: [UInt8]) {
        self.method = method
        self.headers = headers
        self.body = body
    }
}
