import Simulators
import Testing

@Suite("What the log tells of requests, faults and webhooks")
struct LogTests {
    @Test("A request, and the fault that hit it, tell whom they are about")
    func subjects() async throws {
        try await withPeer { peer in
            try await peer.setWebhook()
            let customer = peer.subscribe()
            peer.sandbox.viber.inject(.status(500, route: "POST /send_message"))
            _ = try await peer.send("hello", to: customer)
            let (user, conversation) = try await peer.conversation(reference: "viber:1")
            peer.sandbox.freshchat.inject(.status(500, route: "POST /conversations/{id}/messages"))
            _ = try await peer.post("hi", by: user, in: conversation)
            let entries = peer.sandbox.log.entries()
            let requests = entries.filter { $0.kind == .request && $0.name != "POST /set_webhook" }
            #expect(requests.map(\.subject) == [customer, "viber:1", user, conversation])
            #expect(entries.filter { $0.kind == .fault }.map(\.subject) == [customer, conversation])
        }
    }

    @Test("A silence after the effect lets the message be there before the answer comes")
    func silence() async throws {
        try await withPeer { peer in
            let (user, conversation) = try await peer.conversation()
            peer.sandbox.freshchat.inject(
                .slow(milliseconds: 600_000, .after, route: "POST /conversations/{id}/messages"))
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await peer.post("slow", by: user, in: conversation) }
                #expect(
                    await peer.sandbox.log.wait(timeout: .seconds(10)) {
                        peer.sandbox.freshchat.messages(in: conversation).contains { $0.text == "slow" }
                    })
                #expect(peer.sandbox.log.entries().last?.kind != .request)
                group.cancelAll()
            }
        }
    }

    @Test("A webhook attempt tells what was logged before it began")
    func since() async throws {
        try await withPeer { peer in
            peer.receiver.answers { _, earlier in
                peer.sandbox.viber.addCustomer()
                return APIResponse(status: earlier == 0 ? 503 : 200)
            }
            let (_, id) = try await peer.conversation()
            peer.sandbox.freshchat.setWebhook("\(peer.url)/f")
            let before = peer.sandbox.log.last
            try peer.sandbox.freshchat.agentReplies(in: id, parts: [["text": ["content": "answer"]]])
            #expect(await peer.sandbox.settle())
            let attempts = peer.sandbox.log.entries(since: before).filter { $0.kind == .webhook }
            #expect(attempts.map(\.status) == [503, 200])
            // The message's own entry came before the first, the first before the second.
            #expect(attempts.map(\.since) == [before + 1, attempts[0].number])
        }
    }
}
