import Console
import HTTPTypes
import RelayCore
import Testing

@Suite struct HeaderTests {
    @Test(arguments: [
        "/", "/installations", "/installations/new", "/installations/new/double", "/installations/double-1",
        "/installations/double-1?check=now", "/installations/double-1/test", "/installations/double-1/remove",
        "/installations/double-1/credentials/token", "/nothing", "/sign-in",
    ])
    func `No page is kept, framed, or lets anything in from elsewhere`(_ path: String) async throws {
        let scene = ConsoleScene()
        _ = try await scene.install()
        var signedIn = await scene.signedIn()
        var stranger = Browser(scene.console)
        for page in [await signedIn.get(path), await stranger.get(path)] {
            let policy = try #require(page.headers[HTTPField.Name("Content-Security-Policy")!])
            for rule in [
                "default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'",
                "frame-ancestors 'none'", "base-uri 'none'",
            ] {
                #expect(policy.contains(rule))
            }
            #expect(!policy.contains("unsafe"))
            #expect(page.headers[HTTPField.Name("X-Content-Type-Options")!] == "nosniff")
            #expect(page.headers[HTTPField.Name("Referrer-Policy")!] == "same-origin")
            #expect(page.headers[.cacheControl] == "no-store")
        }
    }

    @Test func `Pages carry no script or style of their own, and ask nobody else`() async throws {
        let scene = ConsoleScene()
        _ = try await scene.install()
        var browser = await scene.signedIn()
        for path in ["/", "/installations/double-1", "/installations/new/double"] {
            let text = await browser.get(path).text
            #expect(!text.contains("<style"))
            #expect(!text.contains(" style=\""))
            #expect(!text.contains("onclick"))
            #expect(text.components(of: "<script").count == 2)
            for link in text.components(of: "src=\"").dropFirst() + text.components(of: "href=\"").dropFirst() {
                #expect(link.hasPrefix("/byoc/admin") || link.hasPrefix("#"), "\(link.prefix(40))")
            }
        }
    }

    @Test func `What pages refer to is there, and may be kept`() async throws {
        var browser = Browser(ConsoleScene().console)
        let page = await browser.get("/sign-in").text
        let paths = (page.components(of: "src=\"").dropFirst() + page.components(of: "href=\"").dropFirst())
            .map { $0.prefix { $0 != "\"" } }.filter { $0.contains("/assets/") }
        #expect(Set(paths).count == 3)
        for path in paths {
            let asset = await browser.get(String(path.dropFirst("/byoc/admin".count)))
            #expect(asset.status == 200)
            #expect(asset.headers[.cacheControl] == "public, max-age=31536000, immutable")
            #expect(!asset.text.isEmpty)
        }
        // A worker that has another version gives what it has, but not to be kept.
        let other = await browser.get("/assets/000000000000/console.css")
        #expect(other.status == 200)
        #expect(other.headers[.cacheControl] == "no-store")
        #expect(await browser.get("/assets/000000000000/passwd").status == 404)
    }

    @Test func `HEAD is answered like GET, without the page`() async {
        var browser = await ConsoleScene().signedIn()
        let head = await browser.send(.head, "/", body: "")
        #expect(head.status == 200)
        #expect(head.text.isEmpty)
    }
}

extension String {
    func components(of separator: String) -> [Substring] {
        split(separator: separator, omittingEmptySubsequences: false)
    }
}
