package import Glibc

/// A socket that web servers connect to.
package struct ListeningSocket: Sendable {
    /// The descriptor, closed on `exec`. Children that need it get it as descriptor 0 by `posix_spawn`'s
    /// file actions, which clear that mark.
    package let descriptor: Int32
    /// The address; with the real port if port 0 was requested. `nil` for an inherited socket.
    package let address: ListeningAddress?
    /// The file that was made for it, or by which it was inherited.
    let file: UnixSocketFile?
    /// The lock that shows other processes that this one lives.
    let owner: SocketOwner?

    /// Creates a listening socket.
    ///
    /// A socket file that nobody listens on any more is replaced, and one of a process that is dead, though its children
    /// may still listen. One that another process listens on is left alone, as is anything that is not a socket.
    ///
    /// - Parameters:
    ///   - address: What ``ListeningAddress/init(_:)`` reads.
    ///   - mode: The permissions of the socket file, exactly, whatever the umask. At no moment has it more.
    ///   - backlog: How many connections may wait to be accepted.
    /// - Throws: ``Failure``
    package static func open(at address: String, mode: mode_t = 0o660, backlog: Int32 = 511) throws -> ListeningSocket {
        switch try ListeningAddress(address) {
        case .path(let path):
            let (descriptor, file, owner) = try UnixSocketFile.listen(at: path, mode: mode, backlog: backlog)
            return ListeningSocket(descriptor: descriptor, address: .path(path), file: file, owner: owner)
        case .tcp(let host, let port):
            let (descriptor, bound) = try TCPSocket.listen(host: host, port: port, backlog: backlog)
            return ListeningSocket(
                descriptor: descriptor, address: .tcp(host: host, port: bound), file: nil, owner: nil)
        }
    }

    /// Whether descriptor 0 is a listening socket, as spawn-fcgi, systemd and our own supervisor leave it.
    package static func isInherited() -> Bool {
        isListening(STDIN_FILENO)
    }

    /// The socket on descriptor 0. Its file, if it has one, belongs to the process that made it.
    package static func inherited() -> ListeningSocket? {
        guard isInherited() else { return nil }
        return ListeningSocket(
            descriptor: STDIN_FILENO, address: nil, file: UnixSocketFile(of: STDIN_FILENO), owner: nil)
    }

    /// Whether a descriptor is a socket that listens.
    package static func isListening(_ descriptor: Int32) -> Bool {
        var answer: Int32 = 0
        var length = socklen_t(MemoryLayout.size(ofValue: answer))
        return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &answer, &length) == 0 && answer != 0
    }

    /// What keeps web servers from connecting: the socket's file is gone, or another stands in its place; `nil`: nothing.
    ///
    /// Of an inherited socket the file is known by its path alone, so that what was there when the process began counts as
    /// its own.
    package var obstacle: String? {
        guard let file, !file.isInPlace else { return nil }
        return file.isThere
            ? "the socket file \(file.path) was replaced by another" : "the socket file \(file.path) is gone"
    }

    /// Removes the socket file, if it is still the one that ``open(at:mode:backlog:)`` made. For the clean end of the
    /// process that opened it; one that inherited the socket leaves the file alone.
    package func removeFile() {
        guard address != nil, file?.remove() == true else { return }
        owner?.removeFile()
    }

    /// Releases the file, so that another socket may replace it.
    package func disown() { owner?.close() }

    /// Closes the descriptor, and releases the file.
    package func close() {
        _ = Glibc.close(descriptor)
        disown()
    }
}
