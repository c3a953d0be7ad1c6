package import FoundationEssentials
package import HTTPTypes
package import RelayCore

/// What a channel's tests give to ``ChannelConformance``.
package struct ChannelFixtures: Sendable {
    /// A body that the channel posts, and what it means.
    package struct Callback: Sendable {
        package var name: String
        package var body: [UInt8]
        package var contents: [ChannelEvent.Content]
        /// The body of our answer; empty where the channel expects none.
        package var answer: [UInt8]

        package init(name: String, body: [UInt8], contents: [ChannelEvent.Content], answer: [UInt8] = []) {
            self.name = name
            self.body = body
            self.contents = contents
            self.answer = answer
        }
    }

    /// What the channel's API says to a send, or that it says nothing, and what helps.
    package struct ErrorCase: Sendable {
        package var name: String
        package var answer: Result<HTTPReply, TransportFailure>
        package var remedy: DeliveryFailure.Remedy
        package var isCertain: Bool

        package init(
            _ name: String, _ answer: Result<HTTPReply, TransportFailure>, _ remedy: DeliveryFailure.Remedy,
            isCertain: Bool = true
        ) {
            self.name = name
            self.answer = answer
            self.remedy = remedy
            self.isCertain = isCertain
        }
    }

    /// A request that the channel itself would refuse.
    package struct Refusal: Error, CustomStringConvertible {
        package var description: String
        package init(_ description: String) { self.description = description }
    }

    /// A complete, valid account.
    package var account: ChannelAccount
    /// A request as the channel makes it for an account: with its signature.
    package var sign: @Sendable (_ body: [UInt8], _ account: ChannelAccount) -> WebhookRequest
    /// Whether the channel's signature covers the body. Some send but a shared secret along.
    package var signsBody: Bool
    package var callbacks: [Callback]
    package var unknownEvent: [UInt8]
    /// How many damaged forms of each callback are tried.
    package var mutations: Int
    /// The answer to a send that went well, and the id in it.
    package var acceptance: HTTPReply
    package var acceptedID: ChannelMessageID?
    package var errors: [ErrorCase]
    /// Puts a secret into an answer's text, where the channel's API might repeat it.
    package var echo: @Sendable (_ body: String, _ secret: String) -> String
    /// Judges a send by the channel's own rules and gives the text that the customer reads.
    package var judge: @Sendable (HTTPRequest, [UInt8]) -> Result<String, Refusal>
    package var recipient: ChannelUserID
    package var now: Date

    package init(
        account: ChannelAccount, sign: @escaping @Sendable ([UInt8], ChannelAccount) -> WebhookRequest,
        signsBody: Bool = true, callbacks: [Callback], unknownEvent: [UInt8], mutations: Int = 300,
        acceptance: HTTPReply, acceptedID: ChannelMessageID?, errors: [ErrorCase],
        echo: @escaping @Sendable (String, String) -> String,
        judge: @escaping @Sendable (HTTPRequest, [UInt8]) -> Result<String, Refusal>, recipient: ChannelUserID,
        now: Date
    ) {
        self.account = account
        self.sign = sign
        self.signsBody = signsBody
        self.callbacks = callbacks
        self.unknownEvent = unknownEvent
        self.mutations = mutations
        self.acceptance = acceptance
        self.acceptedID = acceptedID
        self.errors = errors
        self.echo = echo
        self.judge = judge
        self.recipient = recipient
        self.now = now
    }
}
