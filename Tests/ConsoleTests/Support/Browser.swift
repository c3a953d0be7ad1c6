import Console
import FoundationEssentials
import HTTPTypes
import RelayCore

/// Somebody who looks at the pages: keeps cookies, sends forms as they stand in the page.
struct Browser {
    let console: Console
    var address = "192.0.2.7"
    /// Name and value.
    var cookies: [String: String] = [:]
    /// What a browser adds to a form.
    var origin: String? = "https://chat.example.com"
    var site: String? = "same-origin"
    private(set) var setCookies: [String] = []

    init(_ console: Console) { self.console = console }

    /// - Parameter path: below `/admin`.
    mutating func get(_ path: String) async -> Reply {
        await send(.get, path, body: "")
    }

    mutating func post(_ path: String, _ fields: [(String, String)]) async -> Reply {
        let body = fields.map { "\($0.0.percentEncoded)=\($0.1.percentEncoded)" }.joined(separator: "&")
        return await send(.post, path, body: body)
    }

    /// Sends a form with the token of the page that it stands on.
    mutating func submit(_ path: String, from page: String? = nil, _ fields: [(String, String)] = []) async -> Reply {
        let token = await get(page ?? path).token ?? ""
        return await post(path, [("csrf", token)] + fields)
    }

    @discardableResult
    mutating func signIn(_ password: String = ConsoleScene.password, to: String = "/") async -> Reply {
        await submit("/sign-in", [("password", password), ("to", to)])
    }

    mutating func send(_ method: HTTPRequest.Method, _ path: String, body: String) async -> Reply {
        let parts = path.split(separator: "?", maxSplits: 1).map(String.init)
        var headers: HTTPFields = [:]
        if !cookies.isEmpty {
            headers[.cookie] = cookies.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                .joined(separator: "; ")
        }
        if method == .post {
            headers[.contentType] = "application/x-www-form-urlencoded"
            headers[.origin] = origin
            if let name = HTTPField.Name("Sec-Fetch-Site") { headers[name] = site }
        }
        let response = await console.respond(
            to: WebhookRequest(
                method: method, path: "/admin" + (parts.first == "/" ? "" : parts.first ?? ""),
                query: parts.count > 1 ? parts[1] : "", headers: headers, body: Array(body.utf8),
                remoteAddress: address,
                id: "test", receivedAt: ConsoleScene.noon))
        setCookies = response.headers[values: .setCookie]
        for line in setCookies {
            let pair = line.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(pair[0])
            cookies[name] = line.contains("Max-Age=0") ? nil : String(pair[1])
        }
        return Reply(response)
    }
}

/// What came back.
struct Reply {
    let status: Int
    let headers: HTTPFields
    let text: String

    init(_ response: WebhookResponse) {
        status = response.status.code
        headers = response.headers
        text = String(decoding: response.body, as: UTF8.self)
    }

    var location: String? { headers[.location] }

    /// The token of the page's first form.
    var token: String? { value(of: "csrf") }

    /// The value of the first field with this name.
    func value(of name: String) -> String? {
        guard let start = text.firstRange(of: "name=\"\(name)\" value=\"") else { return nil }
        return String(text[start.upperBound...].prefix { $0 != "\"" })
    }
}
