package import FoundationEssentials

/// Notices that one side of an installation fails for everyone, and then lets one delivery at a time find out whether it is
/// well again. Without it an outage of an hour is thousands of attempts that fail, and each of them counts.
///
/// It opens when ``threshold`` attempts in a row have failed, each of another ordering key than the one before: a single
/// conversation that always fails says nothing about the others. While it is open the side is left alone, and then one
/// delivery is tried; its failure opens it again for longer, any success closes it.
///
/// | opened in a row | left alone for |
/// |---|---|
/// | 1 | 1 s |
/// | 2 | 2 s |
/// | 3 | 4 s |
/// | 4 | 8 s |
/// | 5 | 16 s |
/// | 6 and more | 30 s |
package struct Breaker: Hashable, Sendable {
    /// Failures in a row that open it.
    package static let threshold = 5
    /// The longest rest between two probes.
    package static let longestRest: Duration = .seconds(30)

    /// Failures in a row.
    package var failures: Int
    /// Whose the last of them was.
    package var lastKey: OrderingKey?
    /// Times that it opened since it was last closed.
    package var openings: Int
    /// When it last opened; `nil`: it is closed.
    package var openedAt: Date?

    package init(failures: Int = 0, lastKey: OrderingKey? = nil, openings: Int = 0, openedAt: Date? = nil) {
        self.failures = failures
        self.lastKey = lastKey
        self.openings = openings
        self.openedAt = openedAt
    }

    /// Whether only one delivery at a time may be tried.
    package var isOpen: Bool { openedAt != nil }

    /// An attempt has failed for a reason that may concern everyone.
    ///
    /// - Parameter startedAt: of the attempt. What was under way when it opened tells nothing new.
    /// - Returns: for how long the side is to be left alone; `nil` when it isn't.
    package mutating func fail(_ key: OrderingKey, startedAt: Date, now: Date) -> Duration? {
        if let openedAt {
            guard startedAt >= openedAt else { return nil }
        } else {
            guard key != lastKey else { return nil }
            failures += 1
            lastKey = key
            guard failures >= Self.threshold else { return nil }
        }
        openings += 1
        openedAt = now
        return Self.rest(after: openings)
    }

    /// - Parameter openings: at least 1.
    static func rest(after openings: Int) -> Duration {
        min(longestRest, .seconds(1) * (1 << min(max(openings, 1) - 1, 10)))
    }
}

/// A breaker that is open, for operators and alarms.
package struct OpenBreaker: Hashable, Sendable {
    package var installation: InstallationID
    package var side: Side
    package var openedAt: Date
    /// Probes that have failed, and the failures that opened it.
    package var openings: Int

    package init(installation: InstallationID, side: Side, openedAt: Date, openings: Int) {
        self.installation = installation
        self.side = side
        self.openedAt = openedAt
        self.openings = openings
    }
}

extension DeliveryFailure {
    /// Whose gate and breaker it concerns.
    package func side(of delivery: Delivery) -> Side { side ?? delivery.direction.side }

    /// Whether it says something about the far side, and not only about this message.
    package var mayConcernEveryone: Bool {
        if case .retry = remedy { true } else { false }
    }

    /// Whether the far side has shown that it works: it looked at this message and didn't want it.
    package var showsThatSideWorks: Bool { remedy == .giveUp && isCertain }
}
