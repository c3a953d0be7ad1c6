/// The code for one kind of channel.
///
/// ``read(_:account:)`` runs on a request thread and touches no network; the rest runs in the relay. What a channel can
/// do besides is told by the protocols it also conforms to (``WebhookRegistering``) and by its ``descriptor``.
package protocol Channel: Sendable {
    /// What it is called, what it needs, what it takes.
    var descriptor: ChannelDescriptor { get }

    /// Verifies a webhook over its raw bytes and reads its events.
    ///
    /// Unknown events and unknown kinds of message are no refusal: they come back as `ignored` or as an unsupported
    /// part.
    func read(_ request: WebhookRequest, account: ChannelAccount) throws(WebhookRefusal) -> WebhookReading<ChannelEvent>

    /// The sends that a message takes, in order: split by kind and length. The same message gives the same pieces each
    /// time, for a delivery that was broken off goes on with the piece it had reached. Empty when nothing is left.
    ///
    /// The engine sends no more than ``Message/mostPieces``. An adapter makes one more of a longer message, which tells the
    /// engine that it is cut, and none behind it. Texts go without control characters
    /// (``Swift/String/withoutControlCharacters()``).
    func pieces(of message: Message, account: ChannelAccount) -> [Message]

    /// Makes one send. One request to the channel's API, no retries in here.
    func send(
        _ piece: OutboundPiece, account: ChannelAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> ChannelMessageID?

    /// Asks the channel whether the credentials are good, and whose they are.
    func check(_ account: ChannelAccount, over http: any HTTPSender) async throws(SetupFailure) -> ChannelCheck
}

/// A channel whose webhook is registered by API, not by hand.
package protocol WebhookRegistering: Channel {
    /// Registers the target URL. The channel may call it before this returns (viber.md §2.1).
    func register(
        targetURL: String, account: ChannelAccount, over http: any HTTPSender
    ) async throws(SetupFailure)

    func unregister(account: ChannelAccount, over http: any HTTPSender) async throws(SetupFailure)
}
