import Foundation
import HTTPTypes
import RelayCore
import RelayTesting
import Testing

@Suite("Requests and replies")
struct HTTPSenderTests {
    @Test(
        "A complete URL becomes a request to it",
        arguments: [
            ("https://chatapi.viber.com/pa/x", "https", "chatapi.viber.com", "/pa/x"),
            ("http://127.0.0.1:8080", "http", "127.0.0.1:8080", "/"),
            ("https://a.example?x=1", "https", "a.example", "/?x=1"),
            ("HTTPS://a.example/%2F+%3D?q=%20+&r#part", "https", "a.example", "/%2F+%3D?q=%20+&r"),
            ("http://[::1]:9/p", "http", "[::1]:9", "/p"),
        ])
    func request(_ url: String, _ scheme: String, _ authority: String, _ path: String) throws {
        let request = try #require(HTTPRequest(.post, url: url, headers: [.accept: "x"]))
        #expect(request.method == .post)
        #expect(request.scheme == scheme)
        #expect(request.authority == authority)
        #expect(request.path == path)
        #expect(request.headerFields[.accept] == "x")
    }

    @Test(
        "What is no complete http or https URL is no request",
        arguments: ["", "/path", "a.example/x", "ftp://a.example/", "https://", "https:///x", "mailto:a@b.example"])
    func noRequest(_ url: String) {
        #expect(HTTPRequest(.get, url: url) == nil)
    }

    @Test(
        "A URL whose port no address can hold is no request",
        arguments: ["0", "65536", "70000", "4294967376", "99999999999999999999", "99999999999999999999999999"])
    func noPort(_ port: String) {
        for host in ["127.0.0.1", "[::1]", "a.example", "user:1@a.example"] {
            for end in ["", "/", "/x:1", "?x=:1", "#:1"] {
                #expect(HTTPRequest(.get, url: "https://\(host):\(port)\(end)") == nil)
            }
        }
    }

    @Test(
        "The last port of all is one, and so is none",
        arguments: [
            ("https://127.0.0.1:65535/", "127.0.0.1:65535"), ("https://[::1]/", "[::1]"),
            ("https://a.example:/", "a.example"),
            ("https://user:99999@a.example/", "a.example"), ("https://a.example/:99999", "a.example"),
            ("https://a.example?:99999", "a.example"), ("https://[fe80::99999]:1/", "[fe80::99999]:1"),
        ])
    func port(_ url: String, _ authority: String) {
        #expect(HTTPRequest(.get, url: url)?.authority == authority)
    }

    @Test("The URL for the log has no query")
    func loggedURL() throws {
        let request = try #require(HTTPRequest(.get, url: "https://a.example:1/x/y?token=secret"))
        #expect(request.loggedURL == "https://a.example:1/x/y")
    }

    @Test("A name and password in the URL go nowhere")
    func userInfo() throws {
        let request = try #require(HTTPRequest(.get, url: "https://user:secret@a.example/x"))
        #expect(request.authority == "a.example")
        #expect(!request.loggedURL.contains("secret"))
    }

    @Test("Percent-encoding leaves only the unreserved characters as they are")
    func percentEncoding() {
        #expect("aZ09-._~".percentEncoded == "aZ09-._~")
        #expect("aB3/xYz+Q1k==".percentEncoded == "aB3%2FxYz%2BQ1k%3D%3D")
        #expect(" \n\u{1}%&?#".percentEncoded == "%20%0A%01%25%26%3F%23")
        #expect("Я👋".percentEncoded == "%D0%AF%F0%9F%91%8B")
        #expect("".percentEncoded == "")
    }

    @Test("Percent-encoded text comes back whole, whatever it is")
    func roundTrip() {
        for value in stride(from: UInt32(1), to: 0x11_0000, by: 97) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let text = "a\(scalar)b"
            #expect(text.percentEncoded.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
            #expect(text.percentEncoded.removingPercentEncoding == text)
        }
    }

    @Test("An excerpt is short, and bytes that aren't UTF-8 don't matter")
    func excerpt() {
        #expect(HTTPReply(status: .ok, body: Array("abc".utf8)).excerpt() == "abc")
        #expect(HTTPReply(status: .ok, body: Array("abcdef".utf8)).excerpt(3) == "abc…")
        #expect(HTTPReply(status: .ok, body: [0x61, 0xFF, 0x62]).excerpt() == "a\u{FFFD}b")
        #expect(HTTPReply(status: .ok).excerpt() == "")
    }

    @Test("A transport failure becomes a retry that is in doubt unless nothing was sent")
    func transportFailure() {
        for isCertain in [true, false] {
            let failure = DeliveryFailure(TransportFailure(isCertain: isCertain, "broken pipe"), to: "Viber")
            #expect(failure.remedy == .retry(after: nil))
            #expect(failure.isCertain == isCertain)
            #expect(failure.isRetryable)
            let reason = isCertain ? "Viber could not be reached" : "Viber didn't confirm the message"
            #expect(failure.description == "\(reason) (broken pipe)")
        }
    }

    @Test("The recording sender answers by its script and fails after its end")
    func recordingSender() async throws {
        let far = RecordingSender(replies: [.json("1")])
        let request = try #require(HTTPRequest(.post, url: "https://a.example/"))
        #expect(try await far.send(request, body: [1], timeout: .seconds(1)).body == Array("1".utf8))
        await #expect(throws: TransportFailure.self) {
            try await far.send(request, body: [2], timeout: .seconds(1))
        }
        #expect(far.requests.map(\.1) == [[1], [2]])
    }
}
