import Channels
import FoundationEssentials
import HTTPTypes
import RelayCore
import Testing

@Suite("Webhooks written as Viber would")
struct ViberImitationTests {
    private let account = ChannelAccount(kind: "viber", secrets: ["auth_token": Secret("4d2f1b0c9a8e7d6c-imitated")])
    private let message = IncomingMessage(
        from: ContactProfile(userID: "byoc-test", name: "byoc test"), message: Message(text: "Привіт \"<&>\""),
        id: "1770120000000000")
    private let now = Date(timeIntervalSince1970: 1_770_120_000)

    private func request(_ webhook: ImitatedWebhook) -> WebhookRequest {
        WebhookRequest(
            method: .post, path: "/hook/x", headers: webhook.headers, body: webhook.body, id: "test", receivedAt: now)
    }

    @Test("What is imitated is found genuine, and read as the message that it was")
    func reads() throws {
        let webhook = try #require(Viber().imitate(message, account: account, now: now))
        let reading = try Viber().read(request(webhook), account: account)
        guard case .message(let read) = reading.events.first?.content else {
            Issue.record("no message: \(reading.events)")
            return
        }
        #expect(read.id == message.id)
        #expect(read.from.userID == "byoc-test" && read.from.name == "byoc test")
        #expect(read.message.plainText == message.message.plainText)
    }

    @Test("It is signed with the account's own token: another account refuses it")
    func refuses() throws {
        let webhook = try #require(Viber().imitate(message, account: account, now: now))
        let other = ChannelAccount(kind: "viber", secrets: ["auth_token": Secret("another-token")])
        #expect(throws: WebhookRefusal.self) { try Viber().read(request(webhook), account: other) }
        #expect(Viber().imitate(message, account: ChannelAccount(kind: "viber"), now: now) == nil)
    }
}
