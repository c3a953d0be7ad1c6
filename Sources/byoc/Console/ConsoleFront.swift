import Console
import Dispatch
import HTTPTypes
import Logging
import RelayCore
import Synchronization

/// Connects the request threads, which wait for an answer, with the settings pages, which are rendered asynchronously.
///
/// A page may take a while, because it may call Viber and Freshchat. So only some of the threads may serve pages
/// concurrently: the others stay free for webhooks, whatever the pages do.
struct ConsoleFront: Sendable {
    let console: Console
    private let room: Room
    private let patience: Duration

    /// How long a page may take; live checks are the slowest.
    static let patience: Duration = .seconds(40)

    /// How many of a worker's threads may serve pages: at most half, at most four, and at least one.
    static func places(threads: Int) -> Int { max(1, min(4, threads / 2)) }

    init(console: Console, places: Int, patience: Duration = Self.patience) {
        self.console = console
        self.patience = patience
        room = Room(places: places)
    }

    func respond(to request: WebhookRequest) -> WebhookResponse {
        // A page loads several of these concurrently.
        if let asset = console.asset(for: request) { return asset }
        guard room.enter() else {
            return .text(
                .serviceUnavailable, "Too many pages are loading. Reload this one in a few seconds.",
                headers: [.retryAfter: "2", .cacheControl: "no-store"])
        }
        defer { room.leave() }
        switch console.begin(request) {
        case .answer(let response): return response
        case .page(let make): return wait(for: make)
        }
    }

    private func wait(for make: @escaping @Sendable () async -> WebhookResponse) -> WebhookResponse {
        let answer = AnswerBox()
        let task = Task.detached { answer.put(await make()) }
        if let response = answer.take(within: patience) { return response }
        task.cancel()
        return .text(
            .gatewayTimeout,
            "The page took too long. A change that you made may or may not have been applied: check before you try again.",
            headers: [.cacheControl: "no-store"])
    }
}

/// How many may be inside.
private final class Room: Sendable {
    private let free: Mutex<Int>

    init(places: Int) { free = Mutex(places) }

    func enter() -> Bool {
        free.withLock { free in
            guard free > 0 else { return false }
            free -= 1
            return true
        }
    }

    func leave() { free.withLock { $0 += 1 } }
}

/// Hands one answer from a task to the thread that waits for it.
private final class AnswerBox: Sendable {
    private let answer = Mutex<WebhookResponse?>(nil)
    private let isHere = DispatchSemaphore(value: 0)

    func put(_ response: WebhookResponse) {
        answer.withLock { $0 = response }
        isHere.signal()
    }

    func take(within patience: Duration) -> WebhookResponse? {
        guard isHere.wait(timeout: .now() + .milliseconds(Int(patience.microseconds / 1000))) == .success else {
            return nil
        }
        return answer.withLock { $0 }
    }
}
