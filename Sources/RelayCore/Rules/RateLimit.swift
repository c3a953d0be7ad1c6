package import FoundationEssentials
package import HTTPTypes

/// What `X-RateLimit-…` headers say, in every spelling and meaning that was seen (freshchat.md §1.4). No standard names them,
/// but many APIs send them.
extension HTTPFields {
    /// How long a 429 asks us to wait, in seconds: `Retry-After`, else the limit's reset, else one second; never more
    /// than five minutes (freshchat.md §8 Q8).
    package func rateLimitWait(now: Date) -> Double {
        let fallback = 1.0
        let wait = retryAfter(now: now).map { $0 / .seconds(1) } ?? rateLimitReset(now: now)
        guard let wait, wait > 0 else { return fallback }
        return Swift.min(wait, Self.longestRateLimitWait)
    }

    /// Until when nothing is to be asked any more, as an answer says that was the last one of its window.
    ///
    /// - Returns: `nil` while some are left, and for an answer that doesn't tell.
    package func rateLimitPause(now: Date) -> Date? {
        guard let remaining = number("X-RateLimit-Remaining") ?? number("X-RateLimitRemaining"), remaining < 1,
            let wait = rateLimitReset(now: now), wait > 0
        else { return nil }
        return now.addingTimeInterval(Swift.min(wait, Self.longestRateLimitWait))
    }

    private static let longestRateLimitWait = 300.0

    /// Seconds until the limit's window begins again.
    private func rateLimitReset(now: Date) -> Double? {
        guard let value = number("X-RateLimit-Reset") ?? number("X-RateLimitReset") else { return nil }
        // Sources differ on its meaning, so its size tells: milliseconds or seconds since 1970, else seconds from now.
        if value > 1e12 { return value / 1000 - now.timeIntervalSince1970 }
        return value > 1e9 ? value - now.timeIntervalSince1970 : value
    }

    private func number(_ name: String) -> Double? {
        guard let text = HTTPField.Name(name).flatMap({ self[$0] }), let value = Double(text.trimmingWhiteSpace()),
            value.isFinite
        else { return nil }
        return value
    }
}
