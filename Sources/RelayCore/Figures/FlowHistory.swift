package import FoundationEssentials

/// What the counters of one flow said when a minute began. The difference of two is what happened between them.
package struct MinuteMark: Hashable, Sendable {
    /// Whole minutes since 1970.
    package var minute: Int64
    package var accepted: Int64
    package var delivered: Int64
    package var dead: Int64
    /// How many waited at that moment.
    package var waiting: Int64
    /// How long all deliveries until then took.
    package var latency: Histogram

    package init(
        minute: Int64, accepted: Int64 = 0, delivered: Int64 = 0, dead: Int64 = 0, waiting: Int64 = 0,
        latency: Histogram = Histogram(.delivery)
    ) {
        self.minute = minute
        self.accepted = accepted
        self.delivered = delivered
        self.dead = dead
        self.waiting = waiting
        self.latency = latency
    }

    /// What the figures say of a flow now.
    package init(_ metrics: StoreMetrics, _ flow: Flow, minute: Int64) {
        let counters = metrics.counters[flow] ?? [:]
        self.init(
            minute: minute, accepted: counters[.accepted] ?? 0, delivered: counters[.delivered] ?? 0,
            dead: counters[.dead] ?? 0, waiting: metrics.outbox[flow]?.waiting ?? 0,
            latency: metrics.histograms[.delivery]?[flow] ?? Histogram(.delivery))
    }

    /// The minute that an instant lies in.
    package static func minute(of date: Date) -> Int64 {
        Int64((min(max(date.timeIntervalSince1970, -1e15), 1e15) / 60).rounded(.down))
    }
}

/// The last hour of one flow, minute by minute.
package struct FlowHistory: Hashable, Sendable {
    /// So many marks are kept of each flow: an hour, the present minute, and some to spare for workers that are late.
    package static let capacity: Int64 = 64
    package static let minutes = 60

    /// What came in during each minute, the present one last; `nil`: nobody was there to note it.
    package private(set) var accepted: [Int64?]
    /// What was delivered during each.
    package private(set) var delivered: [Int64?]
    /// What was given up on during each.
    package private(set) var dead: [Int64?]
    /// What waited at the beginning of each.
    package private(set) var waiting: [Int64?]
    /// How long the deliveries took that were made within what is known of the hour.
    package private(set) var latency: Histogram

    /// - Parameters:
    ///   - marks: in any order; those from the future, of a clock that was ahead, are left out.
    ///   - present: what the counters say now.
    package init(_ marks: [MinuteMark], present: MinuteMark) {
        let first = present.minute - Int64(Self.minutes) + 1
        let known = Dictionary(marks.map { ($0.minute, $0) }, uniquingKeysWith: { _, last in last })
        func mark(_ minute: Int64) -> MinuteMark? {
            minute > present.minute ? present : known[minute]
        }
        func change(_ minute: Int64, _ key: KeyPath<MinuteMark, Int64>) -> Int64? {
            guard let begin = mark(minute), let end = mark(minute + 1) else { return nil }
            // Counters go back when a backup was put in place.
            return max(0, end[keyPath: key] - begin[keyPath: key])
        }
        let hour = first...present.minute
        accepted = hour.map { change($0, \.accepted) }
        delivered = hour.map { change($0, \.delivered) }
        dead = hour.map { change($0, \.dead) }
        waiting = hour.map { known[$0]?.waiting }
        let oldest = hour.lazy.compactMap { known[$0] }.first
        latency = oldest.map { present.latency.since($0.latency) } ?? Histogram(.delivery)
    }
}

extension Histogram {
    /// What was recorded after another one was taken of the same.
    package func since(_ earlier: Histogram) -> Histogram {
        var rest = Histogram(kind)
        for (now, before) in zip(counts, earlier.counts) where now.count > before.count {
            rest.add(now.count - before.count, upTo: now.bound)
        }
        rest.sum = max(0, sum - earlier.sum)
        return rest
    }

    /// The upper bound in microseconds of the bucket that this share of all falls into, such as 0.99; `Int64.max` when
    /// that bucket has none; `nil`: there is nothing.
    package func bound(ofShare share: Double) -> Int64? {
        let all = count
        guard all > 0 else { return nil }
        let wanted = max(1, Int64((Double(all) * min(max(share, 0), 1)).rounded(.up)))
        var seen: Int64 = 0
        for (bound, count) in counts {
            seen += count
            if seen >= wanted { return bound }
        }
        return Int64.max
    }
}
