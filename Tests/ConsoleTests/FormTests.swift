import Console
import HTTPTypes
import RelayCore
import RelayTesting
import Synchronization
import Testing

@Suite struct FormTests {
    private func isActive(_ scene: ConsoleScene) async throws -> Bool {
        try await scene.store.installation("double-1")?.isActive == true
    }

    @Test func `A form with the page's own token is taken`() async throws {
        let scene = ConsoleScene()
        _ = try await scene.install()
        var browser = await scene.signedIn()
        let answer = await browser.submit("/installations/double-1/pause", from: "/installations/double-1")
        #expect(answer.status == 303)
        #expect(try await !isActive(scene))
    }

    @Test func `A form without the token, with a wrong one, or with that of another session changes nothing`()
        async throws
    {
        let scene = ConsoleScene()
        _ = try await scene.install()
        var browser = await scene.signedIn()
        var other = await scene.signedIn()
        let others = try #require(await other.get("/installations/double-1").token)
        let own = try #require(await browser.get("/installations/double-1").token)
        #expect(own != others)
        for fields in [[], [("csrf", "")], [("csrf", "wrong")], [("csrf", others)], [("csrf", own + "A")]] {
            let answer = await browser.post("/installations/double-1/pause", fields)
            #expect(answer.status == 403)
        }
        #expect(try await isActive(scene))
    }

    @Test(
        arguments: [
            ("https://evil.example", nil), ("null", nil), ("http://chat.example.com", nil),
            ("https://chat.example.com:444", nil), (nil, "cross-site"), (nil, "same-site"),
            ("https://chat.example.com", "cross-site"), (nil, "none"),
        ] as [(String?, String?)])
    func `A form from another place changes nothing, token or not`(_ origin: String?, _ site: String?) async throws {
        let scene = ConsoleScene()
        _ = try await scene.install()
        var browser = await scene.signedIn()
        let token = try #require(await browser.get("/installations/double-1").token)
        browser.origin = origin
        browser.site = site
        let answer = await browser.post("/installations/double-1/pause", [("csrf", token)])
        #expect(answer.status == 403)
        #expect(answer.text.contains("https://chat.example.com/byoc/admin"))
        #expect(try await isActive(scene))
    }

    @Test func `Sign-in's own form needs its token, bound to the browser that it was given to`() async throws {
        let scene = ConsoleScene()
        var browser = Browser(scene.console)
        var other = Browser(scene.console)
        let others = try #require(await other.get("/sign-in").token)
        _ = await browser.get("/sign-in")
        for token in ["", "wrong", others] {
            let answer = await browser.post("/sign-in", [("csrf", token), ("password", ConsoleScene.password)])
            #expect(answer.status == 403)
            #expect(browser.cookies["__Secure-byoc_session"] == nil)
        }
    }

    @Test func `Signing out needs the token as well`() async {
        var browser = await ConsoleScene().signedIn()
        #expect(await browser.post("/sign-out", []).status == 403)
        #expect(await browser.get("/").status == 200)
    }

    @Test func `A change by GET is none, and leads back to where its form is`() async throws {
        let scene = ConsoleScene()
        _ = try await scene.install()
        var browser = await scene.signedIn()
        let answer = await browser.get("/installations/double-1/pause")
        #expect(answer.location == "/byoc/admin/installations")
        #expect(try await isActive(scene))
    }
}
