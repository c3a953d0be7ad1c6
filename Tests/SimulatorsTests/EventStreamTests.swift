import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Simulators
import Testing

@Suite("The stream of events", .timeLimit(.minutes(1)))
struct EventStreamTests {
    /// The first so many events of the stream: the ids, and the data.
    private func events(
        _ count: Int, from url: String, lastID: String? = nil, meanwhile: @Sendable () -> Void = {}
    ) async throws -> [(id: String, data: JSON)] {
        var request = HTTPClientRequest(url: url)
        if let lastID { request.headers.add(name: "Last-Event-ID", value: lastID) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(50))
        #expect(response.headers.first(name: "content-type") == "text/event-stream")
        var text = ""
        var found: [(String, JSON)] = []
        for try await piece in response.body {
            text += String(buffer: piece)
            if found.isEmpty { meanwhile() }
            found = try text.matches(of: /id: (\d+)\ndata: (.*)\n\n/).map {
                (String($0.output.1), try JSON(parsing: Array($0.output.2.utf8)))
            }
            if found.count >= count { break }
        }
        return found
    }

    @Test("Tells all entries in order, also those that come later, and goes on where a browser has got to")
    func order() async throws {
        try await withPeer { peer async throws in
            let log = peer.sandbox.log
            for number in 1...3 { log.record(.driver, .action, "entry \(number)", text: "line\nend") }
            let url = "\(peer.about.control.url)/events"
            let all = try await events(4, from: url) { log.record(.driver, .action, "later") }
            #expect(all.map(\.id).prefix(4) == ["1", "2", "3", "4"])
            #expect(all.prefix(4).map { $0.data["name"] } == ["entry 1", "entry 2", "entry 3", "later"])
            #expect(all.first?.data["text"] == "line\nend")
            let rest = try await events(2, from: "\(url)?since=1", lastID: "2")
            #expect(rest.map(\.id).prefix(2) == ["3", "4"])
            #expect(try await events(1, from: "\(url)?since=3").first?.id == "4")
        }
    }

    @Test("The bridge's steps come out of a pipe into the log; what is none stays out")
    func steps() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "steps").path
        #expect(mkfifo(path, 0o600) == 0)
        let log = EventLog()
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let steps = BridgeSteps(path: path, log: log, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await steps.run() }
            defer { group.cancelAll() }
            let lines = [
                #"{"step":"received","request":"r1","contact":"Ab/c="}"#, "no step", "{}", "",
                #"{"step":"delivered","delivery":42}"#,
            ]
            let file = try #require(FileHandle(forUpdatingAtPath: path))
            // In two pieces, the first of which ends within a line.
            let bytes = Data((lines.joined(separator: "\n") + "\n").utf8)
            try file.write(contentsOf: bytes.prefix(20))
            try file.write(contentsOf: bytes.dropFirst(20))
            #expect(await log.wait(timeout: .seconds(30)) { log.last == 2 })
            #expect(log.entries().map(\.name) == ["received", "delivered"])
            #expect(log.entries().map(\.reference) == ["r1", "42"])
            #expect(log.entries().first?.subject == "Ab/c=")
            #expect(log.entries().first?.text == lines[0])
        }
    }

    @Test("A pipe that isn't there is told with its path")
    func noPipe() async throws {
        let steps = BridgeSteps(path: "/nowhere/steps", log: EventLog(), logger: Logger(label: "test"))
        let error = await #expect(throws: SettingsError.self) { try await steps.run() }
        #expect(error?.description.contains("/nowhere/steps") == true)
    }
}
