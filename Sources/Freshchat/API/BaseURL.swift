import FoundationEssentials
package import RelayCore

/// Where a Freshchat account's API is, complete up to and including `/v2` (freshchat.md §1.1).
package struct FreshchatBaseURL: Hashable, Sendable, CustomStringConvertible {
    /// Without a slash at the end.
    package let text: String

    /// Reads what an admin pasted; white space around it and slashes at its end don't matter.
    ///
    /// - Throws: what is wrong with it: no https (plain http is for this machine only, the token travels with every
    ///   request), no host, a query, a user name.
    package init(parsing pasted: String) throws(SetupFailure) {
        func refused(_ problem: String) -> SetupFailure {
            SetupFailure(
                side: "Freshchat", problem: "The base URL \(problem).", remedy: Self.forms,
                field: FreshchatFields.address.key)
        }

        var text = pasted.trimmingWhiteSpace()
        while text.hasSuffix("/") { text.removeLast() }
        guard !text.isEmpty else { throw refused("is empty") }
        // Foundation would encode what isn't allowed in a URL, and then it were another address than the one pasted.
        guard
            !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F || $0.properties.isWhitespace })
        else { throw refused("has white space or control characters in it: \"\(text)\"") }
        guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty,
            let scheme = parts.scheme?.lowercased()
        else { throw refused("is not a complete URL: \"\(text)\"") }
        guard parts.user == nil, parts.password == nil else { throw refused("must not have a user name in it") }
        guard parts.query == nil, parts.fragment == nil else {
            throw refused("must not have a ? or # in it: \"\(text)\"")
        }
        guard text.hasUsablePort else { throw refused("has a port that isn't from 1 to 65535: \"\(text)\"") }
        switch scheme {
        case "https": break
        case "http" where host.isLoopbackHost: break
        case "http":
            throw refused("must begin with https://, for the token travels with every request: \"\(text)\"")
        default:
            throw refused("must begin with https://: \"\(text)\"")
        }
        self.text = text
    }

    package var description: String { text }

    /// Whether it ends as all known accounts' do.
    var hasVersion: Bool { text.hasSuffix("/v2") }

    /// Whether it has the path that only samples have; no account answers there (freshchat.md §7).
    var hasSamplePath: Bool { text.hasSuffix("/api/v2") }

    static let forms = """
        It is the address of your chat account with /v2 at the end, such as https://acme.freshchat.com/v2, \
        https://acme-org-0123abcd.freshchat.com/v2, https://acme.myfreshworks.com/v2 or, for older accounts, \
        https://api.freshchat.com/v2. Freshchat shows it under Admin > Website Tracking and APIs > API Settings \
        ("Your chat URL").
        """
}
