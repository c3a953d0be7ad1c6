import HTTPTypes
import RelayCore

extension HTTPField.Name {
    // Constants of letters and dashes are always field names.
    static let secFetchSite = HTTPField.Name("Sec-Fetch-Site")!
    static let contentSecurityPolicy = HTTPField.Name("Content-Security-Policy")!
    static let contentTypeOptions = HTTPField.Name("X-Content-Type-Options")!
    static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
    static let openerPolicy = HTTPField.Name("Cross-Origin-Opener-Policy")!
    static let resourcePolicy = HTTPField.Name("Cross-Origin-Resource-Policy")!
    static let robots = HTTPField.Name("X-Robots-Tag")!
}

extension Console {
    /// The policy of every answer. Scripts may fetch from here, because pages refresh themselves.
    private static let policy = """
        default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
        form-action 'self'; frame-ancestors 'none'; base-uri 'none'
        """

    func sealed(_ response: WebhookResponse, _ request: WebhookRequest) -> WebhookResponse {
        var response = response
        response.headers[.contentSecurityPolicy] = Self.policy
        response.headers[.contentTypeOptions] = "nosniff"
        // Not `no-referrer`: with that, browsers hide a form's origin from us as well.
        response.headers[.referrerPolicy] = "same-origin"
        response.headers[.openerPolicy] = "same-origin"
        response.headers[.resourcePolicy] = "same-origin"
        response.headers[.robots] = "noindex"
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        if request.method == .head { response.body = [] }
        return response
    }
}

/// A cookie of the pages.
struct Cookie {
    var name: String
    var value: String
    /// Seconds; `nil` to keep it until the browser is closed.
    var maxAge: Int?

    /// Only for our pages, never for a script, and over TLS alone where there is TLS.
    ///
    /// `Lax`, so that a link to a page in a mail or a chat finds somebody who is signed in; forms are guarded besides.
    func field(_ settings: ConsoleSettings) -> HTTPField {
        var text = "\(Self.prefix(settings))\(name)=\(value); Path=\(settings.home); HttpOnly; SameSite=Lax"
        if let maxAge { text += "; Max-Age=\(maxAge)" }
        if settings.isSecure { text += "; Secure" }
        return HTTPField(name: .setCookie, value: text)
    }

    static func value(_ name: String, in request: WebhookRequest, _ settings: ConsoleSettings) -> String? {
        let wanted = prefix(settings) + name + "="
        for line in request.headers[values: .cookie] {
            for part in line.split(separator: ";") {
                let part = part.drop { $0 == " " }
                if part.hasPrefix(wanted) { return String(part.dropFirst(wanted.count)) }
            }
        }
        return nil
    }

    private static func prefix(_ settings: ConsoleSettings) -> String { settings.isSecure ? "__Secure-byoc_" : "byoc_" }
}
