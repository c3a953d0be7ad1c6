import Glibc

/// The state and address of an accepted connection's peer.
enum Peer {
    enum Readiness {
        case readable
        case silent
        /// The peer has closed, or the connection is broken.
        case closed
    }

    /// Whether there are bytes to read. Neither reads nor waits.
    static func readiness(of connection: Int32) -> Readiness {
        var byte: UInt8 = 0
        let count = recv(connection, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
        if count > 0 { return .readable }
        if count < 0, errno == EAGAIN || errno == EINTR { return .silent }
        return .closed
    }

    /// Reads what there is, up to 64 KiB, only so that the peer can continue.
    static func discardSome(from connection: Int32) {
        withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) { buffer in
            _ = recv(connection, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
        }
    }

    /// Sets the time-outs of a new connection.
    ///
    /// - Returns: whether the peer's address is allowed.
    static func admit(_ connection: Int32, _ configuration: ResponderConfiguration) -> Bool {
        var patience = configuration.peerTimeout.timeval
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(connection, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout.size(ofValue: patience)))
        }
        guard let address = numericAddress(of: connection) else { return true }
        // Answers are written in pieces of 8 KiB; none of them should wait for an acknowledgement.
        var yes: Int32 = 1
        setsockopt(
            connection, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout.size(ofValue: yes)))
        return configuration.webServerAddresses.isEmpty || configuration.webServerAddresses.contains(address)
    }

    /// The peer's IP address; nil on a Unix socket. An IPv4 address that came by IPv6 is written as IPv4.
    private static func numericAddress(of connection: Int32) -> String? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout.size(ofValue: storage))
        return withUnsafeMutablePointer(to: &storage) { storage in
            // sockaddr_storage is made to be read as any of the address types.
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard getpeername(connection, address, &length) == 0,
                    address.pointee.sa_family != sa_family_t(AF_UNIX)
                else { return nil }
                return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
                    guard let start = text.baseAddress,
                        getnameinfo(address, length, start, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
                    else { return "" }
                    let name = String(cString: start)
                    return name.hasPrefix("::ffff:") && name.contains(".") ? String(name.dropFirst(7)) : name
                }
            }
        }
    }
}
