import Glibc

/// Listening over TCP.
enum TCPSocket {
    /// Listens on the first available address of the host.
    ///
    /// - Returns: the descriptor, and the port that it really has.
    static func listen(host: String, port: UInt16, backlog: Int32) throws -> (Int32, UInt16) {
        let address = ListeningAddress.tcp(host: host, port: port)
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else {
            throw ListeningSocket.Failure.unknownHost(host, reason: String(cString: gai_strerror(code)))
        }
        defer { freeaddrinfo(list) }
        var failure = SystemFailure("getaddrinfo", code: EADDRNOTAVAIL)
        var next = list
        while let candidate = next?.pointee {
            next = candidate.ai_next
            let descriptor = socket(
                candidate.ai_family, candidate.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), candidate.ai_protocol)
            guard descriptor >= 0 else {
                failure = SystemFailure("socket")
                continue
            }
            // Connections of a process that has just ended don't keep the next one from listening.
            var yes: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout.size(ofValue: yes)))
            if bind(descriptor, candidate.ai_addr, candidate.ai_addrlen) == 0, Glibc.listen(descriptor, backlog) == 0 {
                return (descriptor, self.port(of: descriptor) ?? port)
            }
            failure = SystemFailure("bind")
            close(descriptor)
        }
        if failure.code == EADDRINUSE { throw ListeningSocket.Failure.inUse(address, process: nil) }
        throw ListeningSocket.Failure.refused(address, failure)
    }

    private static func port(of descriptor: Int32) -> UInt16? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout.size(ofValue: storage))
        return withUnsafeMutablePointer(to: &storage) { storage in
            // sockaddr_storage is made to be read as any of the address types.
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                withUnsafeTemporaryAllocation(of: CChar.self, capacity: 8) { text in
                    guard let start = text.baseAddress, getsockname(descriptor, address, &length) == 0,
                        getnameinfo(address, length, nil, 0, start, socklen_t(text.count), NI_NUMERICSERV) == 0
                    else { return nil }
                    return UInt16(String(cString: start))
                }
            }
        }
    }
}
