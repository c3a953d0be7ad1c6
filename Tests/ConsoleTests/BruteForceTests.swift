import Console
import FoundationEssentials
import HTTPTypes
import RelayCore
import Testing

@Suite struct BruteForceTests {
    @Test func `After five wrong passwords an address must wait, longer each time, and the right one waits too`() async
    {
        let scene = ConsoleScene()
        var browser = Browser(scene.console)
        for _ in 0..<5 { #expect(await browser.signIn("a wrong password").status == 403) }
        var waits: [String] = []
        for _ in 0..<4 {
            let refused = await browser.signIn()
            #expect(refused.status == 429)
            let seconds = refused.headers[.retryAfter] ?? "?"
            #expect(refused.text.contains("Too many attempts. Try again in \(seconds) s."))
            waits.append(refused.headers[.retryAfter] ?? "")
            scene.clock.pass(TimeInterval(refused.headers[.retryAfter] ?? "") ?? 0)
            #expect(await browser.signIn("a wrong password").status == 403)
        }
        #expect(waits == ["1", "2", "4", "8"])
        // It is slowed down, not locked out.
        scene.clock.pass(300)
        #expect(await browser.signIn().status == 303)
    }

    @Test func `Workers count together, and a restart forgets nothing`() async {
        let scene = ConsoleScene()
        for _ in 0..<5 {
            var browser = Browser(ConsoleScene(memory: scene.memory, clock: scene.clock).console)
            #expect(await browser.signIn("a wrong password").status == 403)
        }
        var browser = Browser(ConsoleScene(memory: scene.memory, clock: scene.clock).console)
        #expect(await browser.signIn().status == 429)
    }

    @Test func `One address that is slowed down slows no other, but counts as one with its IPv6 neighbours`() async {
        let scene = ConsoleScene()
        for last in 1...5 {
            var browser = Browser(scene.console)
            browser.address = "2001:db8:1:2::\(last)"
            #expect(await browser.signIn("a wrong password").status == 403)
        }
        var neighbour = Browser(scene.console)
        neighbour.address = "2001:db8:1:2:ffff:ffff:ffff:ffff"
        #expect(await neighbour.signIn().status == 429)
        var stranger = Browser(scene.console)
        stranger.address = "2001:db8:1:3::1"
        #expect(await stranger.signIn().status == 303)
    }

    @Test func `Many addresses together are slowed down, but not a browser that has signed in before`() async {
        let scene = ConsoleScene()
        var known = await scene.signedIn()
        _ = await known.submit("/sign-out", from: "/")
        for number in 0..<30 {
            var browser = Browser(scene.console)
            browser.address = "198.51.100.\(number)"
            #expect(await browser.signIn("a wrong password").status == 403)
        }
        var stranger = Browser(scene.console)
        stranger.address = "203.0.113.9"
        #expect(await stranger.signIn().status == 429)
        #expect(await known.signIn().status == 303)
        scene.clock.pass(5)
        #expect(await stranger.signIn().status == 303)
    }

    @Test func `A browser that makes itself known is taken by its own count`() async {
        let scene = ConsoleScene()
        var browser = Browser(scene.console)
        browser.cookies["__Secure-byoc_browser"] = "made-up.signature"
        for _ in 0..<5 { #expect(await browser.signIn("a wrong password").status == 403) }
        browser.cookies["__Secure-byoc_browser"] = "another.signature"
        #expect(await browser.signIn().status == 429)
    }
}
