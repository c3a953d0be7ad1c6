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
        "\(baseURL)/hook/\(installation.targetToken.reveal())"
    }

    package func helpdeskURL(of installation: Installation) -> String {
        "\(baseURL)/freshchat/\(installation.helpdeskToken.reveal())"
    }

    package func productEventURL(of installation: Installation) -> String {
        "\(baseURL)/marketplace/\(installation.eventSecret.reveal())"
    }

    /// - Parameter path: below our prefix, with its first slash.
    package static func route(_ path: String) -> Route? {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.first == "" else { return nil }
        switch segments.dropFirst() {
        case ["healthz"]: return .health
        case ["readyz"]: return .readiness
        case ["metrics"]: return .metrics
        case let two where two.count == 2:
            guard let kind = two.first, let token = two.last, !token.isEmpty else { return nil }
            switch kind {
            case "hook": return .channel(token: String(token))
            case "freshchat": return .helpdesk(token: String(token))
            case "marketplace": return .productEvent(secret: String(token))
            default: return nil
            }
        default: return nil
        }
    }
}
