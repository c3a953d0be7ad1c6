extension FixedWidthInteger {
    /// The whole part of a number, moved to the nearest integer that fits; 0 for what is no number.
    ///
    /// Swift's own conversion traps on those. A number that comes from outside, or from a row that may be damaged, is
    /// converted by this one.
    package init(clamping number: Double) {
        if number.isNaN {
            self = 0
        } else if let exact = Self(exactly: number.rounded(.towardZero)) {
            self = exact
        } else {
            self = number < 0 ? .min : .max
        }
    }
}
