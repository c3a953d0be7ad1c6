import FoundationEssentials
import HTTPTypes
import RelayCore
import Testing

@Suite("Neutral words")
struct EventTests {
    @Test("A receipt's states go sent, failed, delivered, read")
    func receiptOrder() {
        #expect(Receipt.State.allCases.sorted() == [.sent, .failed, .delivered, .read])
    }

    @Test("Ids print as they are and pass through JSON as texts")
    func ids() throws {
        let id: ChannelUserID = "aB3/xYz+Q1k=="
        #expect("\(id)" == "aB3/xYz+Q1k==")
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        #expect(String(decoding: try encoder.encode([id]), as: UTF8.self) == #"["aB3/xYz+Q1k=="]"#)
    }

    @Test("Each refusal of a webhook has its status")
    func refusals() {
        #expect(WebhookRefusal(.notGenuine, "").status.code == 403)
        #expect(WebhookRefusal(.malformed, "").status.code == 400)
        #expect(WebhookRefusal(.notReady, "").status.code == 503)
    }

    @Test("A failure carries its decision")
    func failures() {
        #expect(!DeliveryFailure(.giveUp, reason: "no", detail: "").isRetryable)
        #expect(DeliveryFailure(.retry(after: .seconds(3)), reason: "no", detail: "").retryAfter == .seconds(3))
        #expect(DeliveryFailure(.pause, reason: "no", detail: "").retryAfter == nil)
        #expect(DeliveryFailure(.pause, reason: "no", detail: "").description == "no")
        #expect(
            SetupFailure(side: "Viber", problem: "no", remedy: "Do this.").description == "Viber: no\nDo this.")
    }

    @Test("A message of every kind of part passes through JSON")
    func messageCoding() throws {
        let message = Message(
            parts: PlainTextTests.parts.map(\.0), sentAt: Date(timeIntervalSince1970: 1_687_200_046.08))
        #expect(try JSONDecoder().decode(Message.self, from: JSONEncoder().encode(message)) == message)
    }
}
