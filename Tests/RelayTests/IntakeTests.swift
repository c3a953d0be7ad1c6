import FoundationEssentials
import HTTPTypes
import Logging
import RelayCore
import RelayTesting
import Testing

@testable import Relay

@Suite("Intake")
struct IntakeTests {
    private func scene() async throws -> EngineScene {
        let scene = EngineScene()
        try await scene.install()
        return scene
    }

    @Test("A genuine message is answered 200 and waits in the outbox")
    func accepted() async throws {
        let scene = try await scene()
        #expect(scene.call("/hook/t", "hi").status == .ok)
        #expect(try await scene.deliveries(.waiting).count == 1)
    }

    @Test("The answer that the channel expects is given back, repeated or not")
    func response() async throws {
        let scene = try await scene()
        for _ in 0..<2 { #expect(String(decoding: scene.call("/hook/t", "hello?").body, as: UTF8.self) == "welcome\n") }
        #expect(try await scene.deliveries(.waiting).count == 1)
    }

    @Test("What isn't genuine is answered 403 and leaves nothing")
    func forged() async throws {
        let scene = try await scene()
        let response = scene.call("/hook/t", "forged")
        #expect(response.status == .forbidden)
        #expect(String(decoding: response.body, as: UTF8.self).contains("request-1"))
        #expect(try await scene.deliveries(.waiting).isEmpty)
    }

    @Test("A store that can't take it gives 503 with Retry-After, and the reason isn't told to the caller")
    func storeDown() async throws {
        let scene = try await scene()
        scene.refuse(with: StoreFailure(.unavailable, "disk full at /secret/path"))
        let response = scene.call("/hook/t", "hi")
        #expect(response.status == .serviceUnavailable)
        #expect(response.headers[.retryAfter] != nil)
        #expect(!String(decoding: response.body, as: UTF8.self).contains("secret"))
        #expect(scene.call("/readyz", method: .get).status == .serviceUnavailable)
        #expect(scene.call("/healthz", method: .get).status == .ok)
        scene.refuse(with: nil)
        #expect(scene.call("/hook/t", "hi").status == .ok)
        #expect(scene.call("/readyz", method: .get).status == .ok)
    }

    @Test("Unknown paths and tokens are 404", arguments: ["/", "/hook/x", "/hook/", "/freshchat/t", "/marketplace/h"])
    func unknown(path: String) async throws {
        #expect(try await scene().call(path, "hi").status == .notFound)
    }

    @Test("A wrong method is 405 and names the right ones")
    func method() async throws {
        let scene = try await scene()
        #expect(scene.call("/hook/t", method: .put).headers[.allow] == "POST, GET")
        #expect(scene.call("/freshchat/h", method: .get).status == .methodNotAllowed)
        #expect(scene.call("/healthz", method: .post).headers[.allow] == "GET, HEAD")
    }

    @Test("What a channel tells that is nothing for us is answered 200 and leaves nothing")
    func ignored() async throws {
        let scene = try await scene()
        #expect(scene.call("/hook/t", "noise").status == .ok)
        #expect(try await scene.deliveries(.waiting).isEmpty)
    }

    @Test("A reply says whether the webhook or the Marketplace event brought it")
    func source() async throws {
        let scene = try await scene()
        #expect(scene.call("/freshchat/h", "topic-1/agent/one").status == .ok)
        #expect(scene.call("/marketplace/e", "topic-1/agent/two").status == .ok)
        #expect(scene.call("/hook/t", "three").status == .ok)
        #expect(try await scene.deliveries(.waiting).map(\.source) == [nil, .productEvent, .webhook])
    }

    @Test("An event is heard of the installation that it is about, and of the one whose URL it came by")
    func heard() async throws {
        let scene = try await scene()
        try await scene.add("two", topic: "topic-2")
        let meter = IntakeMeter()
        #expect(scene.call("/freshchat/h", "topic-1/user/own", meter: meter).status == .ok)
        #expect(Set(meter.take().heardAt.keys) == ["one"])
        #expect(scene.call("/freshchat/h", "topic-2/user/echo", meter: meter).status == .ok)
        #expect(Set(meter.take().heardAt.keys) == ["one", "two"])
        #expect(
            scene.call("/freshchat/h-two", "topic-1/user/forged", signedWith: "no", meter: meter).status == .forbidden)
        #expect(meter.take().heardAt.isEmpty)
    }

    @Test("Replies go by their topic to the installation that has it, whichever URL they came to")
    func topics() async throws {
        let scene = try await scene()
        try await scene.add("two", topic: "topic-2")
        #expect(scene.call("/freshchat/h", "topic-2/agent/for two").status == .ok)
        #expect(scene.call("/freshchat/h", "topic-1/agent/for one").status == .ok)
        #expect(scene.call("/freshchat/h", "topic-3/agent/for nobody").status == .ok)
        #expect(Set(try await scene.deliveries(.waiting).map(\.installation)) == ["one", "two"])
    }

    /// An installation's credentials at Freshchat, and whether what comes by its URL is believed about the topic of another.
    struct Neighbour: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var key: String
        var token = "token"
        var isSigned: Bool
        var isAccepted: Bool
    }

    static let neighbours = [
        // One account has one key and one token.
        Neighbour(testDescription: "the same account", key: "key", isSigned: true, isAccepted: true),
        Neighbour(
            testDescription: "another token, the same key", key: "key", token: "new", isSigned: true, isAccepted: true),
        Neighbour(testDescription: "no key, the same token", key: "", isSigned: true, isAccepted: true),
        Neighbour(
            testDescription: "no key, another token", key: "", token: "other", isSigned: false, isAccepted: false),
        Neighbour(testDescription: "another key", key: "other", isSigned: false, isAccepted: false),
        Neighbour(
            testDescription: "another account", key: "other", token: "other", isSigned: false, isAccepted: false),
    ]

    @Test(
        "A reply about another installation's topic is taken only from that one's own account; else refused and counted",
        arguments: neighbours)
    func accounts(neighbour: Neighbour) async throws {
        let scene = try await scene()
        func install(_ id: String, key: String, token: String, topic: String) async throws {
            try await scene.store.save(
                .sample(InstallationID(id), topic: TopicID(topic), key: key, token: token, at: scene.time.now),
                now: scene.time.now)
        }
        try await install("a", key: "key", token: "token", topic: "topic-a")
        try await install("b", key: neighbour.key, token: neighbour.token, topic: "topic-b")
        let meter = IntakeMeter()
        let keeper = HealthKeeper(
            store: scene.store, limits: PressureLimits(), meter: meter, pressure: Pressure(),
            time: scene.time.relayTime, logger: Logger(label: "test"))

        let signed = scene.call("/freshchat/h-a", "topic-b/agent/signed", signedWith: "key", meter: meter)
        #expect(signed.status == (neighbour.isSigned ? .ok : .forbidden))
        let answered = scene.call("/marketplace/e-a", "topic-b/agent/told", meter: meter)
        #expect(answered.status == (neighbour.isAccepted ? .ok : .forbidden))
        let taken = try await scene.deliveries(.waiting)
        #expect(taken.count == (neighbour.isSigned ? 1 : 0) + (neighbour.isAccepted ? 1 : 0))
        #expect(taken.allSatisfy { $0.installation == "b" })
        await keeper.round()
        let metrics = try scene.store.metrics()
        #expect(metrics.counters[Flow("b", .outbound)]?[.foreign] ?? 0 == Int64(2 - taken.count))
        #expect(metrics.counters[Flow("a", .outbound)]?[.signatureFailures] ?? 0 == 0, "its signature was right")

        #expect(scene.call("/freshchat/h-a", "topic-a/agent/own", signedWith: "key").status == .ok)
        #expect(scene.call("/freshchat/h-a", "topic-b/agent/forged", signedWith: "no").status == .forbidden)
        #expect(try await scene.deliveries(.waiting).count == taken.count + 1)
    }

    @Test("A key is the same with its labels and without, however its lines end")
    func keys() {
        func account(_ key: String, token: String = "a", baseURL: String = "https://desk/v2") -> HelpdeskAccount {
            HelpdeskAccount(baseURL: baseURL, token: Secret(token), webhookPublicKey: key)
        }
        let plain = account("MIIBIjANBgkq")
        for key in [
            "-----BEGIN PUBLIC KEY-----\nMIIB\nIjANBgkq\n-----END PUBLIC KEY-----\n",
            "-----BEGIN RSA PUBLIC KEY-----\\nMIIBIjAN\\nBgkq\\n-----END RSA PUBLIC KEY-----", " MIIBIjAN\r\nBgkq ",
        ] {
            #expect(plain.isSameAccount(as: account(key, token: "b")))
        }
        #expect(!plain.isSameAccount(as: account("MIIBIjANBgkr")))
        #expect(!plain.isSameAccount(as: account("MIIBIjANBgkq", baseURL: "https://other/v2")))
    }

    @Test("The customer's own words, echoed by the helpdesk, go nowhere")
    func echo() async throws {
        let scene = try await scene()
        #expect(scene.call("/freshchat/h", "topic-1/user/hi").status == .ok)
        #expect(scene.call("/freshchat/h", "topic-1/system/Conversation was reopened").status == .ok)
        #expect(try await scene.deliveries(.waiting).isEmpty)
    }

    @Test("A malformed body is 400")
    func malformed() async throws {
        #expect(try await scene().call("/freshchat/h").status == .badRequest)
    }
}
