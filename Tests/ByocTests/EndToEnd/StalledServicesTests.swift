import Foundation
import RelayTesting
import Simulators
import Synchronization
import Testing

extension EndToEnd {
    @Suite("Services that stall")
    struct StalledServices {
        /// Stands between byoc and one of the services, and answers with half of a body and then nothing for as long as it is
        /// told to.
        private final class Stall: Sendable {
            let isOn = Mutex(false)
            let stalled = Mutex(0)

            func server(before url: String) throws -> RawServer {
                let port = try #require(URL(string: url)?.port.flatMap { UInt16(exactly: $0) })
                return try RawServer { connection in
                    let request = connection.readRequest()
                    guard !request.isEmpty else { return }
                    guard self.isOn.withLock({ $0 }) else { return connection.pass(request, toPort: port) }
                    self.stalled.withLock { $0 += 1 }
                    connection.write(
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{")
                    connection.waitForEnd()
                }
            }
        }

        /// The path of a service behind the server that stands before it.
        private static func url(_ server: RawServer, _ url: String) -> String {
            server.url + (URL(string: url)?.path ?? "")
        }

        @Test("More answers that stall than workers have places hold up nothing for good")
        func moreThanPlaces() async throws {
            var options = ByocStack.Options()
            options.environment = { _ in ["BYOC_RELAY_CONCURRENCY": "4"] }
            try await withByocStack(options) { stack in
                let stall = Stall()
                let server = try stall.server(before: stack.about.freshchat.url)
                _ = try await stack.installViber(
                    settings: ["freshchat_url": Self.url(server, stack.about.freshchat.url)])
                // Each is a stranger, so each attempt begins with a question to Freshchat.
                let customers = (1...24).map { _ in stack.viber.addCustomer() }
                stall.isOn.withLock { $0 = true }
                for customer in customers { stack.viber.customerWrites(customer, "hello") }
                // Two workers with four places: the ninth comes only when a place was given back.
                try await poll("a ninth call") { stall.stalled.withLock { $0 } >= 9 }
                #expect(try await stack.get("/readyz").status == 200)
                stall.isOn.withLock { $0 = false }
                for customer in customers { try await stack.waitForInbox(of: customer) { $0 == ["hello"] } }
                try await stack.waitForEmptyOutbox()
                #expect(customers.allSatisfy { stack.users(of: $0).count == 1 })
                #expect(stack.refusals() == [])
            }
        }

        @Test("A command that a stalled answer meets ends, and says so")
        func command() async throws {
            try await withByocStack { stack in
                let stall = Stall()
                let server = try stall.server(before: stack.about.viber.url)
                let installed = try await stack.installViber(
                    settings: ["api_base_url": Self.url(server, stack.about.viber.url)])
                stall.isOn.withLock { $0 = true }
                let result = try await stack.run("register", installed.id)
                #expect(result.status == 1)
                #expect(result.errors.contains("no response within the time-out"), "\(result)")
            }
        }

        @Test(
            "An address with a port that can't be is refused with its value, and the process lives",
            arguments: ["70000", "65536", "99999999999999999999"])
        func port(_ port: String) async throws {
            try await withByocStack { stack in
                let viber = try await stack.installCommand(settings: ["api_base_url": "http://127.0.0.1:\(port)/pa"])
                #expect(viber.status == 1)
                #expect(viber.errors.contains("65535"), "\(viber)")
                let freshchat = try await stack.installCommand(
                    settings: ["freshchat_url": "http://127.0.0.1:\(port)/v2"])
                #expect(freshchat.status == 1)
                #expect(freshchat.errors.contains("65535") && freshchat.errors.contains(port), "\(freshchat)")
                let doctor = try await stack.run(
                    "doctor", environment: ["BYOC_BASE_URL": "https://127.0.0.1:\(port)"])
                #expect(doctor.status == 2, "\(doctor)")
                #expect((doctor.output + doctor.errors).contains(port), "\(doctor)")
            }
        }

        @Test("A status that is none is tried again, and the workers live", arguments: ["000", "042", "099"])
        func noStatus(_ code: String) async throws {
            try await withByocStack { stack in
                let port = try #require(URL(string: stack.about.freshchat.url)?.port.flatMap { UInt16(exactly: $0) })
                let left = Mutex(0)
                let server = try RawServer { connection in
                    let request = connection.readRequest()
                    let isOdd = left.withLock { left in
                        defer { left = max(0, left - 1) }
                        return left > 0
                    }
                    guard isOdd else { return connection.pass(request, toPort: port) }
                    connection.write("HTTP/1.1 \(code) Odd\r\nContent-Length: 2\r\n\r\n{}")
                }
                _ = try await stack.installViber(
                    settings: ["freshchat_url": Self.url(server, stack.about.freshchat.url)])
                let workers = stack.workers
                left.withLock { $0 = 3 }
                let customer = stack.viber.addCustomer()
                try await stack.customerWritesAndArrives(customer, "hello")
                #expect(left.withLock { $0 } == 0)
                #expect(stack.workers == workers)
            }
        }
    }
}
