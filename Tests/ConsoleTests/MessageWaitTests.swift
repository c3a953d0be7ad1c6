import Console
import FoundationEssentials
import RelayCore
import RelayTesting
import Testing

/// Why a message waits, on its page and in the list.
@Suite struct MessageWaitTests {
    private func pages(_ id: DeliveryID, _ scene: MessageScene) async -> (page: String, list: String) {
        var browser = await scene.scene.signedIn()
        return (await browser.get("/messages/\(id)").text, await browser.get("/messages").text)
    }

    @Test func `A message behind another one links to that one`() async throws {
        let scene = try await MessageScene()
        try await scene.enlist()
        let first = try scene.message("one")
        let second = try scene.message("two")
        let (page, list) = await pages(second, scene)
        let words = "Queued behind <a href=\"/byoc/admin/messages/\(first)\">#\(first)</a>."
        #expect(page.split(separator: words).count == 3, "under the heading and in the timeline")
        #expect(list.contains(words))
    }

    @Test func `While its installation is paused, a message links to the installation`() async throws {
        let scene = try await MessageScene()
        try await scene.enlist()
        let id = try scene.message("one")
        try await scene.store.pause(
            scene.installation, by: .credential, reason: "The token is refused", now: scene.scene.clock.now)
        let (page, list) = await pages(id, scene)
        let words =
            "The installation is paused: <a href=\"/byoc/admin/installations/viber-1\">view installation</a>."
        #expect(page.contains(words) && list.contains(words))
    }

    @Test func `While its account is paused, a message says which account and what resumes it`() async throws {
        let scene = try await MessageScene()
        try await scene.enlist()
        let id = try scene.message("one")
        let installation = try #require(try scene.store.directory()[scene.installation])
        try await scene.store.refuse(
            .helpdesk(installation.helpdesk), reason: "The token is refused", now: scene.scene.clock.now)
        let (page, list) = await pages(id, scene)
        let words =
            "The Freshchat account is paused: <a href=\"/byoc/admin/installations/viber-1\">view installation</a>. "
            + "Replacing its credential resumes it."
        #expect(page.contains(words) && list.contains(words))
        var browser = await scene.scene.signedIn()
        #expect(await browser.get("/installations/viber-1/test").text.contains("The Freshchat account is paused, so"))
    }

    @Test func `Behind a rate limit the page names the service and when sending resumes`() async throws {
        let scene = try await MessageScene()
        try await scene.enlist()
        let id = try scene.message("one")
        let until = scene.scene.clock.now.addingTimeInterval(90)
        try await scene.store.closeGate(.account(.helpdesk("freshchat-1")), until: until)
        let (page, list) = await pages(id, scene)
        for text in [page, list] {
            #expect(text.contains("Freshchat limits the rate. Sending resumes at <time"))
            #expect(text.contains("2026-02-03 12:01:30 UTC</time>."))
        }
    }

    @Test func `A failed attempt says when it is retried, and never names a time that has passed`() async throws {
        let scene = try await MessageScene()
        try await scene.enlist()
        let id = try scene.message("one")
        let now = scene.scene.clock.now
        let failure = DeliveryFailure(.retry(after: nil), reason: "Freshchat is busy", detail: "503")
        try await scene.store.retry(
            scene.claim(id), after: failure, at: now.addingTimeInterval(30), counting: true, wakesOnContact: false,
            now: now)
        let (page, list) = await pages(id, scene)
        for text in [page, list] {
            #expect(text.contains("Retrying at <time"))
            #expect(text.contains("2026-02-03 12:00:30 UTC</time>."))
            #expect(text.contains("Freshchat is busy"))
        }
        scene.scene.clock.pass(31)
        let (later, laterList) = await pages(id, scene)
        for text in [later, laterList] {
            #expect(!text.contains("12:00:30") && text.contains("Ready to send."))
        }
    }

    @Test func `A message that is being sent says so, and is no attempt twice`() async throws {
        let scene = try await MessageScene()
        try await scene.enlist()
        let id = try scene.message("one")
        _ = try await scene.claim(id)
        let (page, list) = await pages(id, scene)
        #expect(page.contains("Being sent now.") && list.contains("Being sent now."))
        #expect(page.split(separator: "<div class=\"line\"><strong>").count == 3, "received, and one attempt")
    }

    @Test(arguments: [
        (DeadLetterCause.unsubscribed, "retrying won&#39;t help until they write again."),
        (.unreachable, "can&#39;t reach this customer: retrying won&#39;t help."),
        (.exhausted, "All attempts failed: retry once viber works again."),
    ])
    func `A failed reply's advice fits its cause and names the channel, which here has no other name than its kind`(
        _ cause: DeadLetterCause, _ advice: String
    )
        async throws
    {
        let scene = try await MessageScene()
        let id = try scene.reply("one")
        try await scene.store.markDead(
            scene.claim(id), because: DeliveryFailure(.giveUp, reason: "No", detail: "6", cause: cause), note: nil,
            now: scene.scene.clock.now)
        let (page, _) = await pages(id, scene)
        #expect(page.contains("Delivery failed. ") && page.contains(advice))
    }

    @Test func `Retrying a reply in doubt warns that the customer may get it twice`() async throws {
        let scene = try await MessageScene()
        let id = try scene.reply("one")
        let now = scene.scene.clock.now
        let failure = DeliveryFailure(.retry(after: nil), isCertain: false, reason: "No answer", detail: "time-out")
        try await scene.store.retry(
            scene.claim(id), after: failure, at: now.addingTimeInterval(30), counting: true, wakesOnContact: false,
            now: now)
        var browser = await scene.scene.signedIn()
        #expect(await browser.get("/messages/\(id)").text.contains("they may get it twice."))
        let form = await browser.get("/messages/\(id)/retry").text
        #expect(form.contains("the customer gets this message twice."))
        // Into Freshchat a doubt is looked up.
        let message = try scene.message("two")
        #expect(!(await browser.get("/messages/\(message)/retry").text.contains("twice")))
    }
}
