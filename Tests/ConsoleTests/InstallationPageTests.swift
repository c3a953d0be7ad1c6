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
        #expect(await browser.submit(Self.page + "/pause", from: Self.page).location?.hasSuffix("?done=paused") == true)
        let paused = await browser.get(Self.page + "?done=paused").text
        #expect(paused.contains("Paused. What comes in waits."))
        #expect(paused.contains("It is paused"))
        _ = await browser.submit(Self.page + "/resume", from: Self.page)
        #expect(try await scene.store.installation("double-1")?.isActive == true)
    }

    @Test func `Asked now, the page says when the channel calls somebody else, without his whole URL`() async throws {
        let scene = ConsoleScene()
        _ = try await scene.install()
        scene.programme.state.withLock {
            $0.channelCheck = .success(
                ChannelCheck(accountName: "Shop bot", webhookURL: "https://other.example/hook/secret"))
        }
        var browser = await scene.signedIn()
        #expect(await browser.get(Self.page).text.contains("Registered with Double."))
        let asked = await browser.get(Self.page + "?check=now").text
        #expect(asked.contains("Double calls https://other.example/…, and not this address"))
        #expect(!asked.contains("hook/secret"))
    }

    @Test func `Asked now, the page tells what is wrong with a credential`() async throws {
        let scene = ConsoleScene()
        _ = try await scene.install()
        scene.programme.state.withLock {
            $0.deskCheck = .failure(SetupFailure(side: "Freshchat", problem: "It refuses us", remedy: "Ask it."))
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
        #expect(await browser.submit(form, [("desk_key", "KEY 1")]).location?.hasSuffix("?done=replaced") == true)
        #expect(
            await browser.submit(Self.page + "/credentials/token", [("token", "new")]).location?.hasSuffix("=replaced")
                == true)
        #expect(scene.programme.state.withLock { $0.replaced } == [.helpdeskKey, .channel("token")])
        #expect(await browser.get(Self.page + "/credentials/sender").status == 404)
    }

    @Test func `Removing asks first, and says what becomes of what waits`() async throws {
        let scene = ConsoleScene()
        let installation = try await scene.install()
        _ = try scene.store.accept(
            Acceptance(
                installation: installation.id, topic: "t-1", channel: "double",
                arrivals: [
                    .init(
                        dedupeKey: "k",
                        content: .message(
                            IncomingPayload(
                                id: "m", profile: ContactProfile(userID: "u"), message: Message(text: "Hello"))))
                ], at: ConsoleScene.noon))
        var browser = await scene.signedIn()
        let page = await browser.get(Self.page + "/remove").text
        #expect(page.contains("One message that waits is discarded"))
        #expect(try await scene.store.installation("double-1") != nil)
        let answer = await browser.submit(Self.page + "/remove", [("sure", "yes")])
        #expect(answer.location == "/byoc/admin/installations?done=removed")
        #expect(try await scene.store.installation("double-1") == nil)
        #expect(await browser.get(Self.page).status == 404)
    }

    @Test func `When the channel can't be told, nothing is removed unless one insists`() async throws {
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
        #expect(refused.text.contains("The public address answered 502"))
        #expect(refused.text.contains("&lt;h1&gt;nginx&lt;/h1&gt;"))
    }

    @Test func `What comes from the environment is changed there`() async throws {
        let scene = ConsoleScene()
        var installation = ConsoleScene.installation("double-1")
        installation.origin = .environment
        try await scene.store.save(installation, now: ConsoleScene.noon)
        var browser = await scene.signedIn()
        #expect(await browser.get(Self.page).text.contains("Change its keys there"))
        #expect(await browser.get(Self.page + "/credentials/token").status == 409)
        #expect(await browser.submit(Self.page + "/remove", from: Self.page, [("sure", "yes")]).status == 409)
        #expect(try await scene.store.installation("double-1") != nil)
    }

    @Test func `A store that doesn't answer is told as such`() async throws {
        let scene = ConsoleScene()
        var browser = await scene.signedIn()
        #expect(await browser.get("/installations/none").status == 404)
        #expect(await browser.get("/nothing/at/all").status == 404)
    }
}
