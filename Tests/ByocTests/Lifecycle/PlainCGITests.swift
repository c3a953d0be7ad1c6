import Foundation
import Glibc
import HTTPTypes
import Simulators
import Testing

extension EndToEnd {
    @Suite("Where there is no supervisor: plain CGI by fcgiwrap, and workers by spawn-fcgi")
    struct WithoutSupervisor {
        private static var unserved: ByocStack.Options {
            var options = ByocStack.Options()
            options.serves = false
            return options
        }

        @Test("As a CGI program behind fcgiwrap: the answer is complete first, then the message is relayed")
        func cgi() async throws {
            try await withByocStack(Self.unserved) { stack in
                try await stack.withProxy(of: stack.about.freshchat.url) { proxy in
                    try await stack.withCGI(["BYOC_CGI_RELAY_SECONDS": "30"]) { url in
                        // Viber's handshake comes to the CGI program during this.
                        let result = try await stack.installCommand(
                            settings: ["freshchat_url": proxy.url], environment: ["BYOC_BASE_URL": url])
                        try #require(result.status == 0, "\(result)")
                        let installed = try Installed(result)
                        #expect(installed.targetURL.hasPrefix(url + "/hook/"))
                        stack.freshchat.setWebhook(installed.freshchatWebhookURL)
                        #expect(try await stack.get(url + "/healthz").status == 200)
                        #expect(try await stack.get(url + "/nothing").status == 404)
                        let wrong = try await stack.postViber(Array("{}".utf8), to: installed.targetURL, token: "wrong")
                        #expect(wrong.status == 403)

                        let customer = stack.viber.addCustomer()
                        let relaying = stack.hold(.beforeEffect, at: proxy, .post, "/conversations")
                        stack.viber.customerWrites(customer, "по CGI 👋")
                        try await stack.waitUntilReached(relaying, "the relaying")
                        // It comes although Freshchat has not answered, and will not before it has come.
                        try await stack.waitForEntry("the answer to Viber") {
                            $0.kind == .webhook && $0.name == "message" && $0.status == 200
                        }
                        #expect(stack.inbox(of: customer) == [])
                        relaying.release()
                        try await stack.waitForInbox(of: customer) { $0 == ["по CGI 👋"] }

                        let conversation = try #require(stack.conversations(of: customer).first)
                        try await stack.agentRepliesAndArrives(conversation.id, "Так", to: customer)
                        for text in ["two", "three"] { try await stack.customerWritesAndArrives(customer, text) }
                        #expect(stack.inbox(of: customer) == ["по CGI 👋", "two", "three"])
                        #expect(stack.phone(customer) == ["Так"])
                        let readiness = try await stack.get(url + "/readyz")
                        #expect(readiness.status == 200, "\(readiness.text)")
                    }
                }
            }
        }

        @Test("What a CGI program had no time for is relayed by byoc relay --for, which ends when nothing is due")
        func relayFor() async throws {
            try await withByocStack(Self.unserved) { stack in
                try await stack.withCGI(["BYOC_CGI_RELAY_SECONDS": "0"]) { url in
                    let result = try await stack.installCommand(environment: ["BYOC_BASE_URL": url])
                    try #require(result.status == 0, "\(result)")
                    let customer = stack.viber.addCustomer()
                    let texts = (1...20).map { "message \($0)" }
                    for text in texts { stack.viber.customerWrites(customer, text) }
                    try await stack.settle()
                    #expect(stack.log.entries().count { $0.kind == .webhook && $0.status == 200 } >= 20)
                    #expect(stack.inbox(of: customer) == [])
                    // Longer than a test may take: it must end by itself.
                    let relayed = try await stack.run("relay", "--for", "600")
                    #expect(relayed.status == 0, "\(relayed)")
                    #expect(stack.inbox(of: customer) == texts)
                    #expect(try await stack.json("outbox") == [])
                    let idle = try await stack.run("relay", "--for", "600")
                    #expect(idle.status == 0, "\(idle)")
                }
            }
        }

        @Test("Two workers that spawn-fcgi starts on one socket serve and relay, and end on SIGTERM")
        func spawnFCGI() async throws {
            try await withByocStack(Self.unserved) { stack in
                let spawning = try ChildProcess(
                    "/usr/bin/spawn-fcgi",
                    ["-s", stack.socket, "-M", "0600", "-F", "2", "--", ByocStack.program, "serve"],
                    environment: stack.environment, directory: stack.folder, output: "\(stack.folder)/spawn.log",
                    errors: "\(stack.folder)/spawn.log")
                try await poll("spawn-fcgi to end") { !Processes.isAlive(spawning.pid) }
                // "spawn-fcgi: child spawned successfully: PID: 4711"
                let workers = stack.text(of: "spawn.log").split(separator: "\n")
                    .compactMap { $0.split(separator: " ").last.flatMap { pid_t($0) } }
                defer { for pid in workers where Processes.isAlive(pid) { stack.kill(pid) } }
                #expect(workers.count == 2)
                try await poll("the workers to be ready") {
                    try await stack.get("/readyz").status == 200 && workers.allSatisfy(Processes.isAlive)
                }

                let installed = try await stack.installViber()
                let (load, _) = try await stack.underLoad(to: installed.targetURL) { load in
                    try await load.waitForAnswers(100)
                    // One leaves, and the other one is not disturbed.
                    Glibc.kill(workers[0], SIGTERM)
                    try await poll("the first to end") { !Processes.isAlive(workers[0]) }
                    try await load.waitForAnswers(50)
                }
                #expect(load.refusals == [])
                #expect(try await stack.arrivesOnceAndInOrder(load))

                let direct = try await cgiFCGI(stack, "/healthz")
                #expect(direct.hasPrefix("Status: 200 OK\r\n"), "\(direct)")
                #expect(direct.hasSuffix("\r\n\r\nok\n") || direct.hasSuffix("\r\n\r\nok"), "\(direct)")
                Glibc.kill(workers[1], SIGTERM)
                try await poll("the second to end") { !Processes.isAlive(workers[1]) }
            }
        }

        /// Debian's cgi-fcgi as the web server.
        private func cgiFCGI(_ stack: ByocStack, _ path: String) async throws -> String {
            let output = "\(stack.folder)/cgi-fcgi.out"
            let client = try ChildProcess(
                "/usr/bin/cgi-fcgi", ["-bind", "-connect", stack.socket],
                environment: ["REQUEST_METHOD": "GET", "REQUEST_URI": path, "SCRIPT_NAME": path, "QUERY_STRING": ""],
                directory: stack.folder, output: output, errors: "\(stack.folder)/cgi-fcgi.err")
            #expect(await client.wait(timeout: patience) == 0)
            return stack.text(of: "cgi-fcgi.out")
        }
    }
}
