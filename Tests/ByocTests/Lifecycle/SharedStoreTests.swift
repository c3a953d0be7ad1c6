import Foundation
import HTTPTypes
import Simulators
import Testing

extension EndToEnd {
    @Suite("Several processes on one data folder")
    struct SharedStore {
        @Test("Processes that start at once on a fresh folder make it together")
        func migratingAtOnce() async throws {
            var options = ByocStack.Options()
            options.serves = false
            try await withByocStack(options) { stack in
                for round in 1...3 {
                    let folder = "\(stack.folder)/fresh-\(round)/deeper/data"
                    let results = try await withThrowingTaskGroup(of: CommandResult.self) { group in
                        for _ in 1...6 {
                            group.addTask { try await stack.runAsCGI(dataFolder: folder) }
                        }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                    for result in results {
                        #expect(result.status == 0 && result.output.hasPrefix("Status: 200"), "\(result)")
                    }
                    let listed = try await stack.run("installations", "--json", "--data-dir", folder)
                    #expect(try listed.json == [])
                    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
                    #expect(names.count { $0.hasPrefix("secret.key") } == 1, "\(names)")
                }
            }
        }

        @Test("Two byoc serve with sockets of their own relay together, and double nothing")
        func twoServices() async throws {
            var options = ByocStack.Options()
            options.workers = 1
            options.environment = { _ in ["BYOC_RELAY_CONCURRENCY": "1"] }
            try await withByocStack(options) { stack in
                let socket = "\(stack.folder)/second.sock"
                let second = try stack.start(["serve", "--socket", socket, "--workers", "1"])
                try await stack.withNginx("nginx-second", socket: socket) { address in
                    try await poll("the second to be ready") {
                        try #require(second.ending == nil)
                        return try await stack.get(address + "/readyz").status == 200
                    }
                    try await stack.withProxy(of: stack.about.freshchat.url) { proxy in
                        let installed = try await stack.installViber(settings: ["freshchat_url": proxy.url])
                        let path = "/" + installed.targetURL.split(separator: "/").suffix(2).joined(separator: "/")

                        // Each makes one delivery at a time, so two at the same moment are made by both.
                        let customers = (1...4).map { stack.viber.addCustomer(name: "Customer \($0)") }
                        let holds = (1...2).map { _ in stack.hold(.beforeEffect, at: proxy, .post, "/conversations") }
                        for customer in customers { stack.viber.customerWrites(customer, "hello") }
                        for hold in holds { try await stack.waitUntilReached(hold, "two deliveries at once") }
                        let workers = stack.workers + Processes.children(of: second.pid)
                        #expect(workers.count == 2)
                        #expect(workers.allSatisfy { Processes.isConnected($0, toPort: proxy.port) })
                        for hold in holds { hold.release() }

                        let texts = (1...25).map { "message \($0)" }
                        try await withThrowingTaskGroup(of: Void.self) { group in
                            for (index, customer) in customers.enumerated() {
                                group.addTask {
                                    for (number, text) in texts.enumerated() {
                                        let token = 5_851_650_804_048_787_000 + Int64(index * 100 + number)
                                        let body = ViberSamples.message(text, from: customer, token: token)
                                        // Now the one, now the other; and the repeat to both.
                                        for base in number.isMultiple(of: 2)
                                            ? [stack.baseURL, address] : [address, stack.baseURL]
                                        {
                                            let status = try await stack.postViber(body, to: base + path).status
                                            #expect(status == 200)
                                        }
                                    }
                                }
                            }
                            try await group.waitForAll()
                        }
                        for customer in customers {
                            try await stack.waitForInbox(of: customer) { $0.count >= 26 }
                        }
                        try await stack.waitForEmptyOutbox()
                        for customer in customers {
                            #expect(stack.inbox(of: customer) == ["hello"] + texts)
                            #expect(stack.users(of: customer).count == 1)
                            #expect(stack.conversations(of: customer).count == 1)
                        }
                    }
                }
            }
        }
    }
}
