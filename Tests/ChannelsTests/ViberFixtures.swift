import Channels
import Crypto
import Foundation
import HTTPTypes
import RelayCore
import RelayTesting

enum ViberFixtures {
    static let token = "4f2a1c7d9e8b6a50-11aa22bb33cc44dd-99ee88ff77006655"
    static let now = Date(timeIntervalSince1970: 1_687_203_660.5)
    static let account = ChannelAccount(
        kind: "viber",
        settings: [
            "sender_name": "Acme", "sender_avatar": "https://acme.example/a.png", "welcome_message": "Hello 👋 \"you\"",
            "api_base_url": "https://chatapi.viber.com/pa",
        ],
        secrets: ["auth_token": Secret(token)])

    static func signature(_ body: [UInt8], token: String) -> String {
        HMAC<SHA256>.authenticationCode(for: body, using: SymmetricKey(data: Data(token.utf8)))
            .map { String(format: "%02x", $0) }.joined()
    }

    static func request(_ body: [UInt8], signature: String?) -> WebhookRequest {
        var request = WebhookRequest(
            method: .post, path: "/hook/t", headers: [.contentType: "application/json"], body: body, id: "r1",
            receivedAt: now)
        if let signature, let name = HTTPField.Name("X-Viber-Content-Signature") { request.headers[name] = signature }
        return request
    }

    static func signed(_ text: String) -> WebhookRequest {
        let body = Array(text.utf8)
        return request(body, signature: signature(body, token: token))
    }

    static func body(_ name: String) throws -> [UInt8] {
        let folder = Bundle.module.bundleURL.appending(path: "Fixtures/viber")
        return Array(try Data(contentsOf: folder.appending(path: name + ".json")))
    }

    /// Every file of the folder; one without an expectation fails the tests that read them.
    static func all() throws -> ChannelFixtures {
        let folder = Bundle.module.bundleURL.appending(path: "Fixtures/viber")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path())
            .filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
        let callbacks = try names.map { name in
            ChannelFixtures.Callback(
                name: name, body: try body(name), contents: contents[name].map { [$0] } ?? [],
                answer: name.hasPrefix("conversation-started") ? Array(welcome.utf8) : [])
        }
        return ChannelFixtures(
            account: account,
            sign: { body, account in
                request(body, signature: signature(body, token: account.secrets["auth_token"]?.reveal() ?? ""))
            },
            callbacks: callbacks, unknownEvent: try body("unknown-event"),
            acceptance: .json(
                """
                {"status":0,"status_message":"ok","message_token":5741311803571721087,\
                "chat_hostname":"SN-CHAT-05_","billing_status":1}
                """),
            acceptedID: "5741311803571721087", errors: errors,
            echo: { body, secret in
                body.contains("word") ? body.replacing("word", with: "the token \(secret)!") : body + secret
            },
            judge: judge, recipient: "aB3/xYz+Q1k0pLmN5oPqRg==", now: now)
    }

    private static let welcome =
        #"{"sender":{"avatar":"https://acme.example/a.png","name":"Acme"},"text":"Hello 👋 \"you\"","type":"text"}"#

    /// viber.md §1, §5.1.
    private static func judge(
        _ request: HTTPRequest, _ body: [UInt8]
    ) -> Result<String, ChannelFixtures.Refusal> {
        struct Form: Decodable {
            struct Sender: Decodable { var name: String }
            var receiver: String
            var type: String
            var text: String
            var sender: Sender
        }
        guard body.count <= 30_000 else { return .failure(.init("the request has \(body.count) bytes")) }
        guard let form = try? JSONDecoder().decode(Form.self, from: Data(body)), form.type == "text" else {
            return .failure(.init("the request is no text message"))
        }
        guard (1...7000).contains(form.text.utf16.count) else {
            return .failure(.init("the text has \(form.text.utf16.count) characters"))
        }
        guard (1...28).contains(form.sender.name.utf16.count) else { return .failure(.init("the name is too long")) }
        return .success(form.text)
    }
}
