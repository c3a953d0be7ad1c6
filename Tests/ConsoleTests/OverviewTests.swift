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
        #expect(!page.text.contains("<svg class=\"chart\"") && !page.text.contains("No alarm is raised."))
    }

    @Test func `An installation without a message has empty charts and no figures made up`() async throws {
        let scene = try await MessageScene()
        var browser = await scene.scene.signedIn()
        let page = await browser.get("/")
        #expect(page.text.split(separator: "<svg class=\"chart\"").count == 3)
        #expect(page.text.contains("minute by minute: none in the last hour. Some minutes weren&#39;t noted."))
        #expect(page.text.contains("No alarm is raised."))
    }

    @Test func `What came, waits, is dead and how long it took is told by installation and direction`() async throws {
        let scene = try await MessageScene()
        let clock = scene.scene.clock
        for number in 0..<5 {
            try await scene.store.keepMinute(of: scene.store.metrics(), now: clock.now)
            let id = try scene.message("text \(number)", from: ChannelUserID("user-\(number)"))
            if number == 0 { try await scene.bury(id) }
            clock.pass(0.2)
            if number == 1 { try await scene.deliver(id) }
            clock.pass(59.8)
        }
        try await scene.store.keepMinute(of: scene.store.metrics(), now: clock.now)
        var browser = await scene.scene.signedIn()
        let page = await browser.get("/")
        for text in [
            "Messages from customers of The shop, minute by minute: 5 in the last hour, at most 1 in one minute.",
            "<dt>Waiting</dt><dd><a href=\"/byoc/admin/messages?installation=viber-1&amp;state=waiting\">3</a></dd>",
            "<dt>Oldest</dt><dd>3 min</dd>", "state=dead\">1</a>", "Half within</span> 250 ms",
            "Messages to customers of The shop, minute by minute: none in the last hour.",
        ] {
            #expect(page.text.contains(text), "\(text)")
        }
    }

    @Test func `Alarms stand first, with their stable names and where to go`() async throws {
        let scene = try await MessageScene()
        let since = scene.scene.clock.now.addingTimeInterval(-600)
        _ = try await scene.store.raise(
            Alarm(.deliveryDead, of: scene.installation), because: "2 deliveries are dead", now: since)
        _ = try await scene.store.raise(Alarm(.storePressure, subject: "disk"), because: "12 MiB are free", now: since)
        var browser = await scene.scene.signedIn()
        let page = await browser.get("/")
        for text in [
            "delivery.dead", "2 deliveries are dead", "for 10 min", "messages?installation=viber-1&amp;state=dead",
            "store.pressure", "12 MiB are free",
        ] {
            #expect(page.text.contains(text), "\(text)")
        }
        #expect(!page.text.contains("No alarm is raised."))
    }
}
