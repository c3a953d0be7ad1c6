import Channels
import Foundation
import RelayCore
import Testing

@Suite("Imitated webhooks")
struct ImitationTests {
    @Test("Every kind that a channel can imitate is found genuine by its own adapter, and understood")
    func understood() throws {
        for channel in ChannelRegistry.all {
            guard let imitating = channel as? any WebhookImitating else { continue }
            var account = ChannelAccount(kind: channel.descriptor.kind)
            for field in channel.descriptor.fields where field.isSecret {
                account.secrets[field.key] = Secret("s-3cret")
            }
            for imitation in imitating.imitations {
                let wish = ImitationWish(
                    from: ContactProfile(userID: "u/1+=", name: "Олена"), messageID: 4_912_661_846_655_238_145,
                    at: Date(timeIntervalSince1970: 1_700_000_000))
                let webhook = try #require(imitating.imitate(imitation.kind, wish, account: account))
                var request = WebhookRequest(
                    method: webhook.method, path: "/hook/t", headers: webhook.headers, body: webhook.body, id: "r",
                    receivedAt: wish.at)
                let reading = try channel.read(request, account: account)
                #expect(reading.events.count == 1, "\(imitation.kind)")
                for event in reading.events {
                    if case .ignored(let reason) = event.content {
                        #expect(imitation.kind == "webhook", "\(imitation.kind): \(reason)")
                    }
                    if case .message(let incoming) = event.content {
                        #expect(incoming.from.userID == "u/1+=" && incoming.from.name == "Олена")
                        for part in incoming.message.parts {
                            if case .unsupported(let kind) = part { Issue.record("\(imitation.kind): \(kind)") }
                        }
                    }
                }
                request.body.append(0x20)
                #expect(throws: WebhookRefusal.self) { try channel.read(request, account: account) }
            }
            let wish = ImitationWish(from: ContactProfile(userID: "u"), messageID: 1, at: Date())
            #expect(imitating.imitate("hologram", wish, account: account)?.body == nil)
            // Signed with nothing, it would be nobody's.
            let empty = ChannelAccount(kind: channel.descriptor.kind)
            #expect(imitating.imitate("message", wish, account: empty)?.body == nil)
            let message = try #require(imitating.imitate("message", wish, account: account))
            for key in account.secrets.keys { account.secrets[key] = Secret("another") }
            let request = WebhookRequest(
                method: message.method, path: "/hook/t", headers: message.headers, body: message.body, id: "r",
                receivedAt: wish.at)
            #expect(throws: WebhookRefusal.self) { try channel.read(request, account: account) }
        }
    }
}
