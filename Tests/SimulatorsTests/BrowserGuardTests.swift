import Simulators
import Testing

@Suite("The control interface and web pages")
struct BrowserGuardTests {
    typealias Headers = [(String, String)]

    @Test(
        "A page of another origin is refused",
        arguments: [
            [("Origin", "http://evil.example")], [("Origin", "null")], [("Origin", "https://127.0.0.1:1")],
            [("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site")], [("Host", "evil.example")],
            [("Host", "127.0.0.1.evil.example:80")],
        ] as [Headers])
    func foreign(headers: Headers) async throws {
        try await withPeer(playground: PlaygroundConfiguration()) { peer async throws in
            let url = peer.about.control.url
            let json = headers + [("Content-Type", "application/json")]
            let calls: [(Peer.Verb, String)] = [
                (.post, "/play/kill"), (.put, "/play/trouble"), (.post, "/viber/customers"), (.get, "/play/state"),
                (.get, "/events"), (.get, "/about"),
            ]
            for (method, path) in calls {
                let body = method == .get ? nil : Array("{}".utf8)
                #expect(try await peer.call(method, url + path, body, headers: json).status == 403, "\(path)")
            }
            #expect(peer.sandbox.viber.customers().isEmpty)
        }
    }

    @Test("The own page may, with JSON only; a link may lead to it")
    func own() async throws {
        try await withPeer(playground: PlaygroundConfiguration()) { peer async throws in
            let url = peer.about.control.url
            let own = [("Origin", url), ("Sec-Fetch-Site", "same-origin")]
            let customers = "\(url)/viber/customers"
            let body = Array(#"{"name": "Ana"}"#.utf8)
            let json = own + [("Content-Type", "application/json; charset=utf-8")]
            #expect(try await peer.call(.post, customers, body, headers: json).status == 200)
            for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
                let headers = own + [("Content-Type", type)]
                #expect(try await peer.call(.post, customers, body, headers: headers).status == 415)
            }
            #expect(try await peer.call(.post, customers, body, headers: own).status == 415)
            #expect(peer.sandbox.viber.customers().count == 1)
            #expect(try await peer.call(.get, url + "/", headers: [("Sec-Fetch-Site", "cross-site")]).status == 200)
        }
    }
}
