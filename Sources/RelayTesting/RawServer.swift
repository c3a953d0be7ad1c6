import Foundation
import Glibc
import Synchronization

/// A TCP server on a loopback address that says to each connection exactly what a test wants said, in bytes.
package final class RawServer: Sendable {
    package enum Family: Sendable {
        case v4, v6

        package var host: String { self == .v4 ? "127.0.0.1" : "[::1]" }
    }

    package struct Failure: Error { package var step: String }

    /// One connection of a client, on a thread of its own.
    package struct Connection: Sendable {
        fileprivate let descriptor: Int32

        /// Reads until the head of a request is there, and its body as far as it came along.
        ///
        /// - Returns: `false` when the client went away before.
        package func readHead() -> Bool { !readRequest().isEmpty }

        /// Reads until the head of a request is there, and its body as far as it came along.
        ///
        /// - Returns: what came; nothing when the client went away before.
        package func readRequest() -> [UInt8] {
            var received: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4096)
            while received.firstRange(of: Array("\r\n\r\n".utf8)) == nil {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                guard count > 0 else { return [] }
                received += buffer[..<count]
            }
            return received
        }

        /// - Returns: `false` when the client doesn't take it any more.
        @discardableResult package func write(_ bytes: some Sequence<UInt8>) -> Bool {
            var rest = Array(bytes)[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }

        @discardableResult package func write(_ text: String) -> Bool { write(text.utf8) }

        /// Says the same again and again, with a pause between, for as long as the client listens.
        package func repeatEndlessly(_ text: String, every milliseconds: UInt32 = 0) {
            while write(text) { if milliseconds > 0 { usleep(milliseconds * 1000) } }
        }

        /// Says that nothing more comes, and still listens.
        package func endWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

        /// Returns when the client has closed the connection.
        package func waitForEnd() {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while recv(descriptor, &buffer, buffer.count, 0) > 0 {}
        }

        /// Is what stands between the client and another server on this machine, until one of both has ended.
        ///
        /// - Parameter read: what the client has sent already.
        package func pass(_ read: [UInt8], toPort port: UInt16) {
            guard let other = RawServer.connect(toPort: port) else { return }
            let upstream = Connection(descriptor: other)
            upstream.write(read)
            let isThere = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                self.copy(to: upstream)
                isThere.signal()
            }
            upstream.copy(to: self)
            shutdown(descriptor, Int32(SHUT_RDWR))
            isThere.wait()
            close(other)
        }

        private func copy(to other: Connection) {
            var buffer = [UInt8](repeating: 0, count: 16_384)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                guard count > 0, other.write(buffer[..<count]) else { break }
            }
            shutdown(other.descriptor, Int32(SHUT_WR))
        }

        /// Makes the close at the end a reset (socket(7), `SO_LINGER`).
        package func resetAtEnd() {
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        }
    }

    private struct Counts {
        var begun = 0
        var ended = 0
        var waiters: [(isMet: @Sendable (Int, Int) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    package let family: Family
    package let port: UInt16
    private let descriptor: Int32
    private let counts = Mutex(Counts())

    /// - Parameter behaviour: what is done with each connection; it is closed afterwards.
    package init(_ family: Family = .v4, behaviour: @escaping @Sendable (Connection) -> Void) throws {
        (descriptor, port) = try Self.bind(family)
        self.family = family
        guard listen(descriptor, 128) == 0 else { throw Failure(step: "listen") }
        let descriptor = descriptor
        let counts = counts(of: self)
        Thread.detachNewThread {
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                counts { $0.begun += 1 }
                Thread.detachNewThread {
                    behaviour(Connection(descriptor: connection))
                    close(connection)
                    counts { $0.ended += 1 }
                }
            }
        }
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    package var url: String { "http://\(family.host):\(port)" }

    /// Returns when as many connections have come and ended as the condition wants.
    package func wait(until isMet: @escaping @Sendable (_ begun: Int, _ ended: Int) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isThere = counts.withLock { counts in
                if isMet(counts.begun, counts.ended) { return true }
                counts.waiters.append((isMet, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    /// A port on which nobody listens.
    package static func closedPort(_ family: Family) throws -> UInt16 {
        let (descriptor, port) = try bind(family)
        close(descriptor)
        return port
    }

    package static let hasIPv6 = (try? closedPort(.v6)) != nil

    private func counts(of server: RawServer) -> @Sendable ((inout Counts) -> Void) -> Void {
        { [weak server] change in
            let ready = server?.counts.withLock { counts in
                change(&counts)
                let (begun, ended) = (counts.begun, counts.ended)
                let ready = counts.waiters.filter { $0.isMet(begun, ended) }
                counts.waiters.removeAll { $0.isMet(begun, ended) }
                return ready.map(\.continuation)
            }
            for continuation in ready ?? [] { continuation.resume() }
        }
    }

    fileprivate static func connect(toPort port: UInt16) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = port.bigEndian
        guard withAddress(&address, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    private static func bind(_ family: Family) throws -> (Int32, UInt16) {
        let descriptor = socket(
            family == .v4 ? AF_INET : AF_INET6, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(step: "socket") }
        var v4 = sockaddr_in()
        v4.sin_family = sa_family_t(AF_INET)
        v4.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var v6 = sockaddr_in6()
        v6.sin6_family = sa_family_t(AF_INET6)
        v6.sin6_addr = in6addr_loopback
        let result =
            family == .v4
            ? withAddress(&v4) { Glibc.bind(descriptor, $0, $1) } : withAddress(&v6) { Glibc.bind(descriptor, $0, $1) }
        guard result == 0 else {
            close(descriptor)
            throw Failure(step: "bind")
        }
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        withAddress(&v6) { address, _ in _ = getsockname(descriptor, address, &length) }
        // The port is at the same place in both kinds of address.
        return (descriptor, UInt16(bigEndian: v6.sin6_port))
    }

    private static func withAddress<Address, Result>(
        _ address: inout Address, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafeMutablePointer(to: &address) { pointer in
            // Every kind of address may be looked at as a `sockaddr` (bind(2)).
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }
}
