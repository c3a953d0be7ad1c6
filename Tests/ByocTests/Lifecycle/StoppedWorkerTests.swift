import Glibc
import HTTPTypes
import Simulators
import Testing

extension EndToEnd {
    @Suite("A worker that hangs")
    struct StoppedWorker {
        @Test(
            "Stopped for longer than its lease, it holds up no conversation for ever, and sends nothing twice when it wakes"
        )
        func stopped() async throws {
            var options = ByocStack.Options()
            options.workers = 1
            options.environment = { _ in ["BYOC_LEASE_SECONDS": "30"] }
            try await withByocStack(options) { stack in
                try await stack.withProxy(of: stack.about.freshchat.url) { proxy in
                    _ = try await stack.installViber(settings: ["freshchat_url": proxy.url])
                    let customers = (1...4).map { _ in stack.viber.addCustomer() }
                    for customer in customers { try await stack.customerWritesAndArrives(customer, "hello") }

                    // The worker stands still with a message of each customer in its hands, not yet in Freshchat.
                    let holds = customers.map { _ in stack.hold(.beforeEffect, at: proxy, .post, "/messages") }
                    for customer in customers {
                        stack.viber.customerWrites(customer, "one")
                        stack.viber.customerWrites(customer, "two")
                    }
                    for hold in holds { try await stack.waitUntilReached(hold, "a message on its way") }
                    try await stack.settle()
                    let stopped = try #require(stack.workers.first)
                    #expect(try await Processes.stop(stopped, outsideOfCommitsTo: stack.dataFolder))
                    for hold in holds { hold.lose() }

                    // Its leases run out after 30 s, and another one looks; what it doesn't find it sends 30 s later.
                    try stack.start(["relay"])
                    try await stack.wait(for: "another worker to bring all", timeout: patience * 3) {
                        customers.allSatisfy { stack.inbox(of: $0) == ["hello", "one", "two"] }
                    }
                    try await poll("the alarm of the conversations that it kept") {
                        stack.alarms("lane.stuck") == ["alarm raised", "alarm cleared"]
                    }
                    _ = Glibc.kill(stopped, SIGCONT)
                    try await stack.waitForEmptyOutbox()
                    try await poll("the woken worker to find its lease gone") {
                        stack.text(of: "byoc.log").contains("outcome not recorded")
                    }
                    stack.viber.customerWrites(customers[0], "three")
                    try await stack.waitForInbox(of: customers[0]) { $0 == ["hello", "one", "two", "three"] }
                    for customer in customers.dropFirst() {
                        #expect(stack.inbox(of: customer) == ["hello", "one", "two"])
                    }
                    #expect(stack.refusals() == [])
                }
            }
        }
    }
}
