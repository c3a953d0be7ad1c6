import Console
import FoundationEssentials
import HTTPTypes
import RelayCore
import Testing

@Suite struct SignInTests {
    @Test func `Whoever isn't signed in is sent to sign in, and then on to where he wanted`() async {
        var browser = Browser(ConsoleScene().console)
        let asked = await browser.get("/installations?a=b")
        #expect(asked.status == 303)
        #expect(asked.location == "/byoc/admin/sign-in?to=%2Finstallations%3Fa%3Db")
        let answer = await browser.signIn(to: "/installations?a=b")
        #expect(answer.status == 303)
        #expect(answer.location == "/byoc/admin/installations?a=b")
        #expect(await browser.get("/installations").status == 200)
    }

    @Test func `A wrong password signs nobody in`() async {
        var browser = Browser(ConsoleScene().console)
        let answer = await browser.signIn("correct horse batterz")
        #expect(answer.status == 403)
        #expect(answer.text.contains("Wrong password."))
        #expect(browser.cookies["__Secure-byoc_session"] == nil)
        #expect(await browser.get("/installations").status == 303)
    }

    @Test(arguments: [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
        "/../../evil", "/installations/../../..", "/a\nSet-Cookie: x=y", "evil.example", "", "/sign-out",
        "/%2e%2e/%2e%2e/evil", "/%252e%252e/evil", "/..%2f..%2fevil", "/%25252e%25252e/evil", "/.%2e/evil",
        "/%2f%2fevil",
        "/%252f%252fevil.example", "/%5c%5cevil.example", "/%255cevil.example", "/installations//evil", "/./evil",
        "/...",
        "/a%0d%0aSet-Cookie:%20x=y", "/a%00b", "/a;b", "/@evil.example", "/:80", "/installations#/../..", "/ä",
        "/a?b\\c",
        "/a?b#c", "?to=/", "/\t/evil.example", "/%", "/sign-in?to=%2F", "/sign-out/x",
    ])
    func `Sign-in leads to none but our own pages`(_ target: String) async {
        var browser = Browser(ConsoleScene().console)
        #expect(await browser.signIn(to: target).location == "/byoc/admin")
    }

    @Test func `Without a password the pages say how to set one, and let nobody in`() async {
        var browser = Browser(ConsoleScene(password: nil).console)
        for path in ["/", "/installations", "/sign-in"] {
            let page = await browser.get(path)
            #expect(page.status == 503)
            #expect(page.text.contains("byoc hash-password"))
        }
        #expect(await browser.post("/sign-in", [("password", "")]).status == 503)
    }

    @Test func `A hash signs in with the password that it was made of, and with no other`() async throws {
        let hash = try AdminPassword.hash(ConsoleScene.password)
        #expect(hash.hasPrefix("scrypt:15:8:1:"))
        #expect(!hash.contains("horse"))
        let scene = ConsoleScene(password: hash)
        var browser = Browser(scene.console)
        #expect(await browser.signIn("correct horse batterz").status == 403)
        #expect(await browser.signIn(hash).status == 403)
        #expect(await browser.signIn().status == 303)
    }

    @Test(arguments: [
        "too short", "scrypt:15:8:1:c2FsdA:aGFzaA", "scrypt:99:8:1:AAAAAAAAAAAAAAAAAAAAAA:AAAA", "scrypt:all of it",
    ])
    func `What is too short, or half a hash, is no password`(_ text: String) {
        #expect(AdminPassword(text) == nil)
    }

    @Test(arguments: [
        ("13:8:1", "N is 2^13"), ("21:8:1", "N is 2^21"), ("-1:8:1", "N is 2^-1"), ("64:8:1", "N is 2^64"),
        ("15:0:1", "r is 0"), ("15:33:1", "r is 33"), ("15:8:0", "p is 0"), ("15:8:17", "p is 17"),
        // Computed by nobody: BoringSSL refuses each of them.
        ("16:1:1", "r = 1"), ("17:1:1", "r = 1"), ("20:1:1", "r = 1"), ("20:8:1", "needs 1025 MiB"),
        ("20:32:1", "needs 4097 MiB"), ("18:32:16", "needs 1025 MiB"), ("19:16:1", "needs 1025 MiB"),
    ])
    func `A hash that no password could match is refused, with what is wrong`(_ cost: String, _ fault: String) throws {
        let hash = try AdminPassword.hash(ConsoleScene.password).split(separator: ":").suffix(2).joined(separator: ":")
        do throws(AdminPassword.Fault) {
            _ = try AdminPassword(parsing: "scrypt:\(cost):\(hash)")
            Issue.record("it was taken")
        } catch {
            #expect(error.description.contains(fault), "\(error)")
            #expect(!error.description.contains(hash))
        }
    }

    @Test(arguments: ["14:1:1", "15:8:16", "18:31:1", "19:15:1", "16:2:1"])
    func `Costs that can be paid are taken`(_ cost: String) throws {
        let hash = try AdminPassword.hash(ConsoleScene.password).split(separator: ":").suffix(2).joined(separator: ":")
        #expect(AdminPassword("scrypt:\(cost):\(hash)") != nil)
    }

    @Test func `The session's cookie is for our pages alone, and for no script`() async throws {
        var browser = Browser(ConsoleScene().console)
        await browser.signIn()
        let cookie = try #require(browser.setCookies.first { $0.hasPrefix("__Secure-byoc_session=") })
        let attributes = cookie.split(separator: ";").dropFirst().map { $0.drop { $0 == " " } }
        #expect(Set(attributes) == ["Path=/byoc/admin", "HttpOnly", "SameSite=Lax", "Secure"])
    }

    @Test func `On a loopback address without TLS the cookie does without it as well`() async throws {
        var browser = Browser(ConsoleScene(baseURL: "http://127.0.0.1:8080").console)
        browser.origin = "http://127.0.0.1:8080"
        #expect(await browser.signIn().status == 303)
        let cookie = try #require(browser.setCookies.first { $0.hasPrefix("byoc_session=") })
        #expect(cookie.contains("Path=/admin;"))
        #expect(!cookie.contains("Secure"))
        #expect(await browser.get("/").status == 200)
    }
}

@Suite struct SessionTests {
    @Test(arguments: ["/", "/installations", "/messages?text=a%20%2e%2e%2fb&state=dead", "/messages/12-3_~.x"])
    func `Sign-in leads to the page that was asked for`(_ target: String) async {
        var browser = Browser(ConsoleScene().console)
        #expect(await browser.signIn(to: target).location == "/byoc/admin" + (target == "/" ? "" : target))
    }

    @Test func `No session goes on when what sign-in remembers is lost, and none that was ended comes back`() async {
        let scene = ConsoleScene()
        var browser = await scene.signedIn()
        let stolen = browser.cookies
        _ = await browser.submit("/sign-out", from: "/", [("everywhere", "yes")])
        let elsewhere = await scene.signedIn()
        scene.memory.forget()
        for cookies in [stolen, elsewhere.cookies] {
            var other = Browser(scene.console)
            other.cookies = cookies
            #expect(await other.get("/").status == 303)
        }
        // A record that begins anew, whichever of these comes first.
        let later = await scene.signedIn()
        for (cookies, status) in [(stolen, 303), (elsewhere.cookies, 303), (later.cookies, 200)] {
            var other = Browser(scene.console)
            other.cookies = cookies
            #expect(await other.get("/").status == status)
        }
    }

    @Test func `Every worker takes a session that one of them began`() async {
        let scene = ConsoleScene()
        let browser = await scene.signedIn()
        var other = Browser(ConsoleScene(memory: scene.memory, clock: scene.clock).console)
        other.cookies = browser.cookies
        #expect(await other.get("/").status == 200)
    }

    @Test func `A forged session is none`() async throws {
        let scene = ConsoleScene()
        let browser = await scene.signedIn()
        let session = try #require(browser.cookies["__Secure-byoc_session"])
        let parts = session.split(separator: ".").map(String.init)
        /// The cookie with another word at this place and the old signature.
        func with(_ word: String, at place: Int) -> String {
            var changed = parts
            changed[place] = word
            return changed.joined(separator: ".")
        }
        let forgeries: [String] = [
            "", "x", "a.b.c.d.e", session + "A", String(session.dropLast()), with("another", at: 0),
            with("1999999999", at: 2), with("1", at: 3), parts.dropLast().joined(separator: "."),
        ]
        for forgery in forgeries {
            var other = Browser(scene.console)
            other.cookies = ["__Secure-byoc_session": forgery]
            #expect(await other.get("/").status == 303, "\(forgery)")
        }
    }

    @Test func `A session of another key, or from before the password was changed, is none`() async {
        let scene = ConsoleScene()
        let browser = await scene.signedIn()
        let otherKey = ConsoleScene(key: Array(repeating: 7, count: 32), memory: scene.memory, clock: scene.clock)
        let otherPassword = ConsoleScene(password: "another password", memory: scene.memory, clock: scene.clock)
        for console in [otherKey.console, otherPassword.console] {
            var other = Browser(console)
            other.cookies = browser.cookies
            #expect(await other.get("/").status == 303)
        }
    }

    @Test func `A session that isn't used ends after an hour, and one that is after twelve`() async {
        let scene = ConsoleScene()
        var idle = await scene.signedIn()
        scene.clock.pass(59 * 60)
        #expect(await idle.get("/").status == 200)
        scene.clock.pass(61 * 60)
        #expect(await idle.get("/").status == 303)

        var busy = await scene.signedIn()
        for _ in 0..<23 {
            scene.clock.pass(31 * 60)
            #expect(await busy.get("/").status == 200)
        }
        scene.clock.pass(31 * 60)
        #expect(await busy.get("/").status == 303)
    }

    @Test func `Signing out ends this session in every worker, and leaves others alone`() async {
        let scene = ConsoleScene()
        var browser = await scene.signedIn()
        var elsewhere = await scene.signedIn()
        let stolen = browser.cookies
        let answer = await browser.submit("/sign-out", from: "/")
        #expect(answer.location == "/byoc/admin/sign-in")
        #expect(browser.cookies["__Secure-byoc_session"] == nil)
        var thief = Browser(ConsoleScene(memory: scene.memory, clock: scene.clock).console)
        thief.cookies = stolen
        #expect(await thief.get("/").status == 303)
        #expect(await elsewhere.get("/").status == 200)
    }

    @Test func `Signing out everywhere ends all sessions, and new ones can begin`() async {
        let scene = ConsoleScene()
        var browser = await scene.signedIn()
        var elsewhere = await scene.signedIn()
        _ = await browser.submit("/sign-out", from: "/", [("everywhere", "yes")])
        #expect(await elsewhere.get("/").status == 303)
        await elsewhere.signIn()
        #expect(await elsewhere.get("/").status == 200)
    }
}
