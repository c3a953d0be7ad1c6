import FoundationEssentials
import HTTPTypes
import Logging
import RelayCore
import RelayTesting
import Testing

@testable import Relay

@Suite("Watching the rate limit")
struct RateWatchingTests {
    @Test("The answer that uses the limit up is taken, and closes the gate of its side until the limit's reset")
    func closes() async throws {
        let scene = EngineScene()
        try await scene.install()
        scene.customerWrites("1")
        let reset = try #require(HTTPField.Name("X-RateLimit-Reset"))
        let remaining = try #require(HTTPField.Name("X-RateLimit-Remaining"))
        let request = try #require(HTTPRequest(.post, url: "https://desk/v2/messages"))
        for (left, due) in [("3", 0.0), ("0", 40)] {
            let sender = RateWatchingSender(
                base: RecordingSender(replies: [
                    HTTPReply(status: .ok, headers: [remaining: left, reset: "40"])
                ]), store: scene.store, scope: .account(.helpdesk("desk-one")), time: scene.time.relayTime,
                logger: Logger(label: "test"))
            #expect(try await sender.send(request, body: [], timeout: .seconds(1)).status == .ok)
            let next = try #require(try await scene.store.nextDue(now: scene.time.now))
            #expect(max(0, next.timeIntervalSince(scene.time.now)) == due)
        }
    }
}
