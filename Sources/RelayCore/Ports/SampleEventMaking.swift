package import FoundationEssentials
package import HTTPTypes

/// A channel that makes sample webhooks as its service would send them, signed with the installation's own credential: for trying
/// one's own endpoint out without a phone.
package protocol SampleEventMaking: Channel {
    /// The kinds that it makes, in the order to list them. `message`, a customer's text, is always one of them.
    var sampleEvents: [SampleEventKind] { get }

    /// Makes a sample webhook of one kind.
    ///
    /// - Parameter kind: one of ``sampleEvents``.
    /// - Returns: `nil` when there is no such kind, or no credential to sign it with.
    func sampleWebhook(_ kind: String, _ event: SampleEvent, account: ChannelAccount) -> SampleWebhook?
}

/// A kind of sample event.
package struct SampleEventKind: Hashable, Sendable {
    /// As it is asked for: `picture`.
    package var kind: String
    /// What it is, in words.
    package var meaning: String

    package init(_ kind: String, _ meaning: String) {
        self.kind = kind
        self.meaning = meaning
    }
}

/// The content of a sample event. Each kind uses the values that it has a field for.
package struct SampleEvent: Sendable {
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
package struct SampleWebhook: Sendable {
    package var method: HTTPRequest.Method
    package var headers: HTTPFields
    package var body: [UInt8]

    package init(method: HTTPRequest.Method = .post, headers: HTTPFields, body: [UInt8]) {
        self.method = method
        self.headers = headers
        self.body = body
    }
}
