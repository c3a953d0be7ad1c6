import FoundationEssentials

/// A row of bars, one for each minute, as SVG that stands in the page.
///
/// It has a title for those who can't see it and no text inside, so that it may be stretched to any width; what the
/// heights mean is said beside it. Where nobody noted anything, a pale band stands instead of a bar.
struct BarChart: Sendable {
    /// The value of each minute, the present one last; `nil` if unknown.
    var values: [Int64?]
    /// Its content in a sentence.
    var title: String
    /// Names it on the page.
    var id: String

    private static let barWidth = 10
    private static let height = 64.0

    /// The value of the full height: 5 at least, so that a single message is no alarm, else the next of 1, 2 or 5 times
    /// a power of ten.
    var ceiling: Int64 {
        let highest = values.compactMap(\.self).max() ?? 0
        var step: Int64 = 5
        // 5, 10, 20, 50, 100, …: each is twice or two and a half times the one before.
        while step < highest {
            let leading = Self.leadingDigit(step)
            let (next, overflow) =
                leading == 2
                ? (step / 2).multipliedReportingOverflow(by: 5) : step.multipliedReportingOverflow(by: 2)
            guard !overflow else { return .max }
            step = next
        }
        return step
    }

    var svg: String {
        let width = max(1, values.count) * Self.barWidth
        let top = Double(ceiling)
        var shapes = ""
        for (index, value) in values.enumerated() {
            let x = index * Self.barWidth + 1
            guard let value else {
                shapes += """
                    <rect class="unknown" x="\(index * Self.barWidth)" y="0" width="\(Self.barWidth)" \
                    height="\(Int(Self.height))"/>
                    """
                continue
            }
            guard value > 0 else { continue }
            // What is there at all is seen.
            let height = min(max(2, Double(value) / top * Self.height), Self.height)
            shapes += """
                <rect x="\(x)" y="\(Self.text(Self.height - height))" width="\(Self.barWidth - 2)" \
                height="\(Self.text(height))"/>
                """
        }
        let label = "\(id)-title"
        return """
            <svg class="chart" viewBox="0 0 \(width) \(Int(Self.height))" preserveAspectRatio="none" role="img" \
            aria-labelledby="\(label.escapedForMarkup)"><title id="\(label.escapedForMarkup)">\
            \(title.escapedForMarkup)</title>\(shapes)</svg>
            """
    }

    private static func leadingDigit(_ number: Int64) -> Int64 {
        var number = number
        while number >= 10 { number /= 10 }
        return number
    }

    /// With one digit behind the point, and without it where that is 0.
    private static func text(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return tenths.isMultiple(of: 10) ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}

extension String {
    /// For an attribute or between tags.
    var escapedForMarkup: String {
        replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
    }
}
