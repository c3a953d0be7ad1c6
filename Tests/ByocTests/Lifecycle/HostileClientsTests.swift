import Foundation
import Glibc
import Simulators
import Testing

extension EndToEnd {
    @Suite("Clients that misbehave")
    struct HostileClients {
        /// Runs the body, and looks at what it did to the workers: none may have died, and none may keep descriptors.
        private func leavesWorkersWell(_ body: @escaping @Sendable (ByocStack, Installed) async throws -> Void)
            async throws
        {
            var options = ByocStack.Options()
            // So that no connection of nginx is kept, and the count of descriptors is only byoc's own.
            options.keepsConnections = false
            try await withByocStack(options) { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                // Everything that is opened once is open after this.
                _ = try await stack.underLoad(to: installed.targetURL, clients: 16) { try await $0.waitForAnswers(400) }
                try await stack.customerWritesAndArrives(customer, "before")
                let workers = stack.workers
                let before = workers.map { Processes.descriptors(of: $0).count }

                try await body(stack, installed)

                try await stack.customerWritesAndArrives(customer, "after")
                #expect(stack.inbox(of: customer) == ["before", "after"])
                #expect(stack.workers == workers)
                // Hundreds were opened; a few connections to the far sides and the store may have come since.
                try await poll("the descriptors to be closed") {
                    zip(workers, before).allSatisfy { Processes.descriptors(of: $0).count <= $1 + 12 }
                }
                let log = stack.text(of: "byoc.log")
                #expect(!log.contains("worker ended"))
                #expect(!log.contains("A handler failed"))
            }
        }

        @Test("A body of 20 MB is 413 by byoc itself where nginx lets it through, and by nginx where not")
        func largeBody() async throws {
            try await leavesWorkersWell { stack, installed in
                let body = [UInt8](repeating: UInt8(ascii: "a"), count: 20 << 20)
                let path = "/" + installed.targetURL.split(separator: "/").suffix(2).joined(separator: "/")
                // nginx tells from the head alone, and reads no further.
                let client = try RawClient(port: stack.port)
                client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n")
                #expect(client.receiveStatus() == 413)
                try await stack.withNginx(
                    "nginx-large", socket: stack.socket,
                    { $0.replacing("client_max_body_size 4m;", with: "client_max_body_size 100m;") }
                ) { address in
                    for _ in 1...3 {
                        let answer = try await stack.postViber(body, to: address + path)
                        #expect(answer.status == 413)
                        #expect(answer["X-Request-Id"]?.isEmpty == false, "it is byoc's answer")
                        #expect(answer.text.contains("4194304"), "\(answer.text)")
                    }
                    // At the limit and one byte beyond; what is let in is refused for what it says.
                    let limit = Array(body.prefix(4 << 20))
                    #expect(try await stack.postViber(limit, to: address + path).status == 400)
                    #expect(try await stack.postViber(limit + [0x20], to: address + path).status == 413)
                }
            }
        }

        @Test("More slow clients than byoc has threads hold up nobody, and are answered in the end")
        func slowClients() async throws {
            try await leavesWorkersWell { stack, installed in
                let customer = stack.viber.addCustomer()
                let requests = (1...40).map { number in
                    let body = ViberSamples.message(
                        "slow \(number)", from: customer, token: 5_851_650_804_048_785_000 + Int64(number))
                    return (post(body, to: installed.targetURL, stack), body)
                }
                let clients = try requests.map { _ in try RawClient(port: stack.port) }
                for (client, request) in zip(clients, requests) {
                    client.send(request.0)
                    client.send(Array(request.1.prefix(request.1.count / 2)))
                }
                try await stack.customerWritesAndArrives(stack.viber.addCustomer(), "quick")
                for (client, request) in zip(clients, requests) {
                    client.send(Array(request.1.dropFirst(request.1.count / 2)))
                    #expect(client.receiveStatus() == 200)
                }
                let texts = (1...40).map { "slow \($0)" }
                try await stack.waitForInbox(of: customer) { $0 == texts }
            }
        }

        @Test("Hundreds of clients that hang up: in the body, before the answer, and in the answer")
        func hangingUp() async throws {
            try await leavesWorkersWell { stack, installed in
                let customer = stack.viber.addCustomer()
                for number in 0..<450 {
                    let body = ViberSamples.message(
                        "hung up \(number)", from: customer, token: 5_851_650_804_048_786_000 + Int64(number))
                    let client = try RawClient(port: stack.port)
                    client.send(post(body, to: installed.targetURL, stack))
                    switch number % 3 {
                    case 0: client.send(Array(body.dropLast(10)))
                    case 1: client.send(body)
                    default:
                        client.send(body)
                        _ = client.receive { !$0.isEmpty }
                    }
                }
            }
        }

        @Test("Garbage, half requests and torn connections straight at the FastCGI socket")
        func garbage() async throws {
            try await leavesWorkersWell { stack, _ in
                var random = SeededRandom(seed: 2)
                let health: [(String, String)] = [("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/healthz")]
                let whole = FastCGIRecords.request(health)
                for number in 0..<400 {
                    let client = try RawClient(path: stack.socket)
                    switch number % 5 {
                    case 0: client.send(random.bytes(Int.random(in: 0..<600, using: &random)))
                    case 1: client.send(Array(whole.prefix(Int.random(in: 0..<whole.count, using: &random))))
                    case 2:
                        var torn = whole
                        let place = Int.random(in: torn.indices, using: &random)
                        torn[place] ^= UInt8.random(in: 1...255, using: &random)
                        client.send(torn)
                    case 3:
                        client.send(FastCGIRecords.request(health + [("CONTENT_LENGTH", "100000")], body: [1, 2, 3]))
                    default: client.send(whole)
                    }
                }
                let client = try RawClient(path: stack.socket)
                client.send(whole)
                let answer = String(decoding: client.receive(), as: UTF8.self)
                #expect(answer.contains("Status: 200"))
            }
        }

        @Test("Parameters that make no sense are 400, and what is odd but allowed is answered")
        func headerNonsense() async throws {
            try await leavesWorkersWell { stack, installed in
                let path = "/" + installed.targetURL.split(separator: "/").suffix(2).joined(separator: "/")
                func status(_ parameters: [(String, String)], body: [UInt8] = []) throws -> String {
                    let client = try RawClient(path: stack.socket)
                    client.send(FastCGIRecords.request(parameters, body: body))
                    let text = String(decoding: client.receive(), as: UTF8.self)
                    guard let start = text.firstRange(of: "Status: ") else { return "none" }
                    return String(text[start.upperBound...].prefix(3))
                }
                let post = [("REQUEST_METHOD", "POST"), ("REQUEST_URI", path)]
                #expect(try status([]) == "400")
                let nowhere = try status([("REQUEST_METHOD", "GET")])
                #expect(["400", "404"].contains(nowhere))
                #expect(try status([("REQUEST_METHOD", "G E T"), ("REQUEST_URI", "/")]) == "400")
                #expect(try status([("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/\r\nSet-Cookie: a=b")]) == "400")
                for length in ["-2", "x", "1e3", "99999999999999999999", " "] {
                    #expect(try status(post + [("CONTENT_LENGTH", length)]) == "400", "\(length)")
                }
                #expect(try status(post + [("CONTENT_LENGTH", "9")], body: [1]) == "400", "shorter than it says")
                let long = String(repeating: "x", count: 60_000)
                #expect(
                    try status(post + [("CONTENT_LENGTH", "0"), ("HTTP_X_VIBER_CONTENT_SIGNATURE", long)]) == "403")
                #expect(
                    try status(post + [("CONTENT_LENGTH", "0"), ("HTTP_X_VIBER_CONTENT_SIGNATURE", "\u{0}ü\n")])
                        != "200")
                #expect(try status([("REQUEST_METHOD", "BREW"), ("REQUEST_URI", path)]) == "405")
                #expect(try status([("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/healthz?" + long)]) == "200")
                #expect(try status([("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/%00/../healthz")]) == "404")

                // And through nginx.
                for head in [
                    "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
                    "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
                    "\u{16}\u{3}\u{1}\u{2}\u{0}\r\n\r\n", "GET  \r\n\r\n",
                ] {
                    let client = try RawClient(port: stack.port)
                    client.send(head)
                    #expect([400, 0].contains(client.receiveStatus()), "\(head)")
                }
                let many = (1...60).map { "X-Header-\($0): \($0)\r\nX-Viber-Content-Signature: no\r\n" }.joined()
                let client = try RawClient(port: stack.port)
                client.send(
                    "POST \(path) HTTP/1.1\r\nHost: a\r\n\(many)Content-Length: 2\r\nConnection: close\r\n\r\n{}")
                #expect([400, 403].contains(client.receiveStatus()))
            }
        }

        /// The head of a signed webhook, as it goes over the wire.
        private func post(_ body: [UInt8], to target: String, _ stack: ByocStack) -> [UInt8] {
            let path = target.split(separator: "/").suffix(2).joined(separator: "/")
            let signature = ViberSimulator.signature(of: body, token: stack.about.viber.token)
            return Array(
                """
                POST /\(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
                X-Viber-Content-Signature: \(signature)\r\nContent-Length: \(body.count)\r\nConnection: close\r\n\r\n
                """.utf8)
        }
    }
}
