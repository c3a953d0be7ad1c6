import HTTPTypes

/// An account-wide token bucket and the headers that tell of it (freshchat.md §1.4).
struct FreshchatRateLimit: Sendable {
    private var tokens = 0.0
    private var refilled = Timestamp(milliseconds: 0)

    /// Takes one call; false when the minute's calls are used up.
    mutating func take(perMinute limit: Int, now: Timestamp) -> Bool {
        guard limit > 0 else { return true }
        let elapsed = Double(now.milliseconds - refilled.milliseconds)
        tokens = min(Double(limit), tokens + max(0, elapsed) * Double(limit) / 60_000)
        refilled = now
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }

    /// Whole seconds until the next call is possible.
    func secondsToWait(perMinute limit: Int) -> Int {
        guard limit > 0, tokens < 1 else { return 0 }
        return max(1, Int(((1 - tokens) * 60 / Double(limit)).rounded(.up)))
    }

    /// The three headers, in the spelling and meaning of the knobs.
    func headers(_ knobs: FreshchatKnobs, now: Timestamp) -> [(String, String)] {
        let limit = knobs.rateLimitPerMinute > 0 ? knobs.rateLimitPerMinute : 10_000
        let remaining = knobs.rateLimitPerMinute > 0 ? max(0, Int(tokens)) : limit - 1
        let wait = max(1, secondsToWait(perMinute: knobs.rateLimitPerMinute))
        return [
            ("X-RateLimit-Limit", String(limit)), ("X-RateLimit-Remaining", String(remaining)),
            Self.reset(inSeconds: wait, knobs, now: now),
        ]
    }

    static func reset(inSeconds wait: Int, _ knobs: FreshchatKnobs, now: Timestamp) -> (String, String) {
        let value: Int64 =
            switch knobs.resetMeaning {
            case .secondsToWait: Int64(wait)
            case .epochSeconds: now.milliseconds / 1000 + Int64(wait)
            case .epochMilliseconds: now.milliseconds + Int64(wait) * 1000
            }
        return (knobs.omitsResetDash ? "X-RateLimitReset" : "X-RateLimit-Reset", String(value))
    }
}

extension HTTPFields {
    /// Adds fields by name; a name that is no header name is left out.
    mutating func add(_ fields: [(String, String)]) {
        for (name, value) in fields {
            guard let name = HTTPField.Name(name) else { continue }
            self[name] = value
        }
    }
}
