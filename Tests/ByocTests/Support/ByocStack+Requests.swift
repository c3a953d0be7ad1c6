// Requests to byoc through nginx, and a server that takes webhooks down to send them again, whole or tampered.

import AsyncHTTPClient
import Foundation
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1
import Simulators
import Synchronization

/// What nginx, or byoc through it, answered.
struct HTTPAnswer: Sendable {
    var status: Int
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    subscript(name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }
}

extension ByocStack {
    /// Makes one request.
    ///
    /// - Parameter target: a path, or a whole URL of this stack's.
    func request(
        _ method: NIOHTTP1.HTTPMethod, _ target: String, headers: [(String, String)] = [], body: [UInt8]? = nil,
        by client: HTTPClient = .shared
    ) async throws -> HTTPAnswer {
        var request = HTTPClientRequest(url: target.hasPrefix("/") ? baseURL + target : target)
        request.method = method
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await client.execute(request, timeout: .seconds(30))
        let answer = try await response.body.collect(upTo: 16 << 20)
        return HTTPAnswer(
            status: Int(response.status.code), headers: response.headers.map { ($0.name, $0.value) },
            body: Array(answer.readableBytesView))
    }

    func post(_ target: String, _ body: [UInt8], headers: [(String, String)] = []) async throws -> HTTPAnswer {
        try await request(.POST, target, headers: [("Content-Type", "application/json")] + headers, body: body)
    }

    /// Posts a callback as Viber does.
    ///
    /// - Parameter token: signs it; nil: the bot's.
    func postViber(_ body: [UInt8], to target: String, token: String? = nil) async throws -> HTTPAnswer {
        let signature = ViberSimulator.signature(of: body, token: token ?? about.viber.token)
        return try await post(target, body, headers: [("X-Viber-Content-Signature", signature)])
    }

    /// Lets Freshchat send what `action` causes to a server of ours instead of to byoc.
    ///
    /// - Returns: the webhooks with their headers, as many as are wanted.
    func capturingFreshchatWebhooks(
        _ count: Int = 1, _ action: @Sendable () async throws -> Void
    ) async throws -> [CapturedWebhook] {
        // What was caused before goes where it belongs.
        try await settle()
        let usual = sandbox.freshchat.webhookURL
        let captured = Mutex<[CapturedWebhook]>([])
        let log = log
        let server = LoopbackServer(logger: Logger(label: "capture")) { request in
            captured.withLock {
                $0.append(
                    CapturedWebhook(headers: request.headers.map { ($0.name.rawName, $0.value) }, body: request.body))
            }
            log.noteChange()
            return APIResponse(status: 200)
        }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run { _ in log.noteChange() } }
            defer { group.cancelAll() }
            try await wait(for: "the capturing server") { server.port != nil }
            sandbox.freshchat.setWebhook("http://127.0.0.1:\(server.port ?? 0)/")
            defer { sandbox.freshchat.setWebhook(usual) }
            try await action()
            try await wait(for: "\(count) captured webhooks") { captured.withLock { $0.count } >= count }
            return captured.withLock { $0 }
        }
    }
}

/// A webhook as it was sent.
struct CapturedWebhook: Sendable {
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    /// The headers that belong to the message itself.
    var signature: [(String, String)] {
        headers.filter { $0.name.lowercased().hasPrefix("x-freshchat") || $0.name.lowercased().hasPrefix("x-retry") }
            .map { ($0.name, $0.value) }
    }
}
