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
        do throws(APIAddress.Problem) {
            text = try APIAddress(parsing: pasted).text
        } catch {
            let shown = pasted.trimmingWhiteSpace()
            let problem =
                switch error {
                case .empty: "The API address is empty."
                case .unusableCharacters: "The API address contains spaces or control characters: \"\(shown)\"."
                case .userName: "Remove the user name from the API address."
                case .query: "Remove the ? or # and everything after it: \"\(shown)\"."
                case .port: "The port must be 1 to 65535: \"\(shown)\"."
                case .unencrypted: "Start with https://, because every request carries the token: \"\(shown)\"."
                case .incomplete, .otherScheme: "Start with https://: \"\(shown)\"."
                }
            throw SetupFailure(
                side: "Freshchat", problem: problem, remedy: Self.forms, field: FreshchatFields.address.key)
        }
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
