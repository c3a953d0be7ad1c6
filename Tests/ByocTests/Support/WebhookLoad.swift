// Several clients that post signed webhooks through nginx, each the next as soon as the last one is answered.

import Simulators
import Synchronization

/// What the clients have sent, and what they were answered.
final class WebhookLoad: Sendable {
    private struct State {
        var isStopped = false
        var answers = 0
        var refusals: [Int] = []
        var texts: [String: [String]] = [:]
    }

    private let state = Mutex(State())
    private let stack: ByocStack
    private let target: String
    let customers: [String]

    /// So often each message is posted before the next: providers repeat, and what is repeated costs the relay nothing.
    private static let copies = 8

    fileprivate init(_ stack: ByocStack, target: String, clients: Int) {
        self.stack = stack
        self.target = target
        customers = (1...clients).map { stack.viber.addCustomer(name: "Client \($0)") }
    }

    /// How many requests were answered with 200.
    var answers: Int { state.withLock { $0.answers } }

    /// The statuses of all other answers.
    var refusals: [Int] { state.withLock { $0.refusals } }

    /// What a customer wrote and byoc took, in order.
    func texts(of customer: String) -> [String] { state.withLock { $0.texts[customer] ?? [] } }

    /// Waits until so many more requests were answered with 200.
    func waitForAnswers(_ count: Int) async throws {
        let wanted = answers + count
        try await stack.wait(for: "\(count) more answers") { self.answers >= wanted }
    }

    fileprivate func stop() { state.withLock { $0.isStopped = true } }

    /// One client, until it is stopped. What isn't taken is sent again, as the provider does.
    fileprivate func run(_ index: Int) async throws {
        let customer = customers[index]
        var number: Int64 = 0
        while !state.withLock({ $0.isStopped }) {
            number += 1
            let text = "message \(number) of client \(index + 1)"
            let body = ViberSamples.message(
                text, from: customer, token: 5_860_000_000_000_000_000 + Int64(index) * 1_000_000 + number)
            var copies = Self.copies
            while copies > 0 {
                let status = try await stack.postViber(body, to: target).status
                state.withLock { state in
                    if status == 200 { state.answers += 1 } else { state.refusals.append(status) }
                }
                stack.log.noteChange()
                if status == 200 {
                    copies -= 1
                } else {
                    // The provider's pause between two attempts; nothing is waited for.
                    try await Task.sleep(for: .milliseconds(10))
                }
            }
            state.withLock { $0.texts[customer, default: []].append(text) }
        }
    }
}

extension ByocStack {
    /// Runs the clients while the body runs. Each ends with a message that was taken.
    func underLoad<Result: Sendable>(
        to target: String, clients: Int = 6, _ body: @escaping @Sendable (WebhookLoad) async throws -> Result
    ) async throws -> (WebhookLoad, Result) {
        let load = WebhookLoad(self, target: target, clients: clients)
        let result = try await withThrowingTaskGroup(of: Void.self) { group in
            for index in load.customers.indices { group.addTask { try await load.run(index) } }
            defer { load.stop() }
            try await load.waitForAnswers(20)
            let result = try await body(load)
            load.stop()
            try await group.waitForAll()
            return result
        }
        return (load, result)
    }

    /// Waits until all that the clients wrote is in Freshchat, and says whether it is there once and in order.
    func arrivesOnceAndInOrder(_ load: WebhookLoad) async throws -> Bool {
        for customer in load.customers {
            let texts = load.texts(of: customer)
            try await waitForInbox(of: customer) { $0.count >= texts.count }
        }
        try await waitForEmptyOutbox()
        return load.customers.allSatisfy { inbox(of: $0) == load.texts(of: $0) }
    }
}
