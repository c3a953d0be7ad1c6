import FoundationEssentials
import Freshchat
import HTTPTypes
import RelayCore
import RelayTesting
import Testing

@Suite("What was said in a conversation")
struct HistoryTests {
    private func read(_ sender: RecordingSender, since: Date = noon) async throws(DeliveryFailure)
        -> ConversationHistory?
    {
        try await FreshchatHelpdesk(now: { noon }).messages(
            in: "C 1", since: since, account: makeAccount(), over: sender)
    }

    private func message(_ number: Int, at second: Int = 0, _ more: String = "") -> String {
        """
        {"id":"M\(number)","conversation_id":"C 1","channel_id":"topic-1","actor_type":"agent","actor_id":"AG1",
        "created_time":"2026-02-03T12:00:\(second < 10 ? "0" : "")\(second).000Z","message_type":"normal",
        "message_parts":[{"text":{"content":"text \(number)"}}]\(more)}
        """
    }

    private func page(_ messages: [String], link: String? = nil) -> HTTPReply {
        .json(
            #"{"messages":[\#(messages.joined(separator: ","))]\#(link.map { #","link":{"href":"\#($0)"}"# } ?? "")}"#)
    }

    @Test("It is one call, from the instant on, and comes oldest first")
    func oneCall() async throws {
        let sender = RecordingSender(replies: [page([message(3, at: 9), message(2, at: 5), message(1, at: 5)])])
        let history = try #require(try await read(sender))
        #expect(history.calls == 1 && sender.requests.count == 1)
        #expect(
            sender.requests[0].0.path
                == "/v2/conversations/C%201/messages?page=1&items_per_page=50&from_time=2026-02-03T12%3A00%3A00.000Z")
        #expect(history.messages.map(\.dedupeKey) == ["message/M1", "message/M2", "message/M3"])
    }

    @Test("Messages of one instant keep their order, in whichever direction the list goes", arguments: [true, false])
    func order(isNewestFirst: Bool) async throws {
        let rows = [message(7), message(4, at: 1), message(9, at: 1), message(2, at: 1), message(5, at: 2)]
        let sender = RecordingSender(replies: [page(isNewestFirst ? rows.reversed() : rows)])
        let history = try #require(try await read(sender))
        #expect(
            history.messages.map(\.dedupeKey.rawValue)
                == ["message/M7", "message/M4", "message/M9", "message/M2", "message/M5"])
    }

    @Test("A message is the same event, under the same name, as its webhook brings")
    func sameAsWebhook() async throws {
        let webhook = try readWebhook(
            Array(#"{"action":"message_create","data":{"message":\#(message(1))}}"#.utf8))
        let history = try #require(try await read(RecordingSender(replies: [page([message(1)])])))
        #expect(history.messages == webhook)
    }

    @Test("Whose a message is and who may read it are told as they are")
    func kinds() async throws {
        let rows = [
            message(1), message(2, at: 1, #","botsPrivateNote":true"#),
            message(3, at: 2, #","meta_data":{"isReopen":true}"#),
            #"{"id":"M4","created_time":"2026-02-03T12:00:04Z","message_parts":[]}"#, "{}", "7",
        ]
        let history = try #require(try await read(RecordingSender(replies: [page(rows)])))
        let messages = history.messages.compactMap { event -> HelpdeskMessage? in
            guard case .message(let message) = event.content else { return nil }
            return message
        }
        #expect(messages.map(\.id) == ["M1", "M2", "M3", "M4"])
        #expect(messages.map(\.actor) == [.agent, .agent, .system, .system])
        #expect(messages.map(\.isPrivate) == [false, true, false, false])
        #expect(messages.allSatisfy { $0.conversation == "C 1" })
    }

    @Test("A full page, or one that names the next, is followed by another; one that only names itself isn't")
    func pages() async throws {
        let full = (1...50).map { message($0) }
        let sender = RecordingSender(replies: [
            page(full), page([message(51)], link: "/v2/x?page=3&items_per_page=50"),
            page([message(52)], link: "/v2/x?page=3&items_per_page=40"),
        ])
        let history = try #require(try await read(sender))
        #expect(history.calls == 3)
        #expect(history.messages.count == 52)
    }

    @Test("A conversation that is gone is told as such; a page for people in its place is trouble")
    func gone() async throws {
        #expect(try await read(RecordingSender(replies: [.error(404, "CONVERSATION_NOT_FOUND", "")])) == nil)
        let page = HTTPReply(status: .notFound, headers: [.contentType: "text/html"], body: Array("<html>".utf8))
        let failure = await #expect(throws: DeliveryFailure.self) {
            _ = try await read(RecordingSender(replies: [page]))
        }
        #expect(failure?.remedy == .retry(after: nil))
    }

    static let refusals: [(Int, DeliveryFailure.Remedy)] = [
        (401, .pause), (402, .giveUp), (403, .giveUp), (400, .giveUp), (500, .retry(after: nil)),
        (429, .slowDown(until: noon.addingTimeInterval(1))),
    ]

    @Test("A token that may not read these is no reason to pause; one that isn't taken is", arguments: refusals.indices)
    func refused(index: Int) async throws {
        let (status, remedy) = Self.refusals[index]
        let failure = await #expect(throws: DeliveryFailure.self) {
            _ = try await read(RecordingSender(replies: [.error(status, "NO", "no")]))
        }
        #expect(failure?.remedy == remedy)
    }
}
