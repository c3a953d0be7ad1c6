import Channels
import Foundation
import RelayCore
import Testing

@Suite("Sample events")
struct SampleEventTests {
    @Test("Each sample event of a channel passes the verification of its own adapter, and is understood")
    func understood() throws {
        for channel in ChannelRegistry.all {
            guard let maker = channel as? any SampleEventMaking else { continue }
            var account = ChannelAccount(kind: channel.descriptor.kind)
            for field in channel.descriptor.fields where field.isSecret {
                account.secrets[field.key] = Secret("s-3cret")
            }
            for sample in maker.sampleEvents {
                let event = SampleEvent(
                    from: ContactProfile(userID: "u/1+=", name: "Олена"), messageID: 4_912_661_846_655_238_145,
                    at: Date(timeIntervalSince1970: 1_700_000_000))
                let webhook = try #require(maker.sampleWebhook(sample.kind, event, account: account))
                var request = WebhookRequest(
                    method: webhook.method, path: "/hook/t", headers: webhook.headers, body: webhook.body, id: "r",
                    receivedAt: event.at)
                let reading = try channel.read(request, account: account)
                #expect(reading.events.count == 1, "\(sample.kind)")
                for event in reading.events {
                    if case .ignored(let reason) = event.content {
                        #expect(sample.kind == "webhook", "\(sample.kind): \(reason)")
                    }
                    if case .message(let inbound) = event.content {
                        #expect(inbound.from.userID == "u/1+=" && inbound.from.name == "Олена")
                        for part in inbound.message.parts {
                            if case .unsupported(let kind) = part { Issue.record("\(sample.kind): \(kind)") }
                        }
                    }
                }
                request.body.append(0x20)
                #expect(throws: WebhookRefusal.self) { try channel.read(request, account: account) }
            }
            let event = SampleEvent(from: ContactProfile(userID: "u"), messageID: 1, at: Date())
            #expect(maker.sampleWebhook("hologram", event, account: account)?.body == nil)
            // Signed with nothing, it would be nobody's.
            let empty = ChannelAccount(kind: channel.descriptor.kind)
            #expect(maker.sampleWebhook("message", event, account: empty)?.body == nil)
            let message = try #require(maker.sampleWebhook("message", event, account: account))
            for key in account.secrets.keys { account.secrets[key] = Secret("another") }
            let request = WebhookRequest(
                method: message.method, path: "/hook/t", headers: message.headers, body: message.body, id: "r",
                receivedAt: event.at)
            #expect(throws: WebhookRefusal.self) { try channel.read(request, account: account) }
        }
    }
}
