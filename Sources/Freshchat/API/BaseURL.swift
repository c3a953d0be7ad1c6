import FoundationEssentials
package import RelayCore

/// The address of a Freshchat account's API, up to and including `/v2` (freshchat.md §1.1).
package struct FreshchatBaseURL: Hashable, Sendable, CustomStringConvertible {
    /// Without a slash at the end.
    package let text: String

    /// Reads what an admin pasted; white space around it and slashes at its end don't matter.
    ///
    /// - Throws: the problem and its fix: no https (plain http is for this machine only, the token travels with every
    ///   request), no host, a query, a user name.
    package init(parsing pasted: String) throws(SetupFailure) {
        func refused(_ problem: String) -> SetupFailure {
            SetupFailure(
                side: "Freshchat", problem: problem, remedy: Self.forms,
                field: FreshchatFields.address.key)
        }

        var text = pasted.trimmingWhiteSpace()
        while text.hasSuffix("/") { text.removeLast() }
        guard !text.isEmpty else { throw refused("The API address is empty.") }
        // Foundation would encode invalid characters, which changes the pasted address.
        guard
            !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F || $0.properties.isWhitespace })
        else { throw refused("The API address contains spaces or control characters: \"\(text)\".") }
        guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty,
            let scheme = parts.scheme?.lowercased()
        else { throw refused("Start with https://: \"\(text)\".") }
        guard parts.user == nil, parts.password == nil else {
            throw refused("Remove the user name from the API address.")
        }
        guard parts.query == nil, parts.fragment == nil else {
            throw refused("Remove the ? or # and everything after it: \"\(text)\".")
        }
        guard text.hasUsablePort else { throw refused("The port must be 1 to 65535: \"\(text)\".") }
        switch scheme {
        case "https": break
        case "http" where host.isLoopbackHost: break
        case "http":
            throw refused("Start with https://, because every request carries the token: \"\(text)\".")
        default:
            throw refused("Start with https://: \"\(text)\".")
        }
        self.text = text
    }

    package var description: String { text }

    /// Whether the address ends as all known accounts' do.
    var hasVersion: Bool { text.hasSuffix("/v2") }

    /// Whether it has the path that only samples have; no account answers there (freshchat.md §7).
    var hasSamplePath: Bool { text.hasSuffix("/api/v2") }

    static let forms = """
        Use your Freshchat URL followed by /v2, such as https://acme.freshchat.com/v2, \
        https://acme-org-0123abcd.freshchat.com/v2, https://acme.myfreshworks.com/v2 or, for older accounts, \
        https://api.freshchat.com/v2. Freshchat shows it under Admin > Website Tracking and APIs > API Settings \
        ("Your chat URL").
        """
}
