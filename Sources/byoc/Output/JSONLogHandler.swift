import Foundation
import Logging

/// One JSON object a line, as log collectors take it.
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
        var fields: [String: String] = [:]
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) {
            fields[key] = "\(value)"
        }
        fields["time"] = Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        fields["level"] = event.level.rawValue
        fields["message"] = "\(event.message)"
        fields["logger"] = label
        fields["pid"] = String(ProcessInfo.processInfo.processIdentifier)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Text to text can't fail to be encoded; and a log that can't be written has nowhere to say so.
        guard var line = try? encoder.encode(fields) else { return }
        line.append(UInt8(ascii: "\n"))
        // One write a line, so that the lines of several workers don't run into each other.
        _ = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }
}

extension Settings {
    /// Sets up logging for the process. To be called once, before the first logger is made.
    ///
    /// - Throws: ``CommandFailure`` when the log file can't be written.
    func bootstrapLogging() throws {
        let level = logLevel
        if let logFile {
            let descriptor = open(logFile, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else {
                throw CommandFailure(
                    "The log file \(logFile) can't be written: \(String(cString: strerror(errno)))",
                    remedy: "Check BYOC_LOG_FILE and the rights of its folder.")
            }
            LoggingSystem.bootstrap { JSONLogHandler(logLevel: level, label: $0, descriptor: descriptor) }
            return
        }
        let isText = logFormat == .text || (logFormat == .auto && isatty(STDERR_FILENO) == 1)
        LoggingSystem.bootstrap { label in
            if isText {
                var handler = StreamLogHandler.standardError(label: label)
                handler.logLevel = level
                return handler
            }
            return JSONLogHandler(logLevel: level, label: label)
        }
    }
}
