import AsyncHTTPClient
import Foundation
import NIOHTTP1
import Testing

/// Somebody who looks at the settings pages through nginx: keeps cookies, and sends forms as they stand in the page.
struct PageVisitor {
    let stack: ByocStack
    /// Follows no redirect, so that a test sees where one leads.
    private static let client = HTTPClient(
        eventLoopGroupProvider: .singleton, configuration: .init(redirectConfiguration: .disallow))

    /// Where the pages are, with `/admin`.
    let home: String
    private var cookies: [String: String] = [:]

    static let password = "correct horse battery"

    /// The pages' password, as more configuration for a stack.
    static let environment = ["BYOC_ADMIN_PASSWORD": password]

    /// - Parameter address: byoc's public address; `nil`: the stack's.
    init(_ stack: ByocStack, at address: String? = nil) {
        self.stack = stack
        home = (address ?? stack.baseURL) + "/admin"
    }

    /// - Parameter path: below `/admin`; empty for the first page.
    mutating func get(_ path: String) async throws -> HTTPAnswer {
        try await send(.GET, path, [])
    }

    mutating func post(_ path: String, _ fields: [(String, String)]) async throws -> HTTPAnswer {
        try await send(.POST, path, fields)
    }

    /// Sends a form with what is hidden in the page that it stands on.
    mutating func submit(
        _ path: String, from page: HTTPAnswer, _ fields: [(String, String)] = []
    ) async throws -> HTTPAnswer {
        let hidden = ["csrf", "draft"].compactMap { name in page.value(of: name).map { (name, $0) } }
        return try await post(path, hidden + fields)
    }

    @discardableResult
    mutating func signIn(_ password: String = Self.password) async throws -> HTTPAnswer {
        try await submit("/sign-in", from: try await get("/sign-in"), [("password", password)])
    }

    private mutating func send(
        _ method: HTTPMethod, _ path: String, _ fields: [(String, String)]
    ) async throws -> HTTPAnswer {
        var headers = [("Cookie", cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; "))]
        if method == .POST { headers.append(("Content-Type", "application/x-www-form-urlencoded")) }
        let form = fields.map { "\(Self.encoded($0.0))=\(Self.encoded($0.1))" }.joined(separator: "&")
        let answer = try await stack.request(
            method, home + path, headers: headers, body: method == .POST ? Array(form.utf8) : nil,
            by: Self.client)
        for (name, value) in answer.headers where name.lowercased() == "set-cookie" {
            let pair = value.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            cookies[String(pair[0])] = value.contains("Max-Age=0") ? nil : String(pair[1])
        }
        return answer
    }

    private static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }
}

extension HTTPAnswer {
    /// The value of the page's first field with this name.
    func value(of name: String) -> String? {
        guard let start = text.range(of: "name=\"\(name)\" value=\"") else { return nil }
        return String(text[start.upperBound...].prefix { $0 != "\"" })
    }
}
