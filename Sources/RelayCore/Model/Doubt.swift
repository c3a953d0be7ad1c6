package import FoundationEssentials

/// An earlier attempt at the same piece has an unknown outcome.
package struct Doubt: Hashable, Codable, Sendable {
    /// When the earliest such attempt began, by our clock.
    package var since: Date
    /// When the latest was broken off, or its worker found dead.
    package var endedAt: Date

    package init(since: Date, endedAt: Date) {
        self.since = since
        self.endedAt = endedAt
    }

    /// From when on what can't be found was not applied.
    ///
    /// A request outlives the process that sent it: the kernel still sends it, and the service may be slow.
    /// Before this instant "not there" means "perhaps not yet". It gets a quarter more than the time that it had taken,
    /// but no less than 3 s and no more than 30 s.
    package var settledAt: Date {
        let taken = endedAt.timeIntervalSince(since)
        return endedAt.addingTimeInterval(min(max(taken * 1.25, 3), 30))
    }
}
