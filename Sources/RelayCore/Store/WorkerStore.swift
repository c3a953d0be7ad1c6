package import FoundationEssentials

/// What is known of the workers themselves. Who lives is told by kernel locks, not by heartbeats.
package protocol WorkerStore: Sendable {
    /// Makes this process known, with a lock held until it ends.
    func enlist(now: Date) async throws(StoreFailure) -> WorkerID

    /// Frees the leases of workers that have ended without saying so, and of leases that ran out: their attempts under
    /// way are in doubt.
    ///
    /// - Returns: how many leases were freed.
    func reap(now: Date) async throws(StoreFailure) -> Int

    /// Moves what waits along with the wall clock when that was set. To be called often, with the present time.
    ///
    /// - Returns: how far the clock was set, backwards below zero; `nil`: it wasn't.
    func noticeClock(now: Date) async throws(StoreFailure) -> Duration?

    /// Says goodbye: frees what the worker still holds and lets go of its lock.
    func retire(_ worker: WorkerID, now: Date) async throws(StoreFailure)
}
