import Console
import FoundationEssentials
import HTTPTypes
import RelayCore
import RelayTesting
import Synchronization
import Testing

@Suite struct InstallationChangeTests {
    private static let page = "/installations/double-1"
    private static let settings: [(String, String)] = [
        ("installation_name", "Sales"), ("sender", "Acme"), ("text_limit", "2000"), ("resolved", "new_conversation"),
        ("doubt", "hold"), ("system", "yes"),
    ]

    private static func message(_ text: String = "Hello") -> Acceptance.Arrival {
        .init(
            dedupeKey: DedupeKey(text),
            content: .message(
                InboundPayload(
                    id: ChannelMessageID(text), profile: ContactProfile(userID: "u"), message: Message(text: text))))
    }

    @Test func `The settings form shows the present values, and saves the new ones`() async throws {
        let scene = ConsoleScene()
        _ = try await scene.install()
        var browser = await scene.signedIn()
        let form = await browser.get(Self.page + "/settings").text
        for value in ["value=\"Shop\"", "value=\"4000\"", "value=\"reopen\" checked", "value=\"resend\" checked"] {
            #expect(form.contains(value), "\(value)")
        }
        #expect(!form.contains("name=\"token\""), "secrets are replaced on their own pages")
        let saved = await browser.submit(Self.page + "/settings", Self.settings)
        #expect(saved.location == "/byoc/admin" + Self.page)
        let change = try #require(scene.programme.state.withLock { $0.changes.first })
        #expect(change.name == "Sales" && change.settings == ["sender": "Acme"] && change.textLimit == 2000)
        #expect(change.resolvedPolicy == .newConversation && change.doubtPolicy == .hold)
        #expect(change.forwardsSystemLines == true)
        let page = await browser.get(Self.page).text
        #expect(page.contains("Settings saved.") && page.contains("<bdi>Sales</bdi>"))
        for fact in ["Acme", "Start a new one", "Hold for a decision", "Sent to customers", "2,000"] {
            #expect(page.contains("<dd dir=\"auto\">\(fact)</dd>"), "\(fact)")
        }
    }

    @Test(arguments: [
        ("installation_name", "", "Required."), ("text_limit", "12", "It must be a whole number from 100 to 100,000."),
        ("text_limit", "many", "It must be a whole number from 100 to 100,000."),
        ("sender", "far too long a name", "It is too long."),
    ])
    func `A setting that is wrong is named, and nothing is changed`(
        _ field: String, _ value: String, _ problem: String
    ) async throws {
        let scene = ConsoleScene()
        _ = try await scene.install()
        var browser = await scene.signedIn()
        let fields = Self.settings.map { $0.0 == field ? (field, value) : $0 }
        let answer = await browser.submit(Self.page + "/settings", fields)
        #expect(answer.status == 422)
        #expect(answer.text.contains("id=\"f-\(field)-problem\">\(problem)</p>"))
        #expect(answer.text.contains("value=\"new_conversation\" checked"), "what was chosen stays chosen")
        #expect(scene.programme.state.withLock { $0.changes.isEmpty })
    }

    @Test func `The page names the installations that share its accounts, and their ids`() async throws {
        let scene = ConsoleScene()
        let first = try await scene.install()
        var browser = await scene.signedIn()
        #expect(!(await browser.get(Self.page).text.contains("shares its")))
        _ = try await scene.installSharing(first, as: "double-2", name: "Second shop")
        let text = await browser.get(Self.page).text
        for party in ["Double", "Freshchat"] { #expect(text.contains("shares its \(party) account.")) }
        #expect(text.contains("<a href=\"/byoc/admin/installations/double-2\"><bdi>Second shop</bdi></a>"))
        #expect(text.contains("channel-of-double-1") && text.contains("desk-of-double-1"))
    }

    @Test func `What an account shares with the environment's installation is shown, not edited`() async throws {
        let scene = ConsoleScene()
        let first = try await scene.install()
        _ = try await scene.installSharing(first, as: "environment", name: "From outside", origin: .environment)
        var browser = await scene.signedIn()
        let page = await browser.get(Self.page).text
        #expect(page.contains("shares an account with the one from the server&#39;s environment"))
        #expect(!page.contains("/credentials/token\""))
        let form = await browser.get(Self.page + "/settings").text
        #expect(form.contains("name=\"installation_name\"") && form.contains("name=\"doubt\""))
        #expect(!form.contains("name=\"text_limit\"") && !form.contains("name=\"sender\""))
        #expect(form.contains("<dd dir=\"auto\">4000</dd>"))
        for path in ["/settings", "/move"] {
            #expect(await browser.get("/installations/environment" + path).status == 409, "\(path)")
        }
    }

    @Test func `Moving offers the account's topics, the present one chosen, and keeps the installation`() async throws {
        let scene = ConsoleScene()
        _ = try await scene.install()
        var browser = await scene.signedIn()
        let form = await browser.get(Self.page + "/move").text
        #expect(form.contains("value=\"t-1\" required checked") && form.contains("(current)"))
        #expect(form.contains("value=\"t-2\" required>"))
        #expect(await browser.submit(Self.page + "/move", [("topic", "")]).status == 422)
        let moved = await browser.submit(Self.page + "/move", [("topic", "t-2")])
        #expect(moved.location == "/byoc/admin" + Self.page)
        #expect(await browser.get(Self.page).text.contains("Moved. New conversations are created on this topic."))
        let stored = try #require(try await scene.store.installation("double-1"))
        #expect(stored.topic == "t-2" && stored.formerTopics == ["t-1"])
    }

    @Test(arguments: ["/settings", "/move"])
    func `A refused change stays on its form with the reason`(_ path: String) async throws {
        let scene = ConsoleScene()
        _ = try await scene.install()
        scene.programme.state.withLock {
            $0.refusal = SetupFailure(side: "Freshchat", problem: "no such topic", remedy: "Choose another.")
        }
        var browser = await scene.signedIn()
        let refused = await browser.submit(Self.page + path, Self.settings + [("topic", "t-2")])
        #expect(refused.status == 422)
        #expect(refused.text.contains("Freshchat: no such topic") && refused.text.contains("Choose another."))
        #expect(try await scene.store.installation("double-1")?.topic == "t-1")
    }

    @Test func `With messages waiting, removing delivers them first and shows the progress`() async throws {
        let scene = ConsoleScene()
        let installation = try await scene.install()
        _ = try scene.store.accept(installation.heard(Self.message(), at: ConsoleScene.noon))
        var browser = await scene.signedIn()
        let form = await browser.get(Self.page + "/remove").text
        #expect(form.contains("value=\"deliver\" checked") && form.contains("1 message is waiting."))
        let answer = await browser.submit(Self.page + "/remove", [("sure", "yes"), ("waiting", "deliver")])
        #expect(answer.location == "/byoc/admin" + Self.page)
        let page = await browser.get(Self.page).text
        #expect(page.contains("Being removed"))
        #expect(page.contains("Waiting: 1 message from customers, 0 to customers."))
        #expect(!page.contains("/pause\"") && !page.contains("/move\""))
        #expect(await browser.get(Self.page + "/move").status == 409)
        #expect(try await scene.store.counts(of: "double-1").waiting == 1, "nothing was discarded")
        let now = await browser.submit(Self.page + "/remove", [("sure", "yes")])
        #expect(now.location == "/byoc/admin/installations")
        #expect(try await scene.store.installation("double-1") == nil)
    }

    @Test func `Messages for an address without an installation are shown, with what helps`() async throws {
        let scene = ConsoleScene()
        let first = try await scene.install()
        let second = try await scene.installSharing(first, as: "double-2", name: "Second shop")
        try await scene.store.remove("double-2", keepingHistory: true, now: ConsoleScene.noon)
        let fates = try scene.store.park(
            [Self.message()], account: second.channel.id, address: second.address, now: ConsoleScene.noon)
        #expect(fates == [.parked])
        scene.clock.pass(600)
        var browser = await scene.signedIn()
        for path in ["/", "/installations"] {
            let text = await browser.get(path).text
            #expect(text.contains("1 message without an installation"), "\(path)")
            #expect(text.contains("Double address second") && text.contains("10 min ago"), "\(path)")
        }
    }

    @Test func `Replies that several installations could be meant by need attention, with a link to them`() async throws
    {
        let scene = ConsoleScene()
        let installation = try await scene.install()
        _ = try await scene.store.raise(
            Alarm(.replyUndecided, subject: installation.helpdesk.id.rawValue), because: "several", now: scene.clock.now
        )
        var browser = await scene.signedIn()
        let text = await browser.get("/").text
        #expect(text.contains("Replies held: several installations could be meant"))
        #expect(text.contains("Freshchat account desk-of-double-1") && text.contains("reply.undecided"))
        #expect(text.contains("Move the installations to different topics"))
        #expect(text.contains("messages?installation=desk-of-double-1&amp;state=held\">View messages"))
    }
}
