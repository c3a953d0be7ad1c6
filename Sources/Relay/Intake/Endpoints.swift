package import RelayCore

/// Where we are called, and by whom. The one place that knows how our URLs look.
package struct Endpoints: Sendable {
    package enum Route: Hashable, Sendable {
        /// A channel's webhook: the target URL.
        case channel(token: String)
        /// Freshchat's conversation webhook.
        case helpdesk(token: String)
        /// The Freshworks Marketplace product event.
        case productEvent(secret: String)
        case health
        case readiness
        case metrics
    }

    /// The public URL that all of ours begin with, without a slash at the end.
    package var baseURL: String

    package init(baseURL: String) {
        var baseURL = baseURL
        while baseURL.hasSuffix("/") { baseURL.removeLast() }
        self.baseURL = baseURL
    }

    package func targetURL(of installation: Installation) -> String {
        "\(baseURL)/hook/\(installation.channel.targetToken.reveal())"
    }

    package func helpdeskURL(of installation: Installation) -> String {
        "\(baseURL)/freshchat/\(installation.helpdesk.helpdeskToken.reveal())"
    }

    package func productEventURL(of installation: Installation) -> String {
        "\(baseURL)/marketplace/\(installation.helpdesk.eventSecret.reveal())"
    }

    /// - Parameter path: below our prefix, with its first slash.
    package static func route(_ path: String) -> Route? {
        if let token = token(in: path, after: "/hook/") { return .channel(token: token) }
        if let token = token(in: path, after: "/freshchat/") { return .helpdesk(token: token) }
        if let token = token(in: path, after: "/marketplace/") { return .productEvent(secret: token) }
        switch path {
        case "/healthz": return .health
        case "/readyz": return .readiness
        case "/metrics": return .metrics
        default: return nil
        }
    }

    /// The rest of a path, if it is one more segment and no more. By bytes, as the web server has found its own way.
    private static func token(in path: String, after start: String) -> String? {
        guard path.utf8.starts(with: start.utf8) else { return nil }
        let token = path.utf8.dropFirst(start.utf8.count)
        return token.isEmpty || token.contains(UInt8(ascii: "/")) ? nil : String(Substring(token))
    }
}
