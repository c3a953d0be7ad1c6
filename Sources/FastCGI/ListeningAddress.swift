/// The address to listen on: a Unix socket's path, or a TCP host and port.
package enum ListeningAddress: Sendable, Equatable, CustomStringConvertible {
    /// A socket file.
    case path(String)
    /// A host name or address, without brackets, and a port.
    case tcp(host: String, port: UInt16)

    /// The longest path of a Unix socket on Linux, in bytes (unix(7): 108 with the terminating zero).
    static let longestPath = 107

    /// Reads `PATH`, `unix:PATH`, `HOST:PORT`, `[IPV6]:PORT` or `:PORT`.
    ///
    /// Whatever has a slash in it is a path. `:PORT` is `127.0.0.1:PORT`: who can connect to a FastCGI port can pretend to
    /// be any client, so a wider address has to be spelt out.
    ///
    /// - Throws: ``ListeningSocket/Failure``
    package init(_ text: String) throws {
        let name = text.hasPrefix("unix:") ? String(text.dropFirst(5)) : text
        guard !name.isEmpty, !name.utf8.contains(0) else { throw ListeningSocket.Failure.malformedAddress(text) }
        guard let colon = name.lastIndex(of: ":"), !name.contains("/"), name.count == text.count else {
            guard name.utf8.count <= Self.longestPath else { throw ListeningSocket.Failure.pathTooLong(name) }
            self = .path(name)
            return
        }
        let digits = name[name.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits) else {
            throw ListeningSocket.Failure.malformedAddress(text)
        }
        var host = name[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            // An IPv6 address without brackets: where it ends is anyone's guess.
            throw ListeningSocket.Failure.malformedAddress(text)
        }
        guard !host.contains("["), !host.contains("]") else { throw ListeningSocket.Failure.malformedAddress(text) }
        self = .tcp(host: host.isEmpty ? "127.0.0.1" : String(host), port: port)
    }

    /// The form that ``init(_:)`` reads, and that nginx's `fastcgi_pass` takes (with `unix:` before a path).
    package var description: String {
        switch self {
        case .path(let path): path
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }
}
