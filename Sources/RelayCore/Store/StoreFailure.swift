/// The store refused.
package struct StoreFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        /// No space, an I/O error, read-only, locked by somebody else: the sender is to try again.
        case unavailable
        /// The files that are open aren't those in the data folder any more: what is written is lost when the process ends.
        /// The sender is to try again.
        case gone
        /// The lease isn't this worker's any more: what it did is somebody else's to judge.
        case leaseLost
        /// There is no such row.
        case notFound
        /// It is there already.
        case conflict
        /// The file is damaged, or from a newer version.
        case damaged
        /// The key that the secrets were encrypted with is another one.
        case wrongKey
    }

    package var kind: Kind
    /// What was wrong and what to do about it, for the operator.
    package var message: String
    /// Whether another process holds the store's lock, so that waiting helps.
    package var isLocked: Bool

    package init(_ kind: Kind, _ message: String, isLocked: Bool = false) {
        self.kind = kind
        self.message = message
        self.isLocked = isLocked
    }

    package var description: String { message }
}
