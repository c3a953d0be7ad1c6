import FoundationEssentials
import Relay
import RelayCore
import Testing

@Suite("Endpoints")
struct EndpointsTests {
    let installation = Installation(
        id: "viber-1", channel: ChannelAccount(kind: "viber"),
        helpdesk: HelpdeskAccount(baseURL: "https://x.freshchat.com/v2", token: Secret(""), topic: "T"), name: "n",
        targetToken: Secret("abc_-"), helpdeskToken: Secret("def"), eventSecret: Secret("ghi"), createdAt: Date())

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
        arguments: ["", "/", "hook/a", "/hook", "/hook/", "/hook/a/", "/hook/a/b", "//hook/a", "/HOOK/a", "/healthz/"])
    func unknown(path: String) {
        #expect(Endpoints.route(path) == nil)
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
