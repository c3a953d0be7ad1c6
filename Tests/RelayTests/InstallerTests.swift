import FoundationEssentials
import HTTPTypes
import Logging
import Relay
import RelayCore
import RelayTesting
import Testing

@Suite("Installing and changing installations")
struct InstallerTests {
    /// A channel whose tokens `bot-a…` are of the bot A, and so on; a helpdesk likewise.
    private func scene() -> EngineScene {
        var scene = EngineScene()
        scene.channel.identify = { token throws(SetupFailure) in
            let text = token?.reveal() ?? ""
            if text.hasPrefix("bad") { throw SetupFailure(side: "Fake", problem: "no", remedy: "another token") }
            return text.hasPrefix("bot-") ? RemoteIdentity(String(text.prefix(5))) : nil
        }
        scene.helpdesk.identify = { token in
            let text = token.reveal()
            return text.hasPrefix("desk-") ? RemoteIdentity(String(text.prefix(6))) : nil
        }
        scene.helpdesk.topics = ["topic-1", "topic-2"]
        return scene
    }

    private func install(
        _ scene: EngineScene, token: String = "bot-a", address: Address? = nil, desk: String = "desk-a",
        key: String = "", topic: String = "topic-1", name: String? = nil
    ) async throws -> Installer.Report {
        try await scene.installer().install(
            channel: scene.channel, account: ChannelAccount(kind: "fake", secrets: ["token": Secret(token)]),
            address: address,
            helpdesk: HelpdeskAccount(baseURL: "https://desk/v2", token: Secret(desk), webhookPublicKey: key),
            topic: topic, name: name, policies: InstallationPolicies())
    }

    private func refusal(_ body: () async throws -> Void) async -> SetupFailure? {
        do {
            try await body()
            return nil
        } catch {
            return error as? SetupFailure
        }
    }

    @Test("An installation gets accounts with identities and URLs, and its webhook is registered")
    func first() async throws {
        let scene = scene()
        let report = try await install(scene)
        let made = try scene.present(report.installation.id)
        #expect(made == report.installation)
        #expect(made.channel.identity == "bot-a" && made.helpdesk.identity == "desk-a")
        #expect(!made.channel.id.rawValue.isEmpty && !made.helpdesk.id.rawValue.isEmpty)
        #expect(made.channel.registeredURL == report.targetURL)
        #expect(scene.channel.registered.all == [report.targetURL])
        #expect(made.name == "Fake account" && report.freeAddresses.isEmpty && report.sharesWebhookWith == nil)
    }

    @Test(
        "The same bot isn't let in twice, neither with its token nor with a rotated one",
        arguments: ["bot-a", "bot-a2"])
    func sameBot(token: String) async throws {
        let scene = scene()
        let id = try await install(scene).installation.id
        let failure = await refusal { _ = try await install(scene, token: token, topic: "topic-2") }
        #expect(failure?.problem.contains("\(id)") == true)
        #expect(try await scene.store.installations().map(\.id) == [id])
        #expect(try scene.present(id).channel.secrets == ["token": Secret("bot-a")])
    }

    @Test("Nor when the store's account was never asked who it is")
    func unknownBot() async throws {
        let scene = scene()
        try await scene.add("old") {
            $0.channel.secrets = ["token": Secret("bot-a")]
            $0.helpdesk.token = Secret("desk-a")
        }
        let failure = await refusal { _ = try await install(scene, token: "bot-a2") }
        #expect(failure?.problem.contains("old") == true)
        #expect(try scene.present("old").channel.identity == "bot-a")
    }

    @Test("What an install left behind that was killed half-way is no hindrance")
    func halfMade() async throws {
        var scene = scene()
        scene.channel.registration = SetupFailure(side: "Fake", problem: "unreachable", remedy: "")
        let failure = await refusal { _ = try await install(scene) }
        #expect(failure?.problem == "unreachable")
        #expect(try await scene.store.installations().isEmpty, "after a failure nothing is left")
        scene.channel.registration = nil
        try await scene.add("half") {
            $0.channel.secrets = ["token": Secret("bot-a")]
            $0.channel.registeredURL = ""
        }
        let report = try await install(scene)
        #expect(try await scene.store.installations().map(\.id) == [report.installation.id])
    }

    @Test("Two numbers of one app: the second joins the account, with its webhook, secrets and pauses")
    func secondAddress() async throws {
        var scene = scene()
        scene.channel.addresses = [AddressOffer("1", name: "+1"), AddressOffer("2", name: "+2"), AddressOffer("3")]
        let failure = await refusal { _ = try await install(scene) }
        #expect(failure?.remedy.contains("  1  +1\n  2  +2\n  3") == true, "it has to be chosen")
        let first = try await install(scene, address: "1", key: "key")
        #expect(first.installation.name == "+1" && first.freeAddresses.map(\.address) == ["2", "3"])
        let second = try await install(scene, token: "bot-a2", address: "2", topic: "topic-2")
        #expect(second.installation.channel.id == first.installation.channel.id)
        #expect(second.installation.helpdesk.id == first.installation.helpdesk.id)
        #expect(second.targetURL == first.targetURL && second.helpdeskURL == first.helpdeskURL)
        #expect(second.sharesWebhookWith == first.installation.id)
        #expect(scene.channel.registered.count == 1)
        #expect(try scene.present(first.installation.id).channel.secrets == ["token": Secret("bot-a2")])
        let third = try await scene.installer().install(
            address: "3", besides: first.installation, on: scene.channel, topic: nil, name: "Third")
        #expect(third.installation.topic == "topic-1" && third.installation.name == "Third")
        #expect(third.warnings.contains { $0.contains("\(first.installation.id)") }, "they share a topic")
        let choices = try await scene.installer().addresses(of: first.installation.channel, on: scene.channel)
        #expect(
            choices.map(\.installation)
                == [first.installation.id, second.installation.id, third.installation.id])
        let full = await refusal { _ = try await install(scene) }
        #expect(full?.problem.contains("installed already") == true)
    }

    @Test("An account that is paused goes on when its credentials are proved by another install")
    func resumed() async throws {
        var scene = scene()
        scene.channel.addresses = [AddressOffer("1"), AddressOffer("2")]
        let first = try await install(scene, address: "1").installation
        try await scene.store.refuse(.helpdesk(first.helpdesk), reason: "401", now: scene.time.now)
        _ = try await install(scene, address: "2", desk: "desk-a2", key: "key2")
        let present = try scene.present(first.id)
        #expect(present.isActive && present.helpdesk.token == Secret("desk-a2"))
        #expect(present.helpdesk.publicKeys == ["key2"])
    }

    @Test("A replaced public key goes on verifying, and a token of another account is refused")
    func replaced() async throws {
        let scene = scene()
        let id = try await install(scene, key: "old").installation.id
        let installer = scene.installer()
        try await installer.replace(.helpdeskKey, of: scene.present(id), on: scene.channel, with: "new")
        #expect(try scene.present(id).helpdesk.publicKeys == ["new", "old"])
        let path = "/freshchat/" + (try scene.present(id).helpdesk.helpdeskToken.reveal())
        for key in ["new", "old"] {
            #expect(scene.call(path, "topic-1/user/echo", signedWith: key).status == .ok)
        }
        let desk = await refusal {
            try await installer.replace(.helpdeskToken, of: scene.present(id), on: nil, with: "desk-b")
        }
        #expect(desk?.problem.contains("another account") == true)
        let bot = await refusal {
            try await installer.replace(.channel("token"), of: scene.present(id), on: scene.channel, with: "bot-b")
        }
        #expect(bot?.problem.contains("another account") == true)
        try await installer.replace(.channel("token"), of: scene.present(id), on: scene.channel, with: "bot-a9")
        #expect(try scene.present(id).channel.secrets["token"] == Secret("bot-a9"))
    }

    @Test("Settings are checked, kept with the account, and those of the environment are refused")
    func edited() async throws {
        let scene = scene()
        let made = try await install(scene).installation
        let installer = scene.installer()
        var edit = InstallationEdit()
        edit.settings = ["greeting": "bad"]
        let bad = await refusal { _ = try await installer.edit(made, on: scene.channel, edit) }
        #expect(bad?.field == "greeting")
        edit.settings = ["greeting": "hello"]
        edit.textLimit = 99
        edit.doubtPolicy = .hold
        edit.name = " New\nname "
        let changed = try await installer.edit(made, on: scene.channel, edit)
        #expect(changed.channel.settings == ["greeting": "hello"] && changed.helpdesk.textLimit == 99)
        #expect(changed.doubtPolicy == .hold && changed.name == "New name" && changed.resolvedPolicy == .reopen)
        #expect(try await installer.rename(changed, to: "Other").name == "Other")
        let secret = await refusal {
            var edit = InstallationEdit()
            edit.settings = ["token": "x"]
            _ = try await installer.edit(made, on: scene.channel, edit)
        }
        #expect(secret?.problem.contains("token") == true, "secrets are replaced, not edited")

        try await scene.add("environment", topic: "topic-2", onDeskOf: made.id) { $0.origin = .environment }
        let name = await refusal { _ = try await installer.rename(scene.present("environment"), to: "Other") }
        #expect(name?.remedy == "Change it there and reload byoc.")
        let shared = await refusal {
            var edit = InstallationEdit()
            edit.textLimit = 10
            _ = try await installer.edit(scene.present(made.id), on: scene.channel, edit)
        }
        #expect(shared?.problem.contains("environment") == true, "the account is the environment's too")
        let free = scene.installer { $0 != .name }
        #expect(try await free.rename(scene.present(made.id), to: "Own name").name == "Own name")
        #expect(
            try await scene.installer { $0 == .topic }.rename(scene.present("environment"), to: "Free").name == "Free")
    }

    @Test("Changes that are made at the same time are all kept, also with a move and a pause")
    func atOnce() async throws {
        let at = Date(timeIntervalSince1970: 1_790_000_000)
        let scene = scene()
        let made = try await install(scene).installation
        let installer = scene.installer()
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { _ = try await installer.rename(made, to: "Renamed") }
            group.addTask { _ = try await installer.move(made, to: MoveRequest(topic: "topic-2")) }
            group.addTask { try await scene.store.pause(made.id, by: .person, reason: "holiday", now: at) }
            group.addTask { try await installer.replace(.helpdeskKey, of: made, on: scene.channel, with: "key") }
            for change: @Sendable (inout InstallationEdit) -> Void in [
                { $0.textLimit = 900 }, { $0.doubtPolicy = .hold }, { $0.resolvedPolicy = .newConversation },
                { $0.forwardsSystemLines = true },
            ] {
                group.addTask {
                    var edit = InstallationEdit()
                    change(&edit)
                    _ = try await installer.edit(made, on: scene.channel, edit)
                }
            }
        }
        let present = try scene.present(made.id)
        #expect(present.name == "Renamed" && present.topic == "topic-2" && present.formerTopics == ["topic-1"])
        #expect(present.ownState == .paused(reason: "holiday", since: at, by: .person))
        #expect(present.helpdesk.webhookPublicKey == "key" && present.helpdesk.textLimit == 900)
        #expect(present.doubtPolicy == .hold && present.resolvedPolicy == .newConversation)
        #expect(present.forwardsSystemLines)
    }

    @Test("The webhook is unregistered with the account's last installation, and not before")
    func uninstalled() async throws {
        var scene = scene()
        scene.channel.addresses = [AddressOffer("1"), AddressOffer("2")]
        let first = try await install(scene, address: "1").installation
        let second = try await install(scene, address: "2").installation
        let installer = scene.installer()
        _ = try await installer.uninstall(first, from: scene.channel, keepingHistory: false, insisting: false)
        #expect(scene.channel.unregistered.count == 0)
        _ = try await installer.uninstall(second, from: scene.channel, keepingHistory: false, insisting: false)
        #expect(scene.channel.unregistered.all == [second.channel.id])
    }

    @Test("Accounts that were never asked are asked, and the same ones become one with all their URLs")
    func identified() async throws {
        let scene = scene()
        try await scene.add("one") { $0.helpdesk.token = Secret("desk-a") }
        try await scene.add("two", topic: "topic-2") { $0.helpdesk.token = Secret("desk-a") }
        try await scene.add("three", topic: "topic-2") { $0.helpdesk.token = Secret("desk-b") }
        let channel = scene.channel
        await AccountIdentities(
            store: scene.store, channels: { _ in channel }, helpdesk: scene.helpdesk,
            http: RecordingSender(replies: []),
            time: scene.time.relayTime, logger: .init(label: "test")
        ).run(for: .seconds(10))
        #expect(try scene.present("one").helpdesk.id == scene.present("two").helpdesk.id)
        #expect(try scene.present("three").helpdesk.id == "desk-three")
        for path in ["/freshchat/h", "/freshchat/h-two"] {
            #expect(scene.call(path, "topic-1/user/echo").status == .ok)
        }
        #expect(scene.call("/freshchat/h-three", "topic-1/user/echo").status == .forbidden)
        #expect(scene.call("/freshchat/h-two", "topic-1/agent/by the other URL/-/-/fake:anna").status == .ok)
        #expect(try await scene.deliveries(.waiting).map(\.installation) == ["one"])
    }
}
