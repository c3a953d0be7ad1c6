package import Glibc

/// A socket on which web servers connect.
package struct ListeningSocket: Sendable {
    /// Its descriptor, closed on `exec`: a child that shall have it gets it as descriptor 0 by `posix_spawn`'s
    /// file actions, which clear that mark.
    package let descriptor: Int32
    /// Where it listens; the real port when port 0 was asked for. Nil when it was inherited.
    package let address: ListeningAddress?
    /// The file that was made for it, or by which it was inherited.
    let file: UnixSocketFile?
    /// What tells others that this process lives.
    let owner: SocketOwner?

    /// Makes a listening socket.
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

    /// Lets go of the file: it is nobody's then, and another socket may be opened in its place.
    package func disown() { owner?.close() }

    /// Closes the descriptor, and lets go of the file.
    package func close() {
        _ = Glibc.close(descriptor)
        disown()
    }
}
