import FoundationEssentials
import RelayCore

/// The setup of the pages.
package struct ConsoleSettings: Sendable {
    /// The public URL that all of ours begin with, without a slash at the end.
    package var baseURL: String
    /// The password to sign in with; `nil` if none is set: then nobody can sign in, and the pages explain how to set it.
    package var password: AdminPassword?
    /// 32 bytes that all workers have and nobody else: everything the pages sign or encrypt is derived from them.
    package var key: [UInt8]

    package init(baseURL: String, password: AdminPassword?, key: [UInt8]) {
        self.baseURL = baseURL
        self.password = password
        self.key = key
    }

    /// Scheme, host and port, as a browser's `Origin` has them.
    var origin: String {
        guard let parts = URLComponents(string: baseURL), let scheme = parts.scheme, let host = parts.encodedHost else {
            return ""
        }
        let isDefault = parts.port == (scheme == "https" ? 443 : 80)
        return "\(scheme)://\(host)".lowercased() + (isDefault ? "" : parts.port.map { ":\($0)" } ?? "")
    }

    /// Where the pages begin, as a path on the host.
    var home: String { (URLComponents(string: baseURL)?.percentEncodedPath ?? "") + "/admin" }

    var isSecure: Bool { baseURL.lowercased().hasPrefix("https://") }

    /// The address of a page, for a link or a redirect.
    ///
    /// - Parameter path: below `/admin`, with its first slash; `/` is the first page.
    func link(_ path: String, _ query: [String: String] = [:]) -> String {
        let query = query.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
            .map { "\($0.key.percentEncoded)=\($0.value.percentEncoded)" }.joined(separator: "&")
        return home + (path == "/" ? "" : path) + (query.isEmpty ? "" : (path.contains("?") ? "&" : "?") + query)
    }
}
