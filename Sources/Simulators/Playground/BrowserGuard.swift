import HTTPTypes

/// Keeps foreign web pages away from the control interface: any page that a person has open could send requests to a port of
/// their machine.
enum BrowserGuard {
    /// Why the request is refused; nil when it isn't. Programs other than browsers send none of the headers that count, but
    /// for `Host`.
    static func refusal(of request: APIRequest) -> APIResponse? {
        func refuse(_ status: Int, _ why: String) -> APIResponse {
            APIResponse(status: status, json: ["error": .string(why)])
        }
        // A foreign name that was made to lead to this machine.
        guard let authority = request.authority, isLoopback(authority) else {
            return refuse(403, "ask for this server as 127.0.0.1 or localhost")
        }
        let origin = request.headers[.origin]
        if let origin, origin != "http://\(authority)" { return refuse(403, "not for pages of another origin") }
        let site = HTTPField.Name("Sec-Fetch-Site").flatMap { request.headers[$0] }
        let isOwn = site == nil || site == "same-origin" || site == "none"
        // A link on another page may lead to this one.
        if !isOwn, !(request.method == .get && request.path == "/") {
            return refuse(403, "not for pages of another origin")
        }
        let isFromBrowser = origin != nil || site != nil
        if isFromBrowser, request.method != .get, !isJSON(request.headers[.contentType]) {
            return refuse(415, "send application/json")
        }
        return nil
    }

    private static func isLoopback(_ authority: String) -> Bool {
        let name = authority.prefix { $0 != ":" }
        return name == "127.0.0.1" || name == "localhost"
    }

    private static func isJSON(_ type: String?) -> Bool {
        type?.prefix { $0 != ";" }.lowercased() == "application/json"
    }
}
