import Foundation
import Glibc
import RelayCore

/// The output of the commands: text for a terminal, JSON for a pipe.
enum Terminal {
    /// Prints a value for scripts: one JSON object or array, keys sorted.
    static func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        Swift.print(PrintableJSON(Array(try encoder.encode(value))).text)
    }

    /// Prints lines of ours. Make foreign words ``Swift/String/printableOnOneLine`` first where they must stay within
    /// their line.
    static func print(_ text: String) { Swift.print(text.printable) }

    /// Prints rows under a heading, the columns as wide as they need to be.
    static func printTable(_ heading: [String], _ rows: [[String]]) {
        let all = ([heading] + rows).map { $0.map(\.printableOnOneLine) }
        let widths = heading.indices.map { column in all.map { $0[column].columns }.max() ?? 0 }
        for row in all {
            let cells = zip(row, widths).map { $0.padded(to: $1) }
            Swift.print(cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces))
        }
    }

    /// Shows something that isn't part of the command's result.
    static func note(_ text: String) {
        FileHandle.standardError.write(Data((text.printable + "\n").utf8))
    }

    static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// Asks for a line. A secret is not shown while it is typed.
    ///
    /// - Returns: `nil` at the end of input.
    static func ask(_ question: String, isSecret: Bool = false) -> String? {
        FileHandle.standardError.write(Data((question.printableOnOneLine + ": ").utf8))
        guard isSecret else { return readLine() }
        var saved = termios()
        let hasTerminal = tcgetattr(STDIN_FILENO, &saved) == 0
        if hasTerminal {
            var silent = saved
            silent.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        }
        defer {
            if hasTerminal {
                tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved)
                note("")
            }
        }
        return readLine()
    }

    /// Asks for a decision; anything but "y" or "yes" is a no.
    static func confirms(_ question: String) -> Bool {
        ["y", "yes"].contains(ask("\(question) [y/N]")?.trimmingWhiteSpace().lowercased())
    }

    /// A number with its noun: "1 delivery", "2 deliveries".
    static func count(_ number: Int, _ one: String, _ many: String) -> String {
        "\(number) \(number == 1 ? one : many)"
    }

    /// A time, in UTC.
    static func text(_ date: Date) -> String { date.formatted(.iso8601) }

    /// The time of day here, to the millisecond.
    static func clock(_ date: Date) -> String {
        var seconds = time_t(date.timeIntervalSince1970.rounded(.down))
        var parts = tm()
        localtime_r(&seconds, &parts)
        let milliseconds = Int((date.timeIntervalSince1970 - Double(seconds)) * 1000)
        return String(format: "%02d:%02d:%02d.%03d", parts.tm_hour, parts.tm_min, parts.tm_sec, milliseconds)
    }

    /// How long ago, or how long until, in the largest unit that fits.
    static func age(_ date: Date, now: Date = Date()) -> String {
        let seconds = Int(clamping: abs(now.timeIntervalSince(date)))
        switch seconds {
        case ..<120: return "\(seconds) s"
        case ..<7200: return "\(seconds / 60) min"
        case ..<172_800: return "\(seconds / 3600) h"
        default: return "\(seconds / 86_400) days"
        }
    }
}
