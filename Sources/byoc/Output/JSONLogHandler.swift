import Foundation
import Logging

/// Logs one JSON object per line, for log collectors.
struct JSONLogHandler: LogHandler {
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]
    let label: String
    /// Where the lines go.
    var descriptor = STDERR_FILENO

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let line = line(of: event, at: UTCTime.now)
        // One write a line, so that the lines of several workers don't run into each other. A log that can't be written has
        // nowhere to say so.
        _ = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }

    /// The line, with its end. Where a name is given more than once, ours go first, then the event's, then the logger's.
    func line(of event: LogEvent, at time: UTCTime) -> [UInt8] {
        var fields: [(name: String, value: String)] = []
        fields.reserveCapacity(5 + metadata.count + (event.metadata?.count ?? 0))
        fields.append(("time", time.text))
        fields.append(("level", event.level.rawValue))
        fields.append(("message", event.message.description))
        fields.append(("logger", label))
        fields.append(("pid", Self.process))
        // There are a handful of names, among which looking costs less than hashing.
        func add(_ name: String, _ value: Logger.Metadata.Value) {
            if fields.contains(where: { $0.name == name }) { return }
            if case .string(let text) = value { fields.append((name, text)) } else { fields.append((name, "\(value)")) }
        }
        for (name, value) in metadata { add(name, event.metadata?[name] ?? value) }
        if let given = event.metadata { for (name, value) in given { add(name, value) } }
        var line = JSONLine(fields)
        line.endLine()
        return PrintableJSON(line.bytes).bytes
    }

    /// Read once: no process here forks.
    private static let process = String(getpid())
}

extension Settings {
    /// Sets up logging for the process. To be called once, before the first logger is made.
    ///
    /// - Throws: ``CommandFailure`` when the log file can't be written.
    func bootstrapLogging() throws {
        let level = logLevel
        if let logFile {
            if let problem = FileTrust.problem(of: logFile) {
                throw CommandFailure(
                    "The log file \(logFile) isn't used because it \(problem).",
                    remedy: "Log to a folder that only byoc's user can write to.")
            }
            let descriptor = open(logFile, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else {
                throw CommandFailure(
                    "The log file \(logFile) can't be written: \(String(cString: strerror(errno)))",
                    remedy: "Check BYOC_LOG_FILE and the permissions of its folder.")
            }
            LoggingSystem.bootstrap { JSONLogHandler(logLevel: level, label: $0, descriptor: descriptor) }
            return
        }
        let isText = logFormat == .text || (logFormat == .auto && isatty(STDERR_FILENO) == 1)
        LoggingSystem.bootstrap { label in
            if isText {
                return TextLogHandler(logLevel: level, label: label)
            }
            return JSONLogHandler(logLevel: level, label: label)
        }
    }
}
