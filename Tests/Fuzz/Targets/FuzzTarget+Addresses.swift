import Foundation
import HTTPTypes
import Relay
import RelayCore

@testable import FastCGI
@testable import Freshchat

extension FuzzTarget {
    /// A line that is read as a URL, a path, an address to listen on and a waiting time, and behind it the variables of a
    /// request, `NAME=value` a line.
    static let addresses = FuzzTarget(name: "addresses", longest: 1024) { input in
        let (first, rest) = input.cut(at: UInt8(ascii: "\n"))
        let line = first.text
        try checkURL(line)
        try checkBaseURL(line)
        try checkEncoding(line)
        try checkRoute(line)
        try checkListening(line)
        try checkWaits(line)
        try checkParameters(rest.linesAndRest.lines)
    }

    /// What would end a line, a field or a part of a URL early.
    private static func isClean(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private static func checkURL(_ url: String) throws(BrokenProperty) {
        guard let request = try twice("a URL", { HTTPRequest(.get, url: url) }) else { return }
        try hold(["http", "https"].contains(request.scheme), "a request goes by http or https")
        let authority = request.authority ?? ""
        try hold(!authority.isEmpty && isClean(authority), "a request has a host, without blanks or control characters")
        try hold(!authority.contains { "/?#@".contains($0) }, "a host ends where the path begins")
        let path = request.path ?? ""
        try hold(path.hasPrefix("/") && isClean(path), "a path begins with a slash and has no blanks in it")
        try hold(!path.contains("#"), "the fragment stays at home")
        try hold(!request.loggedURL.contains("?"), "no query is logged")
    }

    private static func checkBaseURL(_ pasted: String) throws(BrokenProperty) {
        guard let base = try twice("a base URL", { try? FreshchatBaseURL(parsing: pasted) }) else { return }
        try hold((try? FreshchatBaseURL(parsing: base.text)) == base, "a base URL reads as itself")
        try hold(!base.text.contains { "?#".contains($0) } && !base.text.hasSuffix("/"), "a base URL ends cleanly")
        let request = HTTPRequest(.get, url: base.text + "/users?x=1")
        try hold(request?.path?.hasSuffix("/users?x=1") == true, "paths can be put behind a base URL")
        try hold(request?.scheme == "https" || isLoopback(request?.authority ?? ""), "a token travels by https only")
    }

    private static func isLoopback(_ authority: String) -> Bool {
        let host = authority.lowercased()
        return host.hasPrefix("localhost") || host.hasPrefix("127.") || host.hasPrefix("[::1]")
    }

    private static func checkEncoding(_ text: String) throws(BrokenProperty) {
        let encoded = text.percentEncoded
        try hold(isClean(encoded) && !encoded.contains { "/?#&+=\"".contains($0) }, "an encoded text is one value")
        try hold(encoded.removingPercentEncoding == text, "an encoded text decodes to itself")
    }

    private static func checkRoute(_ path: String) throws(BrokenProperty) {
        switch try twice("a path", { Endpoints.route(path) }) {
        case .channel(let token): try hold(path == "/hook/\(token)" && !token.isEmpty, "a route is the whole path")
        case .helpdesk(let token):
            try hold(path == "/freshchat/\(token)" && !token.isEmpty, "a route is the whole path")
        case .productEvent(let token):
            try hold(path == "/marketplace/\(token)" && !token.isEmpty, "a route is the whole path")
        case .health: try hold(path == "/healthz", "a route is the whole path")
        case .readiness: try hold(path == "/readyz", "a route is the whole path")
        case .metrics: try hold(path == "/metrics", "a route is the whole path")
        case nil: break
        }
    }

    private static func checkListening(_ text: String) throws(BrokenProperty) {
        guard let address = try twice("an address", { try? ListeningAddress(text) }) else { return }
        if case .tcp(let host, _) = address { try hold(!host.isEmpty, "TCP is listened to on a host of its own") }
        if case .path(let path) = address { try hold(path.utf8.count < 108, "a path fits into a socket's address") }
        if !text.hasPrefix("unix:") {
            try hold((try? ListeningAddress(address.description)) == address, "an address reads as itself")
        }
    }

    private static func checkWaits(_ text: String) throws(BrokenProperty) {
        let names = ["Retry-After", "X-RateLimit-Reset", "X-RateLimitReset"].compactMap { HTTPField.Name($0) }
        for name in names {
            var fields = HTTPFields()
            fields[name] = text
            let after = fields.retryAfter(now: WebhookFront.noon)
            try hold(after.map { (.zero ... .seconds(86_400)).contains($0) } ?? true, "a wait is between 0 and a day")
            let wait = fields.rateLimitWait(now: WebhookFront.noon)
            try hold(wait > 0 && wait <= 300, "a 429 costs some time and at most five minutes")
        }
    }

    private static func checkParameters(_ lines: [[UInt8]]) throws(BrokenProperty) {
        var parameters = RequestParameters()
        for line in lines {
            let (name, value) = line.cut(at: UInt8(ascii: "="))
            name.withUnsafeBytes { name in value.withUnsafeBytes { parameters.add(name, $0) } }
        }
        let id = parameters.requestID()
        try hold((1...64).contains(id.utf8.count) && isClean(id), "a request has an id that a log can hold")
        if let length = try? parameters.contentLength() { try hold(length >= 0, "no length is below zero") }
        guard let request = try? parameters.request(id: id) else { return }
        let path = request.head.path ?? ""
        try hold(path.hasPrefix("/") || path == "*" && request.head.method == .options, "a path begins with a slash")
        try hold(!path.utf8.contains { $0 <= 0x20 || $0 == 0x7F }, "a path has no blanks in it")
        try hold(isClean(request.head.authority ?? "x"), "a host has no blanks in it")
        for field in request.head.headerFields {
            try hold(HTTPField.isValidValue(field.value), "a field's value is one line")
            try hold(field.name.rawName.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "a field's name is a token")
        }
    }
}
