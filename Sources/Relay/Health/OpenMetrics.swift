/// The OpenMetrics text format, version 1.0.0: https://prometheus.io/docs/specs/om/open_metrics_spec/
package enum OpenMetrics {
    package static let contentType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

    /// What is told under one name.
    package struct Family: Hashable, Sendable {
        package enum Kind: String, Sendable { case counter, gauge, histogram }

        /// Without the suffixes of its kind; with a unit, that is its last word.
        package var name: String
        package var kind: Kind
        package var unit: String?
        package var help: String
        package var samples: [Sample]

        package init(_ name: String, _ kind: Kind, unit: String? = nil, help: String, samples: [Sample] = []) {
            self.name = name
            self.kind = kind
            self.unit = unit
            self.help = help
            self.samples = samples
        }
    }

    /// One line.
    package struct Sample: Hashable, Sendable {
        /// What stands behind the family's name, such as `_total`.
        package var suffix: String
        package var labels: [Label]
        package var value: String

        package init(_ suffix: String = "", _ labels: [Label], _ value: String) {
            self.suffix = suffix
            self.labels = labels
            self.value = value
        }
    }

    package struct Label: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Families without samples are left out.
    package static func text(of families: [Family]) -> String {
        var text = ""
        for family in families where !family.samples.isEmpty {
            text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
            if let unit = family.unit { text += "# UNIT \(family.name) \(unit)\n" }
            text += "# HELP \(family.name) \(escaped(family.help))\n"
            for sample in family.samples {
                let labels = sample.labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
                text += family.name + sample.suffix + (labels.isEmpty ? "" : "{\(labels)}") + " \(sample.value)\n"
            }
        }
        return text + "# EOF\n"
    }

    /// A whole number of millionths as a decimal number, exactly.
    static func decimal(millionths: Int64) -> String {
        let (whole, rest) = millionths.quotientAndRemainder(dividingBy: 1_000_000)
        guard rest != 0 else { return "\(whole).0" }
        var digits = String(rest.magnitude)
        digits = String(repeating: "0", count: 6 - digits.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(millionths < 0 && whole == 0 ? "-" : "")\(whole).\(digits)"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n").replacing("\"", with: "\\\"")
    }
}
