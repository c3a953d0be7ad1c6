import FoundationEssentials
import Freshchat
import HTTPTypes
import RelayCore
import RelayTesting
import Testing

@Suite("Every status of an answer to a post")
struct StatusTests {
    let fake = FakeFreshchat()
    let memory = Memory()
    var helpdesk: FreshchatHelpdesk { FreshchatHelpdesk(now: fake.now) }

    /// Those that say that nothing was done, and by what.
    static let certain: [Int: String] = [
        400: "refused", 401: "paused", 402: "paused", 403: "paused", 413: "refused", 414: "refused", 415: "refused",
        422: "refused", 429: "slowed down", 431: "refused",
    ]

    private func post(doubt: Date? = nil) async throws(DeliveryFailure) -> HelpdeskMessageID? {
        try await helpdesk.post(
            memory.piece(
                "hi", user: "U1", conversation: memory.conversations.last ?? "C1", doubt: doubt),
            account: makeAccount(), over: fake, keeper: memory)
    }

    @Test("Certain is only what certainly was not applied", arguments: 100...999)
    func certainty(status: Int) async throws {
        for reply in [HTTPReply(status: .init(code: status)), .error(status, "WORD", "a sentence")] {
            let test = StatusTests()
            test.fake.seed(users: 1, conversations: [.init("topic-1")])
            test.fake.break_("POST /conversations/C1/messages", .refuse(reply))
            do {
                _ = try await test.post()
                Issue.record("\(status) is taken for success")
            } catch {
                let meaning =
                    switch error.remedy {
                    case .giveUp: "refused"
                    case .pause: "paused"
                    case .slowDown: "slowed down"
                    default: "tried again"
                    }
                #expect(meaning == Self.certain[status] ?? "tried again", "\(error)")
                #expect(error.isCertain == (Self.certain[status] != nil), "\(error)")
                #expect(test.fake.conversations.count == 1)
            }
        }
    }

    @Test("A post that was applied and answered so is in Freshchat once", arguments: 100...999)
    func once(status: Int) async throws {
        // What refuses a token or counts requests never sees the message.
        guard ![401, 402, 403, 429].contains(status) else { return }
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.break_("POST /conversations/C1/messages", .applyAnd(HTTPReply(status: .init(code: status))))
        var doubt: Date?
        for _ in 0..<5 {
            let start = fake.now()
            do {
                #expect(try await post(doubt: doubt) == "M1")
                break
            } catch {
                guard error.isRetryable else { break }
                if !error.isCertain { doubt = doubt ?? start }
            }
        }
        #expect(fake.messages.map(\.text) == ["hi"])
        #expect(fake.conversations.count == 1)
    }

    @Test("A conversation that was made and answered so is there once", arguments: 100...999)
    func conversationOnce(status: Int) async throws {
        guard ![401, 402, 403, 429].contains(status) else { return }
        fake.seed(users: 1)
        fake.break_("POST /conversations", .applyAnd(HTTPReply(status: .init(code: status))))
        var doubt: Date?
        for _ in 0..<5 {
            let start = fake.now()
            do {
                _ = try await helpdesk.post(
                    memory.piece("hi", user: "U1", conversation: memory.conversations.last, doubt: doubt),
                    account: makeAccount(), over: fake, keeper: memory)
                break
            } catch {
                guard error.isRetryable else { break }
                if !error.isCertain { doubt = doubt ?? start }
            }
        }
        #expect(fake.messages.map(\.text) == ["hi"])
        #expect(fake.conversations.count == 1)
    }

    @Test("A look-up that is answered with any other status sends nothing, and is no reason to give up")
    func lookUp() async throws {
        for status in 100...999 where ![400, 404, 410, 413, 414, 415, 422, 431].contains(status) {
            let test = StatusTests()
            test.fake.seed(users: 1, conversations: [.init("topic-1")])
            test.fake.break_("GET /conversations/C1/messages", .refuse(HTTPReply(status: .init(code: status))))
            do {
                _ = try await test.post(doubt: noon)
                Issue.record("\(status): sent")
            } catch {
                #expect(error.isRetryable && error.isCertain, "\(status): \(error)")
            }
            #expect(test.fake.messages.isEmpty)
        }
    }

    @Test(
        "A page for people in the place of a refusal is a gateway's: no dead letter, no pause",
        arguments: [400, 402, 403, 404, 409, 410, 415, 422, 451])
    func gateway(status: Int) async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        let page = HTTPReply(
            status: .init(code: status), headers: [.contentType: "text/html; charset=utf-8"],
            body: Array("<html><h1>Blocked</h1></html>".utf8))
        fake.break_("POST /conversations/C1/messages", .applyAnd(page))
        do {
            _ = try await post()
            Issue.record("taken for success")
        } catch {
            #expect(error.remedy == .retry(after: nil) && !error.isCertain)
            #expect(error.reason.contains("check the API address"))
        }
        #expect(try await post(doubt: noon) == "M1")
        #expect(fake.texts(in: "C1") == ["hi"])
    }

    @Test("A fault of Freshchat's own is named as such, with its number", arguments: [500, 502, 503, 504, 520, 599])
    func fault(status: Int) async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.break_("POST /conversations/C1/messages", .refuse(HTTPReply(status: .init(code: status))))
        do {
            _ = try await post()
            Issue.record("taken for success")
        } catch {
            #expect(error.fault == ServiceFault(service: "Freshchat", status: status))
            #expect(error.reason == "Freshchat server error: it answered \(status)")
        }
    }
}
