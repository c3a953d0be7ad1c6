import RelayCore

/// The last hour of one direction.
struct FlowFigures: Sendable {
    struct Span: Sendable {
        var minutes: String
        var came: String
        var went: String
        var lost: String
    }

    /// A chart of the messages that waited, where any did.
    struct Queue: Sendable {
        var chart: String
        var ceiling: String
    }

    var label: String
    var total: String
    var now: String
    var quick: String
    var slow: String
    /// As SVG.
    var chart: String
    var ceiling: String
    var queue: [Queue]
    var spans: [Span]

    private static func sum(_ counts: [Int64]) -> Int64 {
        counts.reduce(Int64(0)) { sum, count in
            let (result, overflow) = sum.addingReportingOverflow(count)
            return overflow ? .max : result
        }
    }

    /// Minutes in one row of the table.
    private static let step = 10

    init(_ history: FlowHistory, _ direction: Direction, id: String, name: String, _ texts: OverviewTexts) {
        let known = history.accepted.compactMap(\.self)
        let sum = Self.sum(known)
        label = texts.flow(direction)
        total = sum.grouped
        // The present minute has only begun: the one before it says how much a minute brings.
        now = history.accepted.dropLast().last?.map { $0.grouped } ?? texts.none
        quick = texts.percentile(history.latency.percentile(0.5))
        slow = texts.percentile(history.latency.percentile(0.99))
        let chart = BarChart(
            values: history.accepted,
            title: texts.chart(
                direction, name: name, total: sum, highest: known.max() ?? 0,
                isComplete: known.count == history.accepted.count), id: "chart-\(id)")
        self.chart = chart.svg
        ceiling = chart.ceiling.grouped
        let most = history.waiting.compactMap(\.self).max() ?? 0
        let line = BarChart(
            values: history.waiting, title: texts.queue(direction, name: name, most: most), id: "queue-\(id)")
        queue = most > 0 ? [Queue(chart: line.svg, ceiling: line.ceiling.grouped)] : []
        spans = stride(from: 0, to: FlowHistory.minutes, by: Self.step).map { first in
            func text(_ values: [Int64?]) -> String {
                let part = values[first..<(first + Self.step)].compactMap(\.self)
                return part.isEmpty ? texts.unknown : Self.sum(part).grouped
            }
            return Span(
                minutes: texts.span(FlowHistory.minutes - first, FlowHistory.minutes - first - Self.step),
                came: text(history.accepted), went: text(history.delivered), lost: text(history.dead))
        }
    }
}
