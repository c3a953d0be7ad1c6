import FoundationEssentials
import Freshchat
import HTTPTypes
import RelayCore
import RelayTesting
import Testing

@Suite("Damaged bytes from outside")
struct DamageTests {
    @Test("Damaged bodies, signed as they are, get an answer each time")
    func damagedWebhooks() throws {
        var random = SeededGenerator(seed: 42)
        for file in try Fixture.names("webhook") {
            let body = try Fixture.bytes("webhook/" + file)
            for _ in 0..<60 {
                let damaged = JSONMutation.mutate(body, using: &random)
                do {
                    let events = try readWebhook(damaged)
                    #expect(!events.isEmpty && events.allSatisfy { !$0.dedupeKey.rawValue.isEmpty })
                } catch let refusal as WebhookRefusal {
                    #expect(refusal.kind == .malformed)
                }
            }
        }
    }

    @Test("Damaged product events get an answer each time")
    func damagedProducts() throws {
        var random = SeededGenerator(seed: 43)
        for file in try Fixture.names("product") {
            let body = try Fixture.bytes("product/" + file)
            for _ in 0..<200 {
                let damaged = JSONMutation.mutate(body, using: &random)
                do {
                    #expect(try !readProduct(damaged).isEmpty)
                } catch let refusal as WebhookRefusal {
                    #expect(refusal.kind == .malformed)
                }
            }
        }
    }

    @Test("A text with something unreadable in it never costs the message", arguments: JSONMutation.unreadable)
    func unreadableTexts(odd: [UInt8]) throws {
        var count = 0
        for (folder, read) in [("webhook", readWebhook), ("product", readProduct)] {
            for file in try Fixture.names(folder) where file.hasPrefix("message_") {
                let body = try Fixture.bytes("\(folder)/\(file)")
                let messages = try read(body).count(where: isMessage)
                for end in JSONMutation.endsOfTexts(in: body) {
                    let damaged = Array(body[..<end] + odd + body[end...])
                    // Only the event's own name makes another event of it.
                    if ["message_create", "onMessageCreate"].contains(where: {
                        body[..<end].suffix($0.utf8.count).elementsEqual($0.utf8)
                    }) {
                        continue
                    }
                    #expect(
                        try read(damaged).count(where: isMessage) == messages,
                        "\(String(decoding: damaged, as: UTF8.self))")
                    count += 1
                }
            }
        }
        #expect(count > 200)
    }

    private func isMessage(_ event: HelpdeskEvent) -> Bool {
        if case .message = event.content { true } else { false }
    }

    @Test("Damaged answers of the API never do more than fail")
    func damagedAnswers() async throws {
        var random = SeededGenerator(seed: 44)
        let answers = [
            #"{"users":[{"id":"U1","reference_id":"viber:01234567890A=","created_time":"2026-02-03T10:00:00.000Z"}]}"#,
            #"{"conversations":[{"id":"C1"},{"id":"C2"}]}"#,
            #"{"conversation_id":"C1","channel_id":"topic-1","status":"new","user_id":"U1","messages":[{"id":"M1"}]}"#,
            #"{"messages":[{"id":"M1","actor_type":"user","actor_id":"U1","message_parts":[{"text":{"content":"hi"}}]}]}"#,
            #"{"code":400,"status":"INVALID_VALUE","message":"x"}"#,
        ]
        for round in 0..<200 {
            let replies = (0..<40).map { _ in
                HTTPReply(
                    status: .init(code: [200, 202, 400, 404].randomElement(using: &random) ?? 200),
                    body: JSONMutation.mutate(Array((answers.randomElement(using: &random) ?? "").utf8), using: &random)
                )
            }
            let memory = Memory()
            let piece = memory.piece(
                "hi", user: round % 3 == 0 ? nil : "U1", conversation: round % 2 == 0 ? nil : "C1",
                doubt: round % 5 == 0 ? noon : nil)
            do {
                _ = try await FreshchatHelpdesk().post(
                    piece, account: makeAccount(), over: RecordingSender(replies: replies), keeper: memory)
            } catch {
                #expect(!error.detail.isEmpty)
            }
        }
    }
}
