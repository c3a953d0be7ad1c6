import Console
import FoundationEssentials
import HTTPTypes
import RelayCore
import RelayTesting
import Synchronization
import Testing

@Suite struct InstallationPageTests {
    private static let page = "/installations/double-1"

    @Test func `An installation's page shows its URLs, and its secrets masked`() async throws {
        let scene = ConsoleScene()
        let installation = try await scene.install()
        var browser = await scene.signedIn()
        let text = await browser.get(Self.page).text
        for url in ["hook/target-double-1", "freshchat/helpdesk-double-1", "marketplace/event-double-1"] {
            #expect(text.contains("value=\"https://chat.example.com/byoc/\(url)\""))
        }
        #expect(text.contains("••••ters"))
        #expect(!text.contains(installation.helpdesk.token.reveal()))
        #expect(!text.contains(installation.channel.secrets["token"]?.reveal() ?? "-"))
    }

    @Test func `The page begins with the status, folds what passed, and has the URLs below`() async throws {
        let scene = ConsoleScene()
        _ = try await scene.install()
        var browser = await scene.signedIn()
        let text = await browser.get(Self.page).text
        let status = try #require(text.firstRange(of: ">Status</h2>"))
        let actions = try #require(text.firstRange(of: ">Actions</h2>"))
        let urls = try #require(text.firstRange(of: ">Webhook URLs</h2>"))
        #expect(status.lowerBound < actions.lowerBound && actions.lowerBound < urls.lowerBound)
        let folded = try #require(text.firstRange(of: "<details class=\"passed\">"))
        let open = String(text[status.upperBound..<folded.lowerBound])
        let passed = String(text[folded.upperBound..<actions.lowerBound])
        #expect(open.contains("Agents&#39; replies are rejected until you enter it."))
        #expect(open.contains("href=\"/byoc/admin\(Self.page)/credentials/desk_key\">Enter public key</a>"))
        #expect(open.contains("None received yet.") && !open.contains("Registered with Double."))
        #expect(passed.contains("checks passed") && passed.contains("Registered with Double."))
    }

    @Test func `An installation that byoc paused links to the credential to replace`() async throws {
        let scene = ConsoleScene()
        let installation = try await scene.install()
        try await scene.store.pause(
            installation.id, by: .credential, reason: "Double refuses the token", now: ConsoleScene.noon)
        var browser = await scene.signedIn()
        let text = await browser.get(Self.page).text
        #expect(text.contains("Double refuses the token"))
        #expect(text.contains("<a href=\"#credentials\">If a credential was refused, replace it."))
    }

    @Test(arguments: [
        ("", "/credentials/desk_key\">Enter public key"), ("KEY 1", "#addresses\">Set up the Freshchat webhook"),
    ])
    func `Where Freshchat's webhooks don't come, the page says so and links to what helps`(
        _ key: String, _ link: String
    ) async throws {
        let scene = ConsoleScene()
        var installation = ConsoleScene.installation("double-1")
        installation.helpdesk.webhookPublicKey = key
        try await scene.store.save(installation, now: ConsoleScene.noon)
        var browser = await scene.signedIn()
        #expect(!(await browser.get(Self.page).text.contains("replies arrive late")))
        // A reply that only the poll has found.
        let reply = HelpdeskMessage(
            id: "m-1", conversation: "c-1", user: nil, reference: "double:anna", actor: .agent, actorID: "agent-1",
            isPrivate: false, message: Message(text: "On its way"))
        _ = try await scene.store.acceptFound(
            installation.heardOfDesk(.init(dedupeKey: "reply", content: .reply(reply)), at: ConsoleScene.noon))
        _ = try await scene.store.raise(
            Alarm(.webhookSilent, of: installation.id), because: "none came", now: ConsoleScene.noon)
        scene.clock.pass(120)
        let page = await browser.get(Self.page).text
        #expect(page.contains("so replies arrive late.") && page.contains(link))
        let overview = await browser.get("/").text
        #expect(overview.contains("No webhooks from Freshchat: replies arrive late"))
        #expect(overview.contains("/installations/double-1#\(key.isEmpty ? "credentials" : "addresses")\""))
    }

    @Test func `The topic is shown by its name, with its id under Details`() async throws {
        let scene = ConsoleScene()
        var installation = ConsoleScene.installation("double-1")
        installation.topicName = "Shop chat"
        try await scene.store.save(installation, now: ConsoleScene.noon)
        var browser = await scene.signedIn()
        let text = await browser.get(Self.page).text
        #expect(text.contains("<dt>Topic</dt><dd dir=\"auto\">Shop chat</dd>"))
        #expect(text.contains("<dt>Topic ID</dt><dd dir=\"auto\">t-1</dd>"))
    }

    @Test func `Invalid signatures are told with their number and the credential to replace`() async throws {
        let scene = ConsoleScene()
        let installation = try await scene.install()
        var tally = IntakeTally()
        let flow = Flow(installation.id, .inbound)
        for _ in 0..<2 { tally.signatures[flow, default: SignatureTally()].note(isGenuine: false, isASCII: true) }
        try await scene.store.add(tally)
        var browser = await scene.signedIn()
        let text = await browser.get(Self.page).text
        #expect(text.contains("The last 2 signatures were invalid."))
        #expect(text.contains("the token no longer matches Double&#39;s."))
        #expect(text.contains("<a href=\"#credentials\">Replace token</a>"))
    }

    @Test func `HTML in a name is text`() async throws {
        let scene = ConsoleScene()
        let name = "<script>alert(1)</script>\"'&"
        _ = try await scene.install(name: name)
        var browser = await scene.signedIn()
        for path in ["/installations", Self.page, Self.page + "/remove", Self.page + "/test"] {
            let text = await browser.get(path).text
            #expect(!text.contains("<script>alert"))
            #expect(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
        }
    }

    @Test func `Pausing and resuming say what they did`() async throws {
        let scene = ConsoleScene()
        _ = try await scene.install()
        var browser = await scene.signedIn()
        let answer = await browser.submit(Self.page + "/pause", from: Self.page)
        #expect(answer.location == "/byoc/admin" + Self.page)
        let paused = await browser.get(Self.page).text
        #expect(paused.contains("Paused. New messages are queued."))
        #expect(
            paused.contains("<strong>Paused</strong>") && !paused.contains("If a credential was refused, replace it."))
        #expect(!(await browser.get(Self.page).text.contains("Paused. New messages are queued.")), "shown twice")
        _ = await browser.submit(Self.page + "/resume", from: Self.page)
        #expect(await browser.get(Self.page).text.contains(">Resumed.</p>"))
        #expect(try await scene.store.installation("double-1")?.isActive == true)
    }

    @Test func `A live check tells when the channel calls another address, without its whole URL`() async throws {
        let scene = ConsoleScene()
        _ = try await scene.install()
        scene.programme.state.withLock {
            $0.channelCheck = .success(
                ChannelCheck(accountName: "Shop bot", webhookURL: "https://other.example/hook/secret"))
        }
        var browser = await scene.signedIn()
        #expect(await browser.get(Self.page).text.contains("Registered with Double."))
        let asked = await browser.get(Self.page + "?check=now").text
        #expect(
            asked.contains(
                "Double&#39;s webhook leads to https://other.example/…, so customer messages aren&#39;t arriving here.")
        )
        #expect(!asked.contains("hook/secret"))
    }

    @Test func `A live check tells what is wrong with a credential`() async throws {
        let scene = ConsoleScene()
        _ = try await scene.install()
        scene.programme.state.withLock {
            $0.helpdeskCheck = .failure(SetupFailure(side: "Freshchat", problem: "It refuses us", remedy: "Ask it."))
        }
        var browser = await scene.signedIn()
        #expect(await browser.get(Self.page + "?check=now").text.contains("It refuses us. Ask it."))
    }

    @Test func `A credential is replaced once it was checked, and isn't shown again`() async throws {
        let scene = ConsoleScene()
        _ = try await scene.install()
        var browser = await scene.signedIn()
        let form = Self.page + "/credentials/desk_key"
        let wrong = await browser.submit(form, [("desk_key", "nonsense")])
        #expect(wrong.status == 422)
        #expect(wrong.text.contains("It is no key."))
        #expect(await browser.submit(form, [("desk_key", "KEY 1")]).location == "/byoc/admin" + Self.page)
        #expect(await browser.get(Self.page).text.contains("Credential verified and saved."))
        let token = await browser.submit(Self.page + "/credentials/token", [("token", "new")])
        #expect(token.location == "/byoc/admin" + Self.page)
        #expect(await browser.get(Self.page).text.contains("Credential verified and saved."))
        #expect(scene.programme.state.withLock { $0.replaced } == [.helpdeskKey, .channel("token")])
        #expect(await browser.get(Self.page + "/credentials/sender").status == 404)
    }

    @Test func `Removing asks first, and says that waiting messages are discarded if it is done now`() async throws {
        let scene = ConsoleScene()
        let installation = try await scene.install()
        _ = try scene.store.accept(
            installation.heard(
                .init(
                    dedupeKey: "k",
                    content: .message(
                        InboundPayload(
                            id: "m", profile: ContactProfile(userID: "u"), message: Message(text: "Hello")))),
                at: ConsoleScene.noon))
        var browser = await scene.signedIn()
        let page = await browser.get(Self.page + "/remove").text
        #expect(page.contains("1 waiting message will be discarded"))
        #expect(try await scene.store.installation("double-1") != nil)
        let answer = await browser.submit(Self.page + "/remove", [("sure", "yes"), ("waiting", "discard")])
        #expect(answer.location == "/byoc/admin/installations")
        #expect(await browser.get("/installations").text.contains("Installation removed, secrets deleted."))
        #expect(try await scene.store.installation("double-1") == nil)
        #expect(await browser.get(Self.page).status == 404)
    }

    @Test func `When the channel can't be reached, nothing is removed unless somebody insists`() async throws {
        let scene = ConsoleScene()
        _ = try await scene.install()
        scene.programme.state.withLock {
            $0.removal = SetupFailure(side: "Double", problem: "no answer", remedy: "Use --force.")
        }
        var browser = await scene.signedIn()
        let refused = await browser.submit(Self.page + "/remove", [("sure", "yes")])
        #expect(refused.status == 502)
        #expect(refused.text.contains("Double: no answer"))
        #expect(!refused.text.contains("--force"))
        #expect(try await scene.store.installation("double-1") != nil)
        _ = await browser.submit(Self.page + "/remove", [("sure", "yes"), ("insist", "yes")])
        #expect(try await scene.store.installation("double-1") == nil)
    }

    @Test func `A test is posted to the public target URL, and an answer that is none is told`() async throws {
        let scene = ConsoleScene()
        _ = try await scene.install()
        var browser = await scene.signedIn()
        let form = await browser.get(Self.page + "/test").text
        #expect(form.contains("byoc writes a message as Double would"))
        #expect(scene.programme.state.withLock { $0.posted.isEmpty })
        let sent = await browser.submit(Self.page + "/test")
        #expect(sent.status == 303)
        #expect(
            scene.programme.state.withLock { $0.posted } == ["https://chat.example.com/byoc/hook/target-double-1"])
        scene.programme.state.withLock {
            $0.reply = HTTPReply(status: .badGateway, body: Array("<h1>nginx</h1>".utf8))
        }
        let refused = await browser.submit(Self.page + "/test")
        #expect(refused.text.contains("The public address returned 502"))
        #expect(refused.text.contains("&lt;h1&gt;nginx&lt;/h1&gt;"))
    }

    @Test func `An installation from the environment is changed there`() async throws {
        let scene = ConsoleScene()
        var installation = ConsoleScene.installation("double-1")
        installation.origin = .environment
        try await scene.store.save(installation, now: ConsoleScene.noon)
        var browser = await scene.signedIn()
        #expect(await browser.get(Self.page).text.contains("Change its keys there"))
        let refused = await browser.get(Self.page + "/credentials/token")
        #expect(refused.status == 409)
        #expect(refused.text.contains("installations/double-1\">View installation</a>"), "the way back")
        #expect(await browser.submit(Self.page + "/remove", from: Self.page, [("sure", "yes")]).status == 409)
        #expect(try await scene.store.installation("double-1") != nil)
    }

    @Test func `Unknown pages and installations are not found`() async throws {
        let scene = ConsoleScene()
        var browser = await scene.signedIn()
        #expect(await browser.get("/installations/none").status == 404)
        #expect(await browser.get("/nothing/at/all").status == 404)
    }
}
