import Glibc
import HTTPTypes
import Outbound
import RelayCore
import RelayTesting
import Testing

@Suite("Connecting", .timeLimit(.minutes(1)))
struct ConnectingTests {
    @Test("Where nobody listens, nothing was sent, whether the address is a number or a name")
    func refused() async throws {
        let port = try RawServer.closedPort(.v4)
        try await withSender { sender in
            for host in ["127.0.0.1", "localhost"] {
                let failure = try #require(try await sender.post("http://\(host):\(port)/").failure)
                #expect(failure.isCertain, "\(host): \(failure)")
                #expect(failure.description.contains("Connection refused"))
            }
        }
    }

    @Test("The same goes for an address of IPv6", .enabled(if: RawServer.hasIPv6))
    func refusedIPv6() async throws {
        let port = try RawServer.closedPort(.v6)
        try await withSender { sender in
            let failure = try #require(try await sender.post("http://[::1]:\(port)/").failure)
            #expect(failure.isCertain, "\(failure)")
        }
    }

    @Test("An address of IPv6 is called as any other", .enabled(if: RawServer.hasIPv6))
    func reachesIPv6() async throws {
        let server = try RawServer(.v6) { connection in
            guard connection.readHead() else { return }
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        }
        try await withSender { sender in
            let reply = try await sender.post(server.url).get()
            #expect(reply.status == .ok)
        }
    }

    @Test("An address that can't be reached from here was sent nothing", arguments: ["255.255.255.255", "0.0.0.0"])
    func unreachable(_ host: String) async throws {
        let port = try RawServer.closedPort(.v4)
        try await withSender { sender in
            let failure = try #require(try await sender.post("http://\(host):\(port)/").failure)
            #expect(failure.isCertain, "\(failure)")
        }
    }

    @Test("A connection that breaks behind the request leaves it in doubt", arguments: [true, false])
    func broken(isReset: Bool) async throws {
        let server = try RawServer { connection in
            guard connection.readHead() else { return }
            if isReset { connection.resetAtEnd() }
        }
        try await withSender { sender in
            let failure = try await sender.post(server.url).failure
            #expect(failure?.isCertain == false)
        }
    }

    @Test(
        "A port that no address can hold is refused before anything is sent",
        arguments: ["0", "65536", "70000", "99999999999999999999"])
    func port(_ port: String) async throws {
        try await withSender { sender in
            for host in ["127.0.0.1", "[::1]", "localhost"] {
                let request = HTTPRequest(method: .get, scheme: "http", authority: "\(host):\(port)", path: "/")
                let failure = await #expect(throws: TransportFailure.self) {
                    _ = try await sender.send(request, body: [], timeout: .seconds(5))
                }
                #expect(failure?.isCertain == true)
                #expect(failure?.description.contains(port) == true)
            }
        }
    }

    @Test("A look at a certificate ends in time where a server says nothing, and lets go of the connection")
    func probe() async throws {
        let server = try RawServer { $0.waitForEnd() }
        await #expect(throws: (any Error).self) {
            try await CertificateProbe.probe("127.0.0.1", port: Int(server.port), timeout: .milliseconds(300))
        }
        await server.wait { begun, ended in begun == 1 && ended == 1 }
    }

    @Test("A look at a certificate behind a port that can't be is refused", arguments: [0, -1, 65_536, .max])
    func probePort(_ port: Int) async throws {
        await #expect(throws: (any Error).self) {
            try await CertificateProbe.probe("127.0.0.1", port: port, timeout: .seconds(5))
        }
    }
}
