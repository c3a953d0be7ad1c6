import AsyncHTTPClient
import CryptoExtras
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1
import Simulators
import Synchronization

/// What the simulators talk to in these tests: it records every webhook and answers as told.
final class Receiver: Sendable {
    struct Webhook: Sendable {
        var path: String
        var headers: HTTPFields
        var body: [UInt8]

        var json: JSON { (try? JSON(parsing: body)) ?? .null }
        func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }
    }

    private let state = Mutex<[Webhook]>([])
    private let answer = Mutex<@Sendable (Webhook, Int) async -> APIResponse>({ _, _ in APIResponse() })

    /// All webhooks so far, in the order in which they arrived.
    var webhooks: [Webhook] { state.withLock { $0 } }

    /// The webhooks of one event, by Viber's or Freshchat's name of it.
    func webhooks(_ name: String) -> [Webhook] {
        webhooks.filter { [$0.json["event"]?.string, $0.json["action"]?.string].contains(name) }
    }

    /// Decides the answers; gets the webhook and how many came before it.
    func answers(_ decide: @escaping @Sendable (Webhook, Int) async -> APIResponse) {
        answer.withLock { $0 = decide }
    }

    func receive(_ request: APIRequest) async -> APIResponse {
        let webhook = Webhook(path: request.path, headers: request.headers, body: request.body)
        let index = state.withLock { state in
            state.append(webhook)
            return state.count - 1
        }
        return await answer.withLock { $0 }(webhook, index)
    }
}

/// A sandbox, a receiver, and a caller of both APIs, as one bridge would be.
struct Peer: Sendable {
    enum Verb: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    struct Answer: Sendable {
        var status: Int
        var headers: HTTPHeaders
        var body: [UInt8]

        var json: JSON { (try? JSON(parsing: body)) ?? .null }
        func header(_ name: String) -> String? { headers.first(name: name) }
    }

    let sandbox: SandboxServer
    let about: SandboxAbout
    let receiver: Receiver
    let url: String

    var topic: String { about.freshchat.topics[0].id }

    func call(
        _ method: Verb, _ url: String, _ body: [UInt8]? = nil, headers: [(String, String)] = []
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = HTTPMethod(rawValue: method.rawValue)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        let answer = try await response.body.collect(upTo: 64 << 20)
        return Answer(
            status: Int(response.status.code), headers: response.headers, body: Array(answer.readableBytesView))
    }

    /// A call to the Viber API with the right token.
    func viber(_ method: String, _ body: JSON) async throws -> JSON {
        let answer = try await call(
            .post, "\(about.viber.url)/\(method)", body.bytes, headers: [("X-Viber-Auth-Token", about.viber.token)])
        return answer.json
    }

    /// A call to the Freshchat API with the right token.
    func freshchat(
        _ method: Verb, _ path: String, _ body: JSON? = nil, token: String? = nil
    ) async throws -> Answer {
        var headers = [("Authorization", "Bearer \(token ?? about.freshchat.token)"), ("Accept", "application/json")]
        if body != nil { headers.append(("Content-Type", "application/json")) }
        return try await call(method, about.freshchat.url + path, body?.bytes, headers: headers)
    }

    func control(_ method: Verb, _ path: String, _ body: JSON? = nil) async throws -> Answer {
        try await call(method, about.control.url + path, body?.bytes)
    }

    /// Registers the receiver as the bot's webhook.
    @discardableResult
    func setWebhook(_ events: [String]? = nil) async throws -> JSON {
        var body: JSON = ["url": .string("\(url)/viber"), "send_name": true, "send_photo": true]
        if let events { body["event_types"] = .array(events.map { .string($0) }) }
        return try await viber("set_webhook", body)
    }

    /// A subscribed customer.
    func subscribe() -> String {
        let customer = sandbox.viber.addCustomer()
        sandbox.viber.customerWrites(customer, "hello")
        return customer
    }

    func send(_ text: String, to customer: String) async throws -> JSON {
        try await viber(
            "send_message",
            ["receiver": .string(customer), "type": "text", "sender": ["name": "Acme"], "text": .string(text)])
    }

    /// A user and a conversation with one message of theirs; returns both ids.
    func conversation(reference: String = "viber:1", text: String = "hi") async throws -> (user: String, id: String) {
        let user = try await freshchat(
            .post, "/users", ["reference_id": .string(reference), "first_name": "Ana"])
        let id = user.json["id"]?.string ?? ""
        let answer = try await freshchat(.post, "/conversations", newConversation(user: id, text))
        return (id, answer.json["conversation_id"]?.string ?? "")
    }

    func newConversation(user: String, _ text: String) -> JSON {
        [
            "channel_id": .string(topic), "users": [["id": .string(user)]],
            "messages": [userMessage(text, user)],
        ]
    }

    func userMessage(_ text: String, _ user: String) -> JSON {
        [
            "message_parts": [["text": ["content": .string(text)]]], "message_type": "normal", "actor_type": "user",
            "actor_id": .string(user),
        ]
    }

    func post(_ text: String, by user: String, in conversation: String) async throws -> Answer {
        try await freshchat(.post, "/conversations/\(conversation)/messages", userMessage(text, user))
    }
}

/// One key for all tests: making one takes longer than most of them.
private let webhookKey = try? _RSA.Signing.PrivateKey(keySize: .bits2048)

/// Runs a test against a fresh sandbox and receiver.
func withPeer(
    viber: ViberKnobs = ViberKnobs(), freshchat: FreshchatKnobs = FreshchatKnobs(),
    playground: PlaygroundConfiguration? = nil,
    _ body: @escaping @Sendable (Peer) async throws -> Void
) async throws {
    var configuration = SandboxConfiguration()
    configuration.viberKnobs = viber
    configuration.viberKnobs.timeScale = 0.001
    configuration.freshchatKnobs = freshchat
    configuration.freshchatKnobs.timeScale = 0.001
    configuration.webhookKey = webhookKey
    configuration.playground = playground
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let quiet = logger
    try await withSandbox(configuration, logger: quiet) { sandbox, about in
        let receiver = Receiver()
        let server = LoopbackServer(logger: quiet) { await receiver.receive($0) }
        let (ports, isListening) = AsyncStream<Int>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { isListening.finish() }
                try await server.run { isListening.yield($0) }
            }
            defer { group.cancelAll() }
            for await port in ports {
                let peer = Peer(
                    sandbox: sandbox, about: about, receiver: receiver, url: "http://127.0.0.1:\(port)")
                return try await body(peer)
            }
        }
    }
}
