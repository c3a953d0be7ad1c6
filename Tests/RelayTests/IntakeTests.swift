import FoundationEssentials
import HTTPTypes
import RelayCore
import Testing

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

    @Test("Replies go by their topic to the installation that has it, whichever URL they came to")
    func topics() async throws {
        let scene = try await scene()
        let other = Installation(
            id: "two", channel: ChannelAccount(kind: "fake"),
            helpdesk: HelpdeskAccount(baseURL: "https://desk/v2", token: Secret("token"), topic: "topic-2"),
            name: "Two", targetToken: Secret("t2"), helpdeskToken: Secret("h2"), eventSecret: Secret("e2"),
            createdAt: scene.time.now)
        try await scene.store.save(other, now: scene.time.now)
        #expect(scene.call("/freshchat/h", "topic-2/agent/for two").status == .ok)
        #expect(scene.call("/freshchat/h", "topic-1/agent/for one").status == .ok)
        #expect(scene.call("/freshchat/h", "topic-3/agent/for nobody").status == .ok)
        #expect(Set(try await scene.deliveries(.waiting).map(\.installation)) == ["one", "two"])
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
