import Console
import FoundationEssentials
import HTTPTypes
import RelayCore
import RelayTesting
import Synchronization
import Testing

@Suite struct AddressTests {
    private static let token = "channel-secret-0123456789abcdef"

    private static func check(_ addresses: [AddressOffer]) -> Result<ChannelCheck, SetupFailure> {
        .success(ChannelCheck(accountName: "Shop app", identity: "app-1", addresses: addresses))
    }

    private static let two = [AddressOffer("first", name: "+30 210 1"), AddressOffer("second", name: "+30 210 2")]

    private func channelStep(_ browser: inout Browser) async -> Reply {
        await browser.submit("/installations/new/double", [("token", Self.token)])
    }

    private func post(_ browser: inout Browser, _ step: String, _ before: Reply, _ fields: [(String, String)]) async
        -> Reply
    {
        await browser.post(
            "/installations/new/double/\(step)",
            [("csrf", before.token ?? ""), ("draft", before.value(of: "draft") ?? "")] + fields)
    }

    @Test func `Connecting asks for the address only of an account that has several`() async throws {
        let scene = ConsoleScene()
        var browser = await scene.signedIn()
        #expect(await channelStep(&browser).text.contains("Your Freshchat account"))
        scene.programme.state.withLock { $0.channelCheck = Self.check(Self.two) }
        let asked = await channelStep(&browser)
        #expect(asked.text.contains("Choose an address") && asked.text.contains("+30 210 2"))
        #expect(await post(&browser, "address", asked, []).status == 422)
        let desk = await post(&browser, "address", asked, [("address", "second")])
        #expect(desk.text.contains("Your Freshchat account"))
        let topics = await post(
            &browser, "freshchat", desk, [("desk_url", "https://acme.example.com/v2"), ("desk_token", "desk-token")])
        #expect(topics.text.contains("value=\"+30 210 2\""), "the address gives the name")
        _ = await post(&browser, "topic", topics, [("topic", "t-1")])
        let plan = try #require(scene.programme.state.withLock { $0.plans.first })
        #expect(plan.address == "second" && plan.channel.identity == "app-1")
    }

    @Test func `An account that byoc knows is shared, and the form says so; a connected address isn't offered`()
        async throws
    {
        let scene = ConsoleScene()
        var known = ConsoleScene.installation("double-1", name: "First shop")
        known.channel.identity = "app-1"
        known.helpdesk.identity = "acme-1"
        known.address = "first"
        try await scene.store.save(known, now: ConsoleScene.noon)
        scene.programme.state.withLock {
            $0.channelCheck = Self.check(Self.two)
            $0.helpdeskCheck = .success(
                HelpdeskCheck(
                    accountName: "acme", identity: "acme-1", topics: [.init(id: "t-1", name: "Chat", isEnabled: true)]))
        }
        var browser = await scene.signedIn()
        let desk = await channelStep(&browser)
        #expect(
            desk.text.contains("byoc knows this Double account from First shop."), "one address is left: no question")
        let topics = await post(
            &browser, "freshchat", desk, [("desk_url", "https://other.example.com/v2"), ("desk_token", "another")])
        #expect(topics.text.contains("byoc knows this Freshchat account from First shop."))
        _ = await post(&browser, "topic", topics, [("topic", "t-1")])
        #expect(scene.programme.state.withLock { $0.plans.first }?.address == "second")
    }

    @Test func `An account whose only address is connected leads to that installation`() async throws {
        let scene = ConsoleScene()
        var known = ConsoleScene.installation("double-1", name: "First shop")
        known.channel.identity = "app-1"
        try await scene.store.save(known, now: ConsoleScene.noon)
        scene.programme.state.withLock { $0.channelCheck = Self.check([AddressOffer(.only)]) }
        var browser = await scene.signedIn()
        let answer = await channelStep(&browser)
        #expect(answer.status == 422)
        #expect(answer.text.contains("Already connected as First shop"))
    }

    @Test func `Another address is added without credentials, only where an account can have several`() async throws {
        let scene = ConsoleScene()
        var first = ConsoleScene.installation("double-1", name: "First shop")
        first.address = "first"
        try await scene.store.save(first, now: ConsoleScene.noon)
        _ = try await scene.install("double-2", name: "One address")
        scene.programme.state.withLock { $0.channelCheck = Self.check(Self.two) }
        var browser = await scene.signedIn()
        #expect(await browser.get("/installations/double-1").text.contains("/installations/double-1/address\""))
        #expect(!(await browser.get("/installations/double-2").text.contains("/address\"")))
        #expect(await browser.get("/installations/double-2/address").status == 404)

        let path = "/installations/double-1/address"
        let form = await browser.get(path).text
        #expect(form.contains("+30 210 2") && !form.contains("+30 210 1"), "only what is free")
        #expect(!form.contains("password"))
        #expect(await browser.submit(path, [("address", "second")]).text.contains("No topic selected"))
        let made = await browser.submit(path, [("address", "second"), ("topic", "t-2"), ("name", "Second shop")])
        #expect(made.location == "/byoc/admin/installations/double-added")
        let plan = try #require(scene.programme.state.withLock { $0.added.first })
        #expect(plan.besides == "double-1" && plan.address == "second" && plan.topic == "t-2")
        #expect(await browser.get("/installations/double-added").text.contains("Second shop"))
        #expect(await browser.get(path).text.contains("Every address of this account is connected."))
    }
}
