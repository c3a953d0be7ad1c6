import Console
import FoundationEssentials
import RelayCore
import RelayTesting
import Testing

/// The stages of a message on its page.
@Suite struct TimelineTests {
    @Test(arguments: [
        (ReplySource.webhook, "Freshchat&#39;s webhook was verified and stored."),
        (.productEvent, "Freshchat&#39;s product event was stored."),
        (.poll, "Found by polling Freshchat, because no webhook had arrived."),
    ])
    func `A reply says how it came, and one that was found by polling how late`(_ source: ReplySource, _ words: String)
        async throws
    {
        let scene = try await MessageScene()
        var message = Message(text: "On its way")
        message.sentAt = scene.scene.clock.now.addingTimeInterval(-240)
        let reply = HelpdeskMessage(
            id: "m-1", conversation: "c-1", user: nil, reference: "viber:anna", actor: .agent, actorID: "agent-1",
            isPrivate: false, message: message)
        let id = try #require(
            try scene.store.accept(
                scene.stored.heardOfDesk(
                    .init(dedupeKey: "reply", content: .reply(reply)), at: scene.scene.clock.now, source: source)
            ).deliveries.first)
        var browser = await scene.scene.signedIn()
        let page = await browser.get("/messages/\(id)").text
        #expect(page.contains(words))
        #expect(page.contains("Received 4 min after it was written.") == (source == .poll))
    }

    @Test func `Attempts are numbered for each part, and one that was never made isn't shown`() async throws {
        let scene = try await MessageScene()
        let id = try scene.message("one")
        let now = scene.scene.clock.now
        let failure = DeliveryFailure(.retry(after: nil), reason: "Freshchat is busy", detail: "503")
        try await scene.store.retry(
            scene.claim(id), after: failure, at: now, counting: true, wakesOnContact: false, now: now)
        // A claim that is given back has sent nothing.
        try await scene.store.release(scene.claim(id), now: now)
        let second = try await scene.store.advance(
            scene.claim(id), delivered: PieceOutcome(nil), lease: .seconds(60), now: now)
        _ = try await scene.store.complete(second, delivered: PieceOutcome(nil), lease: .seconds(60), now: now)
        var browser = await scene.scene.signedIn()
        let page = await browser.get("/messages/\(id)").text
        for stage in ["Part 1, attempt 1", "Part 1, attempt 2", "Part 2, attempt 1"] {
            #expect(page.contains("<strong>\(stage)</strong>"), "\(stage)")
        }
        #expect(!page.contains("attempt 3") && !page.contains("Part 2, attempt 2"))
    }

    @Test func `A failure that the last attempt tells isn't repeated at the end`() async throws {
        let scene = try await MessageScene()
        let id = try scene.message("one")
        try await scene.markDead(id, reason: "The customer is gone", detail: "status 6")
        var browser = await scene.scene.signedIn()
        let page = await browser.get("/messages/\(id)").text
        #expect(page.split(separator: "The customer is gone").count == 2)
        #expect(page.contains("<strong>Failed</strong>"))
    }
}
