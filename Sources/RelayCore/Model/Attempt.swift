package import FoundationEssentials

/// One try to send a piece of a delivery, as it is kept. A claim that sent nothing is none: a look that was too early, a
/// reply that is held, a delivery with nothing left to send.
package struct Attempt: Hashable, Sendable {
    package enum Outcome: String, Codable, Sendable {
        case delivered
        /// Certainly not applied.
        case failed
        /// Perhaps applied: time-out after sending, or the worker died.
        case inDoubt = "in_doubt"
    }

    package var delivery: DeliveryID
    /// The piece it was made for, from 0.
    package var piece: Int
    /// Which one it is of those made for its piece, from 1, as far as they are still kept.
    package var number: Int
    package var worker: WorkerID
    package var startedAt: Date
    package var finishedAt: Date?
    /// `nil` while it is under way.
    package var outcome: Outcome?
    package var detail: String

    package init(
        delivery: DeliveryID, piece: Int, number: Int = 1, worker: WorkerID, startedAt: Date, finishedAt: Date?,
        outcome: Outcome?, detail: String
    ) {
        self.delivery = delivery
        self.piece = piece
        self.number = number
        self.worker = worker
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.outcome = outcome
        self.detail = detail
    }

    /// Gives each attempt of a delivery its number.
    ///
    /// - Parameter attempts: of one delivery, the oldest first.
    package static func numbered(_ attempts: [Attempt]) -> [Attempt] {
        var counts: [Int: Int] = [:]
        return attempts.map { attempt in
            var attempt = attempt
            counts[attempt.piece, default: 0] += 1
            attempt.number = counts[attempt.piece] ?? 1
            return attempt
        }
    }
}
