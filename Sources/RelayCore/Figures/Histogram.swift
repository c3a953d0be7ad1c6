/// How long something took, sorted into buckets.
package struct Histogram: Hashable, Sendable {
    /// What is measured. The raw value is the name under which the store keeps it.
    package enum Kind: String, Sendable, CaseIterable {
        /// From the acceptance of a delivery to the far side's yes.
        case delivery
        /// From a webhook's coming to its answer, the commit included.
        case acknowledgement

        /// The upper bounds of the buckets in microseconds; one more bucket takes what is longer.
        package var bounds: [Int64] {
            switch self {
            case .delivery:
                [
                    10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
                    30_000_000, 60_000_000, 300_000_000, 1_800_000_000, 7_200_000_000, 28_800_000_000, 86_400_000_000,
                ]
            case .acknowledgement:
                [
                    500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
                    5_000_000,
                ]
            }
        }

        /// The bucket that this many microseconds fall into.
        package func bucket(of microseconds: Int64) -> Int {
            bounds.firstIndex { microseconds <= $0 } ?? bounds.count
        }
    }

    package let kind: Kind
    /// How many fell into each bucket, those of the buckets before it not counted.
    package private(set) var buckets: [Int64]
    /// All of them together, in microseconds.
    package var sum: Int64 = 0

    package init(_ kind: Kind) {
        self.kind = kind
        buckets = Array(repeating: 0, count: kind.bounds.count + 1)
    }

    package var count: Int64 { buckets.reduce(0, +) }

    /// Adds one that took so long; a clock that went back counts as no time at all.
    package mutating func record(microseconds: Int64) {
        let time = max(0, microseconds)
        buckets[kind.bucket(of: time)] += 1
        sum += time
    }

    /// Adds so many to the bucket with this upper bound, or, when there is none with it any more, to the next one above.
    package mutating func add(_ count: Int64, upTo bound: Int64) {
        buckets[kind.bucket(of: bound)] += count
    }

    package mutating func add(_ other: Histogram) {
        for (index, count) in other.buckets.enumerated() where index < buckets.count { buckets[index] += count }
        sum += other.sum
    }

    /// What each bucket holds, by its upper bound; the last one's is the greatest number there is.
    package var counts: [(bound: Int64, count: Int64)] {
        Array(zip(kind.bounds + [Int64.max], buckets)).map { (bound: $0, count: $1) }
    }
}

extension Duration {
    /// Whole microseconds, rounded down.
    package var microseconds: Int64 {
        let parts = components
        return parts.seconds * 1_000_000 + parts.attoseconds / 1_000_000_000_000
    }
}
