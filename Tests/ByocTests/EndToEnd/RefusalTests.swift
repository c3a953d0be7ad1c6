import NIOHTTP1
import Simulators
import Testing

extension EndToEnd {
    @Suite("What is refused")
    struct Refusals {
        @Test("A Viber callback with a wrong signature, a tampered or a re-serialised body is refused with 403")
        func viber() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let body = ViberSamples.message("не той текст", from: customer, token: 5_851_650_804_048_782_001)
                let header = "X-Viber-Content-Signature"
                let signature = ViberSimulator.signature(of: body, token: stack.about.viber.token)
                func status(_ body: [UInt8], _ headers: [(String, String)]) async throws -> Int {
                    try await stack.post(installed.targetURL, body, headers: headers).status
                }
                #expect(try await status(body, []) == 403, "no signature")
                #expect(try await status(body, [(header, "")]) == 403)
                #expect(try await status(body, [(header, String(repeating: "0", count: 64))]) == 403)
                #expect(try await status(body, [(header, String(signature.dropLast()))]) == 403)
                var tampered = body
                tampered[body.count / 2] ^= 1
                #expect(try await status(tampered, [(header, signature)]) == 403, "one bit is flipped")
                #expect(try await status(Self.reserialised(body), [(header, signature)]) == 403, "spaces are added")
                #expect(try await status(Self.escaped(body), [(header, signature)]) == 403, "letters are escaped")
                #expect(try await status(body + Array("\n".utf8), [(header, signature)]) == 403, "a line end is added")
                #expect(
                    try await stack.post(installed.targetURL + "?sig=\(signature)", body).status == 403,
                    "a signature in the query counts for nothing")

                try await stack.customerWritesAndArrives(customer, "the right one")
                #expect(stack.inbox(of: customer) == ["the right one"])
                let refusals = stack.text(of: "byoc.log").split(separator: "\n").filter {
                    $0.contains("webhook refused")
                }
                #expect(
                    !refusals.isEmpty && refusals.allSatisfy { $0.contains("\"installation.id\":\"\(installed.id)\"") })
            }
        }

        @Test("A Freshchat webhook with a wrong signature, a tampered or a re-serialised body is refused with 403")
        func freshchat() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                let captured = try await stack.capturingFreshchatWebhooks(2) {
                    try stack.freshchat.agentReplies(in: conversation.id, "відповідь 😀")
                    try stack.freshchat.agentReplies(in: conversation.id, "another")
                }
                let (reply, other) = (captured[0], captured[1])
                func status(_ body: [UInt8], _ headers: [(String, String)]) async throws -> Int {
                    try await stack.post(installed.freshchatWebhookURL, body, headers: headers).status
                }
                #expect(try await status(reply.body, []) == 403, "no signature")
                #expect(try await status(reply.body, other.signature) == 403, "another body's signature")
                #expect(try await status(reply.body, [("X-Freshchat-Signature", "not base64!")]) == 403)
                var tampered = reply.body
                tampered[reply.body.count / 2] ^= 1
                #expect(try await status(tampered, reply.signature) == 403, "one bit is flipped")
                #expect(try await status(Self.reserialised(reply.body), reply.signature) == 403, "spaces are added")
                #expect(try await status(Self.escaped(reply.body), reply.signature) == 403, "letters are escaped")
                // As Viber would sign it.
                let viberSignature = ViberSimulator.signature(of: reply.body, token: stack.about.viber.token)
                #expect(try await status(reply.body, [("X-Freshchat-Signature", viberSignature)]) == 403)

                try await stack.agentRepliesAndArrives(conversation.id, "the right one", to: customer)
                #expect(stack.phone(customer) == ["the right one"])
                #expect(try await status(reply.body, reply.signature) == 200, "whole, it is taken")
                try await stack.waitForPhone(of: customer) { $0 == ["the right one", "відповідь 😀"] }
            }
        }

        @Test("What is signed for one installation is no good for another")
        func anotherInstallation() async throws {
            let second = ViberBot(
                token: "50a1b2c3d4e5f607-1828384858687888-98a8b8c8d8e8f808", name: "Second", id: "pa:2")
            let configuration = SandboxConfiguration.forTests { $0.bots.append(second) }
            try await withByocStack(sandbox: configuration) { stack in
                let one = try await stack.installViber()
                let two = try await stack.installViber(
                    topic: stack.foreignTopic, secrets: ["auth_token": second.token])
                #expect(one.id != two.id)
                #expect(one.targetURL != two.targetURL)
                let customer = stack.viber.addCustomer()
                let body = ViberSamples.message("for the other one", from: customer, token: 5_851_650_804_048_782_002)
                #expect(try await stack.postViber(body, to: one.targetURL, token: second.token).status == 403)
                #expect(try await stack.postViber(body, to: two.targetURL).status == 403)
                #expect(try await stack.postViber(body, to: two.targetURL, token: second.token).status == 200)
                try await stack.wait(for: "the message") {
                    stack.freshchat.conversations().contains { $0.topicID == stack.foreignTopic }
                }
                #expect(stack.inbox(of: customer) == [], "nothing came to the first one's topic")
            }
        }

        @Test("Wrong paths are 404, wrong methods 405 with Allow, and HEAD is answered without a body")
        func pathsAndMethods() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let body = ViberSamples.message("hello", from: "x", token: 5_851_650_804_048_782_003)
                let token = installed.targetURL.split(separator: "/").last.map(String.init) ?? ""
                for path in [
                    "/hook/\(token)x", "/hook/\(token.dropLast())", "/hook/\(token.uppercased())",
                    "/freshchat/\(token)",
                    "/marketplace/\(token)", "/hook/\(installed.id)", "/hook/", "/hook/a/b", "/", "/nothing",
                ] {
                    #expect(try await stack.postViber(body, to: path).status == 404, "\(path)")
                }
                for url in [installed.targetURL, installed.freshchatWebhookURL, installed.productEventURL] {
                    for method in [HTTPMethod.GET, .PUT, .DELETE] {
                        let answer = try await stack.request(method, url)
                        #expect(answer.status == 405, "\(method)")
                        #expect(answer["Allow"] == "POST")
                    }
                }
                for path in ["/healthz", "/readyz"] {
                    let whole = try await stack.request(.GET, path)
                    #expect(whole.status == 200)
                    let head = try await stack.request(.HEAD, path)
                    #expect(head.status == 200)
                    #expect(head.body.isEmpty)
                    #expect(head["Content-Length"] == String(whole.body.count))
                    let post = try await stack.request(.POST, path)
                    #expect(post.status == 405)
                    #expect(post["Allow"] == "GET, HEAD")
                }
            }
        }

        @Test("Nonsense that is signed right is 400, and byoc lives on")
        func signedNonsense() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                for text in [
                    "", "[]", "1", "null", "{", "\u{0}", "{}", #"{"event":null}"#,
                    String(repeating: "[", count: 20_000),
                ] {
                    let answer = try await stack.postViber(Array(text.utf8), to: installed.targetURL)
                    #expect(answer.status == 400, "\(text.prefix(20)): \(answer.status)")
                }
                let customer = stack.viber.addCustomer()
                try await stack.customerWritesAndArrives(customer, "still there")
            }
        }

        /// The same JSON, written otherwise: with a space behind every comma between members.
        static func reserialised(_ body: [UInt8]) -> [UInt8] {
            Array(String(decoding: body, as: UTF8.self).replacing(",\"", with: ", \"").utf8)
        }

        /// The same JSON with everything beyond ASCII escaped.
        static func escaped(_ body: [UInt8]) -> [UInt8] {
            String(decoding: body, as: UTF8.self).utf16.flatMap { unit -> [UInt8] in
                guard unit > 0x7f else { return [UInt8(unit)] }
                let digits = String(unit, radix: 16)
                return Array(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
            }
        }
    }
}
