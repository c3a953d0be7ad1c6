import FoundationEssentials

extension Date {
    /// Milliseconds since 1970, rounded; instants outside of what fits are moved to the nearest that does.
    var milliseconds: Int64 {
        let value = (timeIntervalSince1970 * 1000).rounded()
        // A day's worth of milliseconds below the limits, so that adding a lease or a wait can't overflow.
        let bound = 9.0e18
        return value.isNaN ? 0 : Int64(min(max(value, -bound), bound))
    }

    init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }
}

extension Duration {
    /// Whole milliseconds, rounded up, at most a century.
    var milliseconds: Int64 {
        let limit: Duration = .seconds(100 * 366 * 86_400)
        let parts = min(max(self, .zero), limit).components
        return parts.seconds * 1000 + (parts.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }

    /// For the interfaces that take seconds as a floating-point number.
    var seconds: Double { Double(milliseconds) / 1000 }
}
