import Console
import FoundationEssentials
import RelayCore
import RelayTesting
import Testing

@Suite struct OverviewTests {
    @Test func `Without an installation it says to connect a channel`() async {
        var browser = await ConsoleScene().signedIn()
        let page = await browser.get("/")
        #expect(page.status == 200 && page.text.contains("/admin/installations/new"))
        #expect(!page.text.contains("<svg class=\"chart\"") && !page.text.contains("Nothing needs attention."))
    }

    @Test func `An installation without a message has empty charts and no figures made up`() async throws {
        let scene = try await MessageScene()
        var browser = await scene.scene.signedIn()
        let page = await browser.get("/")
        #expect(page.text.split(separator: "<svg class=\"chart\"").count == 3)
        #expect(page.text.contains("per minute: none in the last hour. Some minutes have no data."))
        #expect(page.text.contains("Nothing needs attention."))
    }

    @Test func `What came, waits, is dead and how long it took is told by installation and direction`() async throws {
        let scene = try await MessageScene()
        let clock = scene.scene.clock
        for number in 0..<5 {
            try await scene.store.keepMinute(of: scene.store.metrics(), now: clock.now)
            let id = try scene.message("text \(number)", from: ChannelUserID("user-\(number)"))
            if number == 0 { try await scene.markDead(id) }
            clock.pass(0.2)
            if number == 1 { try await scene.deliver(id) }
            clock.pass(59.8)
        }
        try await scene.store.keepMinute(of: scene.store.metrics(), now: clock.now)
        var browser = await scene.scene.signedIn()
        let page = await browser.get("/")
        for text in [
            "Messages from customers of The shop per minute: 5 in the last hour, at most 1 in a minute.",
            "<dt>Waiting</dt><dd><a href=\"/byoc/admin/messages?installation=viber-1&amp;state=waiting\">3</a></dd>",
            "<dt>Oldest waiting</dt><dd>3 min</dd>", "<dt>Failed</dt><dd><a href=", "state=dead\">1</a>",
            "Median</span> ≤ 250 ms", "p99</span> ≤ 250 ms",
            "Messages to customers of The shop per minute: none in the last hour.",
        ] {
            #expect(page.text.contains(text), "\(text)")
        }
    }

    @Test func `Alarms stand first, with their stable names, their figures and where to go`() async throws {
        let scene = try await MessageScene()
        let since = scene.scene.clock.now.addingTimeInterval(-600)
        for text in ["one", "two"] { try await scene.markDead(scene.message(text, from: ChannelUserID(text))) }
        _ = try await scene.store.raise(
            Alarm(.deliveryDead, of: scene.installation, subject: "inbound"), because: "byoc outbox tells", now: since)
        _ = try await scene.store.raise(
            Alarm(.breakerOpen, of: scene.installation, subject: "helpdesk"), because: "it fails", now: since)
        _ = try await scene.store.raise(Alarm(.storePressure, subject: "disk"), because: "12 MiB are free", now: since)
        var browser = await scene.scene.signedIn()
        let page = await browser.get("/")
        for text in [
            "delivery.dead", "2 messages couldn&#39;t be delivered", "for 10 min",
            "messages?direction=inbound&amp;installation=viber-1&amp;state=dead", "Freshchat isn&#39;t responding",
            "store.pressure", "12 MiB are free", "Free up disk space.", "Needs attention",
        ] {
            #expect(page.text.contains(text), "\(text)")
        }
        #expect(!page.text.contains("Nothing needs attention.") && !page.text.contains("byoc outbox"))
    }

    @Test func `Held messages need attention, with a link to them`() async throws {
        let scene = try await MessageScene()
        for text in ["one", "two"] {
            try scene.message("hello", from: ChannelUserID(text))
            try await scene.hold(scene.reply(text, to: ChannelUserID(text)))
        }
        var browser = await scene.scene.signedIn()
        let page = await browser.get("/").text
        #expect(page.contains("Needs attention") && page.contains("<strong>2 messages held</strong>"))
        #expect(page.contains("href=\"/byoc/admin/messages?installation=viber-1&amp;state=held\">View messages"))
        #expect(!page.contains("Nothing needs attention."))
    }

    @Test func `An installation that a person paused says to resume it, another one to replace the credential`()
        async throws
    {
        let scene = try await MessageScene()
        let now = scene.scene.clock.now
        for (cause, advice, link, label) in [
            (.person, "Resume it when you are ready.", "#actions", "Resume"),
            (
                .credential, "If a credential was refused, replace it. Sending then resumes automatically.",
                "#credentials", "Replace credential"
            ),
        ] as [(Installation.PauseCause, String, String, String)] {
            // The words don't matter: anyone may have written them.
            try await scene.store.pause(scene.installation, by: cause, reason: "the token", now: now)
            _ = try await scene.store.raise(
                Alarm(.installationPaused, of: scene.installation), because: "the token", now: now)
            var browser = await scene.scene.signedIn()
            let page = await browser.get("/").text
            #expect(page.contains(advice) && page.contains("/installations/viber-1\(link)\">\(label)"), "\(cause)")
            try await scene.store.resume(scene.installation, now: now)
        }
    }

    @Test func `Private notes count neither as customers' messages nor as failed ones from them`() async throws {
        let scene = try await MessageScene()
        let clock = scene.scene.clock
        try await scene.store.keepMinute(of: scene.store.metrics(), now: clock.now)
        try scene.message("hello")
        try await scene.store.markDead(
            scene.claim(scene.reply("no")), because: DeliveryFailure(.giveUp, reason: "No", detail: "6"),
            note: NoteDraft(text: "a note", conversation: "of anna"), now: clock.now)
        let note = try #require(
            try await scene.store.deliveries(DeliveryFilter(states: [.waiting])).first { $0.isNote })
        try await scene.markDead(note.id)
        _ = try await scene.store.raise(
            Alarm(.deliveryDead, of: scene.installation, subject: "inbound"), because: "byoc outbox", now: clock.now)
        clock.pass(60)
        try await scene.store.keepMinute(of: scene.store.metrics(), now: clock.now)
        var browser = await scene.scene.signedIn()
        let page = await browser.get("/").text
        #expect(page.contains("Messages from customers of The shop per minute: 1 in the last hour"))
        #expect(page.contains("<strong>1 private note couldn&#39;t be delivered</strong>"))
    }
}
