// Between byoc and the API of a far side: passes everything on, and stops single calls at the two moments at which a death
// of the caller matters, before the call has had its effect and before its answer comes back.

import AsyncHTTPClient
import Foundation
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1
import Simulators
import Synchronization

final class HoldingProxy: Sendable {
    enum Moment: Sendable, CaseIterable {
        /// The call has come and was not passed on.
        case beforeEffect
        /// The far side has done what the call asks for; byoc does not know.
        case afterEffect
    }

    /// One call that is stopped.
    final class Hold: Sendable {
        fileprivate enum Verdict { case passOn, lose }

        fileprivate let moment: Moment
        fileprivate let isMeant: @Sendable (APIRequest) -> Bool
        fileprivate let verdict = Mutex<Verdict?>(nil)
        private let reached = Mutex(false)
        private let log: EventLog

        fileprivate init(_ moment: Moment, _ log: EventLog, _ isMeant: @escaping @Sendable (APIRequest) -> Bool) {
            self.moment = moment
            self.log = log
            self.isMeant = isMeant
        }

        /// Whether a call has come to it.
        var isReached: Bool { reached.withLock { $0 } }

        /// Lets the call go on.
        func release() { decide(.passOn) }

        /// Cuts the caller's connection. Before its effect the call never has one.
        func lose() { decide(.lose) }

        private func decide(_ verdict: Verdict) {
            self.verdict.withLock { $0 = $0 ?? verdict }
            log.noteChange()
        }

        fileprivate func stop() async -> Verdict {
            reached.withLock { $0 = true }
            log.noteChange()
            _ = await log.wait(timeout: patience) { self.verdict.withLock { $0 } != nil }
            return verdict.withLock { $0 } ?? .lose
        }
    }

    private let upstream: URL
    private let log: EventLog
    private let holds = Mutex<[Hold]>([])
    private let listening = Mutex<Int?>(nil)

    fileprivate init(of url: String, log: EventLog) throws {
        guard let url = URL(string: url) else { throw StackFailure("\(url) is no URL") }
        upstream = url
        self.log = log
    }

    /// Where it listens; 0 until it does.
    var port: Int { listening.withLock { $0 ?? 0 } }

    /// What byoc is told instead of the API's own address.
    var url: String { "http://127.0.0.1:\(port)\(upstream.path)" }

    /// Stops the next call that is meant.
    func holdNext(_ moment: Moment, _ isMeant: @escaping @Sendable (APIRequest) -> Bool) -> Hold {
        let hold = Hold(moment, log, isMeant)
        holds.withLock { $0.append(hold) }
        return hold
    }

    fileprivate func listens(on port: Int) {
        listening.withLock { $0 = port }
        log.noteChange()
    }

    fileprivate func respond(to request: APIRequest) async -> APIResponse {
        let hold = holds.withLock { holds in
            holds.firstIndex { $0.isMeant(request) }.map { holds.remove(at: $0) }
        }
        if let hold, hold.moment == .beforeEffect, await hold.stop() == .lose { return .reset }
        guard let answer = try? await pass(request) else { return .reset }
        if let hold, hold.moment == .afterEffect, await hold.stop() == .lose { return .reset }
        return answer
    }

    private static let ownToEachConnection: Set<String> = [
        "host", "connection", "content-length", "transfer-encoding", "date", "server",
    ]

    private func pass(_ request: APIRequest) async throws -> APIResponse {
        let query = request.query.map { "\(APIRequest.encode($0.name))=\(APIRequest.encode($0.value))" }
        var target = "http://127.0.0.1:\(upstream.port ?? 80)\(request.path)"
        if !query.isEmpty { target += "?" + query.joined(separator: "&") }
        var copy = HTTPClientRequest(url: target)
        copy.method = HTTPMethod(rawValue: request.method.rawValue)
        for field in request.headers where !Self.ownToEachConnection.contains(field.name.canonicalName) {
            copy.headers.add(name: field.name.rawName, value: field.value)
        }
        if !request.body.isEmpty { copy.body = .bytes(ByteBuffer(bytes: request.body)) }
        let response = try await HTTPClient.shared.execute(copy, timeout: .seconds(60))
        var answer = APIResponse(status: Int(response.status.code))
        for (name, value) in response.headers where !Self.ownToEachConnection.contains(name.lowercased()) {
            if let name = HTTPField.Name(name) { answer.headers.append(HTTPField(name: name, value: value)) }
        }
        answer.body = Array(try await response.body.collect(upTo: 64 << 20).readableBytesView)
        return answer
    }
}

extension ByocStack {
    /// Runs a proxy before one of the far sides' APIs while the body runs.
    func withProxy<Result: Sendable>(
        of url: String, _ body: @escaping @Sendable (HoldingProxy) async throws -> Result
    ) async throws -> Result {
        let proxy = try HoldingProxy(of: url, log: log)
        let server = LoopbackServer(logger: Logger(label: "proxy")) { await proxy.respond(to: $0) }
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await server.run { proxy.listens(on: $0) }
                return nil
            }
            group.addTask {
                try await self.wait(for: "the proxy to listen") { proxy.port > 0 }
                return try await body(proxy)
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    /// Holds the next call of this method whose path ends so.
    func hold(
        _ moment: HoldingProxy.Moment, at proxy: HoldingProxy, _ method: HTTPRequest.Method, _ ending: String
    ) -> HoldingProxy.Hold {
        proxy.holdNext(moment) { $0.method == method && $0.path.hasSuffix(ending) }
    }

    func waitUntilReached(_ hold: HoldingProxy.Hold, _ what: String) async throws {
        try await wait(for: what) { hold.isReached }
    }
}
