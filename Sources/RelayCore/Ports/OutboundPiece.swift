package import FoundationEssentials

/// One send to a customer.
package struct OutboundPiece: Sendable {
    package var message: Message
    package var to: ChannelUserID
    /// The address that it leaves by.
    package var from: Address
    /// The agent's first name or the configured one; the adapter cuts it to what its channel takes.
    package var senderName: String?
    /// The same for each attempt at this piece, and for nothing else; printable ASCII, at most 64 bytes.
    package var idempotencyKey: String
    package var now: Date

    package init(
        message: Message, to: ChannelUserID, from: Address = .only, senderName: String?, idempotencyKey: String,
        now: Date
    ) {
        self.message = message
        self.to = to
        self.from = from
        self.senderName = senderName
        self.idempotencyKey = idempotencyKey
        self.now = now
    }
}
