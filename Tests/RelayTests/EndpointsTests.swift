import FoundationEssentials
import Relay
import RelayCore
import Testing

@Suite("Endpoints")
struct EndpointsTests {
    let installation = Installation(
        id: "viber-1", channel: ChannelAccount(kind: "viber", endpoints: [Endpoint(.target, token: Secret("abc_-"))]),
        helpdesk: HelpdeskAccount(
            baseURL: "https://x.freshchat.com/v2", token: Secret(""),
            endpoints: [Endpoint(.helpdesk, token: Secret("def")), Endpoint(.event, token: Secret("ghi"))]),
        topic: "T", name: "n", createdAt: Date())

    @Test("Each URL that is given out leads back to the installation it was made for", arguments: ["", "/", "/byoc/"])
    func urls(suffix: String) throws {
        let endpoints = Endpoints(baseURL: "https://chat.example.com" + suffix)
        let prefix = "https://chat.example.com" + (suffix == "/byoc/" ? "/byoc" : "")
        func route(_ url: String) throws -> Endpoints.Route? {
            try #require(url.hasPrefix(prefix))
            return Endpoints.route(String(url.dropFirst(prefix.count)))
        }
        #expect(try route(endpoints.targetURL(of: installation)) == .channel(token: "abc_-"))
        #expect(try route(endpoints.helpdeskURL(of: installation)) == .helpdesk(token: "def"))
        #expect(try route(endpoints.productEventURL(of: installation)) == .productEvent(secret: "ghi"))
    }

    @Test(
        "Nothing else is a route",
        arguments: [
            "", "/", "hook/a", "/hook", "/hook/", "/hook//", "/hook/a/", "/hook/a/b", "/hook/é/b", "//hook/a",
            "/HOOK/a", "/hookx/a", "/hoo/a", "/freshchat", "/freshchat/", "/marketplace/", "/marketplace/a/b",
            "/healthz/", "/health", "healthz", "/readyz?", "/metrics/a", "/h\u{6F}\u{301}ok/a",
        ])
    func unknown(path: String) {
        #expect(Endpoints.route(path) == nil)
    }

    @Test("What is asked for without a token has its one path each")
    func plain() {
        #expect(Endpoints.route("/healthz") == .health)
        #expect(Endpoints.route("/readyz") == .readiness)
        #expect(Endpoints.route("/metrics") == .metrics)
    }

    @Test("A token is taken as it stands, byte by byte", arguments: ["a", "é", "%2F", "a?b", ".", "\u{301}a", "👩‍👩‍👧"])
    func strangeTokens(token: String) throws {
        guard case .channel(let taken) = try #require(Endpoints.route("/hook/" + token)) else {
            Issue.record("It is a channel's.")
            return
        }
        #expect(Array(taken.utf8) == Array(token.utf8))
    }

    @Test("Tokens are unguessable: 32 bytes, in the alphabet of a URL's path, never twice")
    func tokens() {
        let tokens = Set((0..<200).map { _ in Secret.random().reveal() })
        #expect(tokens.count == 200)
        for token in tokens {
            #expect(token.utf8.count == 43)
            #expect(token.percentEncoded == token)
        }
    }
}
