/// The wait before the next attempt: exponential with full jitter, so that what failed together doesn't come back
/// together.
///
/// The longest wait after each failed attempt; the wait itself is drawn evenly between 0 and it:
///
/// | failed attempts | at most |
/// |---|---|
/// | 1 | 1 s |
/// | 2 | 2 s |
/// | 3 | 4 s |
/// | 4 | 8 s |
/// | 5 | 16 s |
/// | 6 | 32 s |
/// | 7 | 1 min 4 s |
/// | 8 | 2 min 8 s |
/// | 9 | 4 min 16 s |
/// | 10 | 8 min 32 s |
/// | 11 | 17 min 4 s |
/// | 12 and more | 30 min |
package struct Backoff: Hashable, Sendable {
    package var first: Duration = .seconds(1)
    package var limit: Duration = .seconds(30 * 60)

    package init() {}

    /// - Parameter failures: how many attempts have failed, at least 1.
    package func longest(after failures: Int) -> Duration {
        min(limit, first * (1 << min(max(failures, 1) - 1, 20)))
    }

    /// - Parameter random: gives a number of the range, evenly.
    package func wait(after failures: Int, random: (ClosedRange<Double>) -> Double) -> Duration {
        .seconds(random(0...longest(after: failures).seconds))
    }
}
