package import FoundationEssentials

/// A delivery that is this worker's to make.
package struct Claim: Sendable {
    package var delivery: Delivery
    package var contact: Contact?
    package var worker: WorkerID
    /// Which lease this is. Each one that is taken has a higher number; what is written with a number that isn't the
    /// key's present one is refused with ``StoreFailure/Kind/leaseLost``.
    package var fence: Int64
    /// The row of the attempt that was started.
    package var attempt: Int64
    package var startedAt: Date
    /// By the ``BootClock``.
    package var leasedUntil: Duration
    /// When the latest attempt in doubt of the piece it has reached was broken off; `nil`: none was.
    package var doubtEndedAt: Date?
    /// The account that its conversation is in, for a reply or a note; `nil` if that isn't known. It is another than the
    /// installation's if that has moved since.
    package var conversationAccount: HelpdeskAccountID?

    package init(
        delivery: Delivery, contact: Contact?, worker: WorkerID, fence: Int64, attempt: Int64, startedAt: Date,
        leasedUntil: Duration, doubtEndedAt: Date? = nil, conversationAccount: HelpdeskAccountID? = nil
    ) {
        self.conversationAccount = conversationAccount
        self.delivery = delivery
        self.contact = contact
        self.worker = worker
        self.fence = fence
        self.attempt = attempt
        self.startedAt = startedAt
        self.leasedUntil = leasedUntil
        self.doubtEndedAt = doubtEndedAt
    }

    package var doubt: Doubt? { delivery.doubtSince.map { Doubt(since: $0, endedAt: doubtEndedAt ?? $0) } }
}
