import Foundation
import RelayCore

/// Encodes a step for its way to `byoc tail`, and shows it.
enum TailLine {
    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    static func encode(_ step: TraceStep) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(date.formatted(style))
        }
        return Array(try encoder.encode(step))
    }

    static func decode(_ bytes: [UInt8]) throws -> TraceStep {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            try Date(try decoder.singleValueContainer().decode(String.self), strategy: style)
        }
        return try decoder.decode(TraceStep.self, from: Data(bytes))
    }

    /// The steps whose line shows the message's text: not every call again.
    private static let withText: Set<TraceStep.Kind> = [.verified, .claimed, .delivered, .dead, .held, .note]

    /// The width of the column with the step's name.
    private static let stepWidth = TraceStep.Kind.allCases.map { $0.rawValue.count }.max() ?? 0

    /// One line for a person: time, direction, installation, step, duration, delivery, and the rest in words.
    static func text(_ step: TraceStep, showsText: Bool, isColoured: Bool) -> String {
        let arrow = step.direction.map { $0 == .inbound ? "→" : "←" } ?? "·"
        let name = step.step.rawValue.replacing("_", with: " ")
        let time = step.ms.map { $0 < 10 ? String(format: "%.1f ms", $0) : "\(Int(clamping: $0.rounded())) ms" } ?? ""
        let delivery = step.delivery.map { "#\($0)" } ?? (step.deliveries.map(list) ?? "")
        var words = [step.event, step.name ?? step.contact].compactMap(\.self)
        if let status = step.status { words.append("HTTP \(status)") }
        if let outcome = step.outcome, step.detail == nil { words.append(outcome) }
        if let attempt = step.attempt, attempt > 1 { words.append("attempt \(attempt)") }
        if let detail = step.detail { words.append(detail) }
        if showsText, Self.withText.contains(step.step), let text = step.text {
            words.append("“" + text.split(whereSeparator: \.isNewline).joined(separator: " ") + "”")
        }
        let day = Terminal.clock(step.at)
        let columns = [
            dim(day, isColoured), arrow,
            (step.installation ?? "worker \(step.worker)").printableOnOneLine.padded(to: 14),
            colour(name.padded(to: stepWidth), of: step.step, isColoured), time.padded(to: 8, fromLeft: true),
            delivery.padded(to: 5), words.map(\.printableOnOneLine).joined(separator: " · "),
        ]
        return columns.joined(separator: "  ").trimmingCharacters(in: .whitespaces)
    }

    private static func list(_ deliveries: [Int64]) -> String { deliveries.map { "#\($0)" }.joined(separator: " ") }

    private static func dim(_ text: String, _ isColoured: Bool) -> String {
        isColoured ? "\u{1B}[2m\(text)\u{1B}[0m" : text
    }

    private static func colour(_ text: String, of step: TraceStep.Kind, _ isColoured: Bool) -> String {
        guard isColoured else { return text }
        let code =
            switch step {
            case .delivered, .committed, .found, .started: "32"
            case .retrying, .inDoubt, .held, .note, .recovered: "33"
            case .refused, .dead, .paused, .discarded: "31"
            case .received, .verified: "36"
            case .claimed, .sending, .answered, .ignored, .profile, .stopped: "2"
            }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}
