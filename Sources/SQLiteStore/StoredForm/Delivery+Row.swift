import FoundationEssentials
import GRDB
import RelayCore

extension Delivery {
    /// The columns that ``init(_:)`` reads, in its order.
    static let columns = """
        id, installation, direction, ordering_key, contact, payload, state, progress, attempts, accepted_at,
        next_attempt_at, finished_at, doubt_since, reason, detail, is_late, source, cause
        """

    init(_ row: some Columns) throws {
        self.init(
            id: DeliveryID(rawValue: try row.integer(0)), installation: try row.id(1), direction: try row.word(2),
            orderingKey: try row.id(3), contact: try row.integerIfAny(4).map(ContactID.init(rawValue:)),
            payload: Payload(stored: try? row.blobIfAny(5)), state: try row.word(6), progress: try row.int(7),
            attempts: try row.int(8), acceptedAt: try row.date(9), nextAttemptAt: try row.date(10),
            finishedAt: try row.dateIfAny(11), doubtSince: try row.dateIfAny(12), reason: try row.text(13),
            detail: try row.text(14), isLate: try row.flag(15),
            // A word that only a newer version knows says as much as none.
            source: try row.textIfAny(16).flatMap(ReplySource.init(rawValue:)),
            cause: try row.textIfAny(17).flatMap(DeadLetterCause.init(rawValue:)))
    }
}

extension Payload {
    /// - Returns: `nil` for what can't be read, by this version at least.
    init?(stored: Data?) {
        guard let stored, let payload = Payload(json: stored) ?? (try? JSONDecoder().decode(Payload.self, from: stored))
        else { return nil }
        self = payload
    }

    /// The form in which it is stored.
    func stored() throws(StoreFailure) -> Data {
        if let json = json() { return Data(json) }
        // The encoder says what it is that can't be written.
        do {
            return try JSONEncoder().encode(self)
        } catch {
            throw StoreFailure(.conflict, "a message can't be stored: \(error)")
        }
    }
}
