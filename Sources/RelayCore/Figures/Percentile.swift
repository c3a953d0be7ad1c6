/// How long a share of all took at most, as far as a histogram can tell.
package enum Percentile: Hashable, Sendable {
    /// About so many microseconds, interpolated inside a bucket that holds enough.
    case about(Int64)
    /// So many microseconds or fewer, because the bucket holds too few for more than its upper bound.
    case atMost(Int64)
    /// More than so many microseconds: longer than the last bucket's lower bound.
    case moreThan(Int64)
}

extension Histogram {
    /// From so many in a bucket on the place inside the bucket is worth telling.
    package static let enoughToInterpolate: Int64 = 10

    /// How long this share of all took at most, such as 0.99; `nil` if nothing was recorded.
    ///
    /// | in the bucket of 1,000 to 2,500 µs | share 0.5 |
    /// |---|---|
    /// | 1 | at most 2,500 µs |
    /// | 9 | at most 2,500 µs |
    /// | 10 | about 1,750 µs |
    package func percentile(_ share: Double) -> Percentile? {
        let all = count
        guard all > 0 else { return nil }
        let wanted = max(1, Int64((Double(all) * min(max(share, 0), 1)).rounded(.up)))
        var seen: Int64 = 0
        var lower: Int64 = 0
        for (bound, count) in counts {
            if count > 0, seen + count >= wanted {
                if bound == .max { return .moreThan(lower) }
                guard count >= Self.enoughToInterpolate else { return .atMost(bound) }
                let part = Double(wanted - seen) / Double(count)
                return .about(lower + Int64((Double(bound - lower) * part).rounded()))
            }
            seen += count
            lower = bound
        }
        return nil
    }
}
