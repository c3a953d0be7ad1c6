import Channels
import Foundation
import HTTPTypes
import RelayCore
import RelayTesting
import Testing

@Suite("Sending to Viber")
struct ViberSendTests {
    private let viber = Viber()
    private let accepted = HTTPReply.json(#"{"status":0,"status_message":"ok","message_token":5741311803571721087}"#)

    private func piece(
        _ message: Message = Message(text: "Привет 👋"), senderName: String? = "Ann",
        now: Date = ViberFixtures.now
    ) -> OutboundPiece {
        OutboundPiece(
            message: message, to: "aB3/xYz+Q1k0pLmN5oPqRg==", senderName: senderName, idempotencyKey: "d-17-0", now: now
        )
    }

    private func sent(_ piece: OutboundPiece, settings: [String: String]? = nil) async throws -> [String: Any] {
        var account = ViberFixtures.account
        if let settings { account.settings = settings }
        let far = RecordingSender(replies: [accepted])
        _ = try await viber.send(piece, account: account, over: far)
        let (_, body) = try #require(far.requests.first)
        return try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
    }

    @Test("A text goes out as the contract has it, with the token in the header and nowhere else")
    func form() async throws {
        let far = RecordingSender(replies: [accepted])
        let id = try await viber.send(piece(), account: ViberFixtures.account, over: far)
        #expect(id == "5741311803571721087")
        let (request, body) = try #require(far.requests.first)
        #expect(request.method == .post)
        #expect(request.scheme == "https")
        #expect(request.authority == "chatapi.viber.com")
        #expect(request.path == "/pa/send_message")
        let name = try #require(HTTPField.Name("X-Viber-Auth-Token"))
        #expect(request.headerFields[name] == ViberFixtures.token)
        #expect(request.headerFields[.contentType] == "application/json")
        let text = String(decoding: body, as: UTF8.self)
        #expect(
            text == """
                {"min_api_version":1,"receiver":"aB3/xYz+Q1k0pLmN5oPqRg==",\
                "sender":{"avatar":"https://acme.example/a.png","name":"Ann"},"text":"Привет 👋",\
                "tracking_data":"d-17-0","type":"text"}
                """)
        #expect(far.timeouts.allSatisfy { $0 > .zero })
    }

    @Test(
        "The sender is the agent, else the configured name, else “Agent”, on one line and in 28 characters",
        arguments: [
            ("Ann", "Acme", "Ann"), (nil, "Acme", "Acme"), ("", "Acme", "Acme"), (" \n", "Acme", "Acme"),
            (nil, nil, "Agent"), (nil, " ", "Agent"), (" Ann\r\n Lee ", nil, "Ann Lee"),
            ("Wolfeschlegelsteinhausenbergerdorff", nil, "Wolfeschlegelsteinhausenber…"),
            (String(repeating: "x", count: 28), nil, String(repeating: "x", count: 28)),
            ("👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦", nil, "👨‍👩‍👧‍👦👨‍👩‍👧‍👦…"),
        ] as [(String?, String?, String)])
    func senderName(_ agent: String?, _ configured: String?, _ expected: String) async throws {
        let body = try await sent(piece(senderName: agent), settings: configured.map { ["sender_name": $0] } ?? [:])
        let sender = try #require(body["sender"] as? [String: Any])
        #expect(sender["name"] as? String == expected)
        #expect(sender["avatar"] == nil)
    }

    @Test("A part that isn't text reaches the customer as text with its link")
    func attachment() async throws {
        let image = Attachment(kind: .image, url: "https://files.example/a.png", caption: "see")
        let pieces = viber.pieces(
            of: Message(parts: [.text("hi"), .attachment(image)]), account: ViberFixtures.account)
        #expect(pieces == [Message(text: "hi\n🖼 Picture\nsee\nhttps://files.example/a.png")])
        let body = try await sent(piece(Message(parts: [.attachment(image)])))
        #expect(body["text"] as? String == "🖼 Picture\nsee\nhttps://files.example/a.png")
    }

    @Test("A link that no longer fits into a piece goes whole into the next, and the order stays")
    func wholeLinks() {
        let url = "https://files.example/" + String(repeating: "a", count: 200)
        let text = String(repeating: "x", count: 6900)
        let pieces = viber.pieces(
            of: Message(parts: [.text(text), .link(url: url, label: nil), .text("end")]),
            account: ViberFixtures.account)
        #expect(pieces == [Message(text: text), Message(text: url + "\nend")])
    }

    @Test("7000 characters are one piece, 7001 are two, and no emoji is cut")
    func limit() {
        func pieces(_ text: String) -> [String] {
            viber.pieces(of: Message(text: text), account: ViberFixtures.account).map(\.plainText)
        }
        #expect(pieces(String(repeating: "я", count: 7000)).count == 1)
        #expect(pieces(String(repeating: "я", count: 7001)).map(\.count) == [7000, 1])
        let families = String(repeating: "👨‍👩‍👧‍👦", count: 1000)
        #expect(pieces(families).joined() == families)
        #expect(pieces(families).allSatisfy { $0.utf16.count <= 7000 && $0.allSatisfy { $0 == "👨‍👩‍👧‍👦" } })
    }

    @Test("The piece keeps when it was written")
    func sentAt() {
        let message = Message(text: "hi", sentAt: ViberFixtures.now)
        #expect(viber.pieces(of: message, account: ViberFixtures.account) == [message])
    }

    @Test(
        "The id of a message is read as a number, as a text, or not at all",
        arguments: [
            (#"{"status":0,"message_token":5741311803571721087}"#, "5741311803571721087"),
            (#"{"status":0,"message_token":"5741311803571721087"}"#, "5741311803571721087"),
            (#"{"status":0,"message_token":18446744073709551615}"#, "18446744073709551615"),
            (#"{"status":0}"#, nil), (#"{"status":0,"message_token":null}"#, nil),
            (#"{"status":"0","message_token":{}}"#, nil),
        ] as [(String, ChannelMessageID?)])
    func messageID(_ answer: String, _ expected: ChannelMessageID?) async throws {
        let far = RecordingSender(replies: [.json(answer)])
        let id = try await viber.send(piece(), account: ViberFixtures.account, over: far)
        #expect(id == expected)
    }

    @Test(
        "The hourly limit waits for the next full hour",
        arguments: [
            ("2023-06-19T19:00:00Z", "2023-06-19T20:00:00Z"), ("2023-06-19T19:59:59Z", "2023-06-19T20:00:00Z"),
            ("2023-12-31T23:30:00Z", "2024-01-01T00:00:00Z"),
        ])
    func nextHour(_ now: String, _ expected: String) async throws {
        let far = RecordingSender(replies: [.json(#"{"status":12}"#)])
        let piece = piece(now: try Date(now, strategy: .iso8601))
        let failure = await #expect(throws: DeliveryFailure.self) {
            _ = try await viber.send(piece, account: ViberFixtures.account, over: far)
        }
        #expect(failure?.remedy == .waitForContact(until: try Date(expected, strategy: .iso8601)))
    }

    @Test("A refusal gives the agent words and the operator Viber's number and words, the token masked")
    func words() async throws {
        let answer = #"{"status":6,"status_message":"notSubscribed to \#(ViberFixtures.token)"}"#
        let far = RecordingSender(replies: [.json(answer)])
        let failure = await #expect(throws: DeliveryFailure.self) {
            _ = try await viber.send(piece(), account: ViberFixtures.account, over: far)
        }
        #expect(failure?.reason.contains("hasn't subscribed") == true)
        #expect(failure?.detail == "status 6: notSubscribed to \(Secret(ViberFixtures.token).masked)")
        #expect(failure?.detail.contains(ViberFixtures.token) == false)
    }

    @Test("Each refusal of a recipient has words of its own")
    func recipientWords() async throws {
        var reasons: Set<String> = []
        for status in [5, 6, 11, 12, 13, 21, 23, 24] {
            let far = RecordingSender(replies: [.json(#"{"status":\#(status)}"#)])
            do {
                _ = try await viber.send(piece(), account: ViberFixtures.account, over: far)
            } catch {
                reasons.insert(error.reason)
                #expect(error.detail == "status \(status)")
            }
        }
        #expect(reasons.count == 8)
    }

    @Test("Only an HTTP status that says that nothing was done leaves no doubt", arguments: 100...999)
    func httpStatuses(status: Int) async {
        let far = RecordingSender(replies: [HTTPReply(status: .init(code: status))])
        do {
            _ = try await viber.send(piece(), account: ViberFixtures.account, over: far)
            Issue.record("taken for success")
        } catch {
            let certain = [400, 401, 403, 404, 410, 413, 414, 415, 422, 429, 431]
            #expect(error.isCertain == certain.contains(status))
            if !error.isCertain { #expect(error.remedy == .retry(after: nil)) }
            #expect((error.fault != nil) == (500...599 ~= status))
        }
    }

    @Test("Half an emoji and bytes that aren't UTF-8 spoil nothing of an answer")
    func unreadableTexts() async throws {
        let bodies: [[UInt8]] = [
            Array(#"{"chat_hostname":"\ud83d","status":0,"message_token":57}"#.utf8),
            Array(#"{"chat_hostname":"caf"#.utf8) + [0xE9] + Array(#"","status":0,"message_token":57}"#.utf8),
            Array("{\"chat_hostname\":\"a\tb\",\"status\":0,\"message_token\":57}".utf8),
        ]
        for body in bodies {
            let far = RecordingSender(replies: [HTTPReply(status: .ok, body: body)])
            #expect(try await viber.send(piece(), account: ViberFixtures.account, over: far) == "57")
        }
    }

    @Test("Without a token nothing is sent and the installation is paused")
    func noToken() async {
        let far = RecordingSender(replies: [])
        let failure = await #expect(throws: DeliveryFailure.self) {
            _ = try await viber.send(piece(), account: ChannelAccount(kind: "viber"), over: far)
        }
        #expect(failure?.remedy == .pause)
        #expect(far.requests.isEmpty)
    }

    @Test("The API address may be another one, with or without a slash at its end", arguments: ["", "/"])
    func otherBase(_ end: String) async throws {
        var account = ViberFixtures.account
        account.settings["api_base_url"] = "http://127.0.0.1:8080/viber/pa" + end
        let far = RecordingSender(replies: [accepted])
        _ = try await viber.send(piece(), account: account, over: far)
        #expect(far.requests.first?.0.loggedURL == "http://127.0.0.1:8080/viber/pa/send_message")
    }
}
