import Glibc
import Simulators
import Testing

extension EndToEnd {
    @Suite("SIGTERM, with connections kept by nginx and without")
    struct Stopping {
        private func options(keepsConnections: Bool) -> ByocStack.Options {
            var options = ByocStack.Options()
            options.keepsConnections = keepsConnections
            options.drainSeconds = 20
            return options
        }

        @Test(
            "Every request that is in hand at SIGTERM is answered with 200, and byoc ends well",
            arguments: [true, false])
        func inHand(keepsConnections: Bool) async throws {
            try await withByocStack(options(keepsConnections: keepsConnections)) { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                try await stack.customerWritesAndArrives(customer, "hello")
                try await stack.settle()
                // No commit is made while we have this, so the requests stay where they are.
                let lock = try FileLock("\(stack.dataFolder)/write.lock")
                defer { lock.release() }
                let numbers = Array(1...6)
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in numbers {
                        let body = ViberSamples.message(
                            "in hand \(number)", from: customer, token: 5_851_650_804_048_783_000 + Int64(number))
                        group.addTask { try await stack.postViber(body, to: installed.targetURL).status }
                    }
                    try await poll("all requests to be in hand") {
                        Processes.acceptedConnections(at: stack.socket) >= numbers.count
                    }
                    stack.signal(SIGTERM)
                    lock.release()
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(statuses == numbers.map { _ in 200 })
                #expect(try await stack.stopServing() == 0)
                try await stack.startServing()
                try await stack.waitForInbox(of: customer) { $0.count >= 7 }
                try await stack.waitForEmptyOutbox()
                #expect(Set(stack.inbox(of: customer)) == Set(["hello"] + numbers.map { "in hand \($0)" }))
                #expect(stack.inbox(of: customer).count == 7)
            }
        }

        @Test(
            "SIGTERM under load and a new start: nothing that was taken is lost, doubled or disordered",
            arguments: [true, false])
        func supervisorUnderLoad(keepsConnections: Bool) async throws {
            try await withByocStack(options(keepsConnections: keepsConnections)) { stack in
                let installed = try await stack.installViber()
                let (load, before) = try await stack.underLoad(to: installed.targetURL) { load in
                    let before = load.refusals
                    #expect(try await stack.stopServing() == 0)
                    try await stack.startServing()
                    try await load.waitForAnswers(50)
                    return before
                }
                #expect(before == [])
                // nginx says so while nobody listens, and byoc itself refused none.
                #expect(Set(load.refusals).isSubset(of: [502]))
                #expect(try await stack.arrivesOnceAndInOrder(load))
                let log = stack.text(of: "byoc.log")
                #expect(!log.contains("drain timeout exceeded"))
                #expect(!log.contains("worker killed"))
            }
        }

        @Test("SIGTERM to one worker after the other under load: not one failed request", arguments: [true, false])
        func workersUnderLoad(keepsConnections: Bool) async throws {
            try await withByocStack(options(keepsConnections: keepsConnections)) { stack in
                let installed = try await stack.installViber()
                let first = stack.workers
                let (load, _) = try await stack.underLoad(to: installed.targetURL) { load in
                    for pid in first {
                        Glibc.kill(pid, SIGTERM)
                        try await poll("the worker to be replaced") {
                            !Processes.isAlive(pid) && stack.workers.filter(Processes.isAlive).count == 2
                        }
                        try await load.waitForAnswers(50)
                    }
                }
                #expect(load.refusals == [])
                #expect(Set(stack.workers).isDisjoint(with: first))
                #expect(try await stack.arrivesOnceAndInOrder(load))
                #expect(!stack.text(of: "byoc.log").contains("worker ended"), "they left in order")
            }
        }
    }
}
