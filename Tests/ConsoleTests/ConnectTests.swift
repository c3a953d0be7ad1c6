import Console
import HTTPTypes
import RelayCore
import RelayTesting
import Synchronization
import Testing

@Suite struct ConnectTests {
    private static let secret = "channel-secret-0123456789abcdef"
    private static let helpdeskSecret = "desk-secret-0123456789abcdef"

    private func channelStep(_ browser: inout Browser, token: String = secret, draft: String = "") async -> Reply {
        await browser.submit(
            "/installations/new/double", [("token", token), ("sender", "Shop"), ("draft", draft)])
    }

    private func helpdeskStep(
        _ browser: inout Browser, _ before: Reply, address: String = "https://acme.example.com/v2",
        token: String = helpdeskSecret
    ) async -> Reply {
        await browser.post(
            "/installations/new/double/freshchat",
            [
                ("csrf", before.token ?? ""), ("draft", before.value(of: "draft") ?? ""), ("desk_url", address),
                ("desk_token", token),
            ])
    }

    private func topicStep(_ browser: inout Browser, _ before: Reply, topic: String) async -> Reply {
        await browser.post(
            "/installations/new/double/topic",
            [
                ("csrf", before.token ?? ""), ("draft", before.value(of: "draft") ?? ""), ("topic", topic),
                ("name", "My shop"), ("doubt", "hold"),
            ])
    }

    @Test func `The first page says of each channel what it needs and where to find it`() async {
        var browser = await ConsoleScene().signedIn()
        let empty = await browser.get("/installations").text
        #expect(empty.contains("No channel connected"))
        #expect(empty.contains("/byoc/admin/installations/new"))
        let page = await browser.get("/installations/new").text
        #expect(page.contains("Double"))
        #expect(page.contains("From the account's page.".replacing("'", with: "&#39;")))
        #expect(!page.contains("Sender name"))
    }

    @Test func `Four steps connect a channel, and no secret ever comes back to the browser`() async throws {
        let scene = ConsoleScene()
        var browser = await scene.signedIn()
        let first = await channelStep(&browser)
        #expect(first.status == 200)
        #expect(first.text.contains("“Shop bot”"))
        let second = await helpdeskStep(&browser, first)
        #expect(second.status == 200)
        #expect(second.text.contains("value=\"t-1\""))
        #expect(second.text.contains("disabled in Freshchat"))
        let third = await topicStep(&browser, second, topic: "t-1")
        #expect(third.location == "/byoc/admin/installations/double-new")

        let plan = try #require(scene.programme.state.withLock { $0.plans.first })
        #expect(plan.channel.secrets["token"]?.reveal() == Self.secret)
        #expect(plan.channel.settings["sender"] == "Shop")
        #expect(plan.helpdesk.token.reveal() == Self.helpdeskSecret)
        #expect(plan.topic == "t-1")
        #expect(plan.name == "My shop")
        #expect(plan.doubtPolicy == .hold)
        for page in [first, second, third] {
            #expect(!page.text.contains(Self.secret))
            #expect(!page.text.contains(Self.helpdeskSecret))
        }
        let done = await browser.get("/installations/double-new").text
        #expect(done.contains("https://chat.example.com/byoc/hook/target-double-new"))
        #expect(done.contains("https://chat.example.com/byoc/freshchat/helpdesk-double-new"))
        #expect(done.contains("Connected."))
    }

    @Test func `What a side refuses stands beside the field that it is about, and that secret is asked for again`()
        async
    {
        let scene = ConsoleScene()
        var browser = await scene.signedIn()
        scene.programme.state.withLock {
            $0.channelCheck = .failure(
                SetupFailure(side: "Double", problem: "the token is refused", remedy: "Copy it again.", field: "token"))
        }
        let refused = await channelStep(&browser)
        #expect(refused.status == 422)
        #expect(refused.text.contains("id=\"f-token-problem\">Double: the token is refused. Copy it again.</p>"))
        #expect(refused.text.contains("href=\"#f-token\""))
        #expect(refused.text.contains("value=\"Shop\""))
        #expect(!refused.text.contains(Self.secret))
        scene.programme.state.withLock { $0.channelCheck = .success(ChannelCheck(accountName: "Shop bot")) }
        let empty = await channelStep(&browser, token: "", draft: refused.value(of: "draft") ?? "")
        #expect(empty.status == 422)
        #expect(empty.text.contains(">Required.</p>"))
    }

    @Test func `A secret that was good stays when another field is corrected`() async throws {
        let scene = ConsoleScene()
        var browser = await scene.signedIn()
        let first = await channelStep(&browser)
        let wrong = await helpdeskStep(&browser, first, address: "http://acme")
        #expect(wrong.status == 422)
        #expect(wrong.text.contains("It must begin with https."))
        #expect(wrong.text.contains("Leave blank to keep."))
        #expect(!wrong.text.contains(Self.helpdeskSecret))
        let right = await helpdeskStep(&browser, wrong, token: "")
        #expect(right.status == 200)
        _ = await topicStep(&browser, right, topic: "t-1")
        #expect(scene.programme.state.withLock { $0.plans.first }?.helpdesk.token.reveal() == Self.helpdeskSecret)
    }

    @Test func `What was entered opens for nobody else, and not for ever`() async {
        let scene = ConsoleScene()
        var browser = await scene.signedIn()
        var other = await scene.signedIn()
        let first = await channelStep(&browser)
        var stolen = await other.get("/installations/new/double")
        stolen = await other.post(
            "/installations/new/double/freshchat",
            [
                ("csrf", stolen.token ?? ""), ("draft", first.value(of: "draft") ?? ""),
                ("desk_url", "https://acme.example.com/v2"), ("desk_token", "x"),
            ])
        #expect(stolen.status == 409)
        #expect(stolen.text.contains("<a href=\"/byoc/admin/installations/new\">Connect a channel</a>"), "the way on")
        for _ in 0..<5 {
            scene.clock.pass(30 * 60)
            _ = await browser.get("/")
        }
        #expect(await helpdeskStep(&browser, first).status == 409)
        #expect(scene.programme.state.withLock { $0.plans.isEmpty })
    }

    @Test func `A secret that was entered for one channel is not taken to another`() async {
        let scene = ConsoleScene()
        var browser = await scene.signedIn()
        let first = await channelStep(&browser)
        let other = await browser.post(
            "/installations/new/other",
            [("csrf", first.token ?? ""), ("draft", first.value(of: "draft") ?? ""), ("token", "")])
        #expect(other.status == 422)
        #expect(scene.programme.state.withLock { $0.checked.count } == 1)
    }

    @Test func `Without a topic nothing is connected`() async {
        let scene = ConsoleScene()
        var browser = await scene.signedIn()
        let first = await channelStep(&browser)
        let second = await helpdeskStep(&browser, first)
        let third = await topicStep(&browser, second, topic: "")
        #expect(third.status == 422)
        #expect(third.text.contains("No topic selected"))
        #expect(scene.programme.state.withLock { $0.plans.isEmpty })
    }

    @Test func `What an installation warns of is shown once it is made`() async {
        let scene = ConsoleScene()
        var browser = await scene.signedIn()
        scene.programme.state.withLock { $0.warnings = ["Double was calling <b>elsewhere</b>."] }
        let first = await channelStep(&browser)
        let second = await helpdeskStep(&browser, first)
        let made = await topicStep(&browser, second, topic: "t-1")
        let path = String((made.location ?? "").dropFirst("/byoc/admin".count))
        #expect(await browser.get(path).text.contains("Double was calling &lt;b&gt;elsewhere&lt;/b&gt;."))
    }
}
