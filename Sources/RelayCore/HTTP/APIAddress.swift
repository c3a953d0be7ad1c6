import FoundationEssentials

/// The address of an API that is called with a token, as an admin pastes it.
package struct APIAddress: Hashable, Sendable {
    /// Without white space around it and without slashes at its end.
    package let text: String

    /// Why an address can't be used.
    package enum Problem: Error, Hashable, Sendable {
        case empty
        /// White space or control characters, which Foundation would encode: that changes the pasted address.
        case unusableCharacters
        /// No scheme or no host.
        case incomplete
        /// A user name or a password.
        case userName
        /// A query or a fragment.
        case query
        /// A port outside 1 to 65535.
        case port
        /// Plain http to another machine: the token travels with every request.
        case unencrypted
        case otherScheme
    }

    package init(parsing pasted: String) throws(Problem) {
        var text = pasted.trimmingWhiteSpace()
        while text.hasSuffix("/") { text.removeLast() }
        guard !text.isEmpty else { throw .empty }
        guard
            !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F || $0.properties.isWhitespace })
        else { throw .unusableCharacters }
        guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty,
            let scheme = parts.scheme?.lowercased()
        else { throw .incomplete }
        guard parts.user == nil, parts.password == nil else { throw .userName }
        guard parts.query == nil, parts.fragment == nil else { throw .query }
        guard text.hasUsablePort else { throw .port }
        switch scheme {
        case "https": break
        case "http" where host.isLoopbackHost: break
        case "http": throw .unencrypted
        default: throw .otherScheme
        }
        self.text = text
    }
}
