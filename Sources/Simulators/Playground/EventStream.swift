import HTTPTypes
import ServiceLifecycle
import Synchronization

/// The log as Server-Sent Events: an entry each, with its number as the id, from which a browser goes on after a break.
enum EventStream {
    /// How long nothing happens until a comment shows that both ends live.
    private static let heartbeat = Duration.seconds(15)
    private static let entriesAtOnce = 500

    /// The answer to a request that may say where it goes on, in `Last-Event-ID` or, the first time, in the item `since`.
    static func response(to request: APIRequest, _ log: EventLog) -> APIResponse {
        let header = HTTPField.Name("Last-Event-ID").flatMap { request.headers[$0] }
        let start = Int(header ?? request.item("since") ?? "") ?? 0
        var response = APIResponse(headers: [.contentType: "text/event-stream", .cacheControl: "no-store"])
        let position = Mutex(start)
        let isFirst = Mutex(true)
        response.stream = AsyncStream {
            // The first piece comes at once, so that the browser knows that it is connected.
            if isFirst.withLock({ first in
                defer { first = false }
                return first
            }) {
                return Array("retry: 1000\n\n".utf8)
            }
            let since = position.withLock { $0 }
            let hasNews = await cancelWhenGracefulShutdown {
                await log.wait(timeout: heartbeat) { log.last > since }
            }
            if Task.isCancelled || Task.isShuttingDownGracefully { return nil }
            guard hasNews else { return Array(": all is well\n\n".utf8) }
            let entries = log.entries(since: since, limit: entriesAtOnce)
            position.withLock { $0 = entries.last?.number ?? since }
            return entries.flatMap(bytes)
        }
        return response
    }

    /// JSON has no line end in it, so one `data` line holds an entry.
    private static func bytes(_ entry: LogEntry) -> [UInt8] {
        guard let json = try? JSON(encoding: entry) else { return [] }
        return Array("id: \(entry.number)\ndata: ".utf8) + json.bytes + Array("\n\n".utf8)
    }
}
