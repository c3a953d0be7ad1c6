import Glibc
import Logging

/// One line an event for people at a terminal, whatever is in its words.
struct TextLogHandler: LogHandler {
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
        // One write a line, as in JSONLogHandler.
        _ = line.utf8.withContiguousStorageIfAvailable { write(descriptor, $0.baseAddress, $0.count) }
    }

    /// `TIME LEVEL LABEL: NAME=VALUE … [SOURCE] MESSAGE`, with its end.
    func line(of event: LogEvent, at time: UTCTime) -> String {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
            .map { "\($0.key)=\($0.value) " }.joined()
        let line = "\(time.text) \(event.level) \(label): \(fields)[\(event.source)] \(event.message)"
        var printable = line.printableOnOneLine + "\n"
        printable.makeContiguousUTF8()
        return printable
    }
}
