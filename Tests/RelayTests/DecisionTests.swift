import FoundationEssentials
import Relay
import RelayCore
import Testing

@Suite("Decision after a failed attempt")
struct DecisionTests {
    let now = Date(timeIntervalSince1970: 1_700_000_000)

    private func decide(
        _ remedy: DeliveryFailure.Remedy, failures: Int = 1, age: Double = 0, random: Double = 1
    ) -> Decision {
        Decision.after(
            DeliveryFailure(remedy, reason: "r", detail: "d"), failures: failures,
            acceptedAt: now.addingTimeInterval(-age), now: now, policy: RetryPolicy(),
            random: { $0.lowerBound + ($0.upperBound - $0.lowerBound) * random })
    }

    @Test(
        "The wait doubles with each failed attempt, up to half an hour",
        arguments: [(1, 1.0), (2, 2), (3, 4), (6, 32), (11, 1024), (12, 1800), (13, 1800), (500, 1800)])
    func backoff(failures: Int, seconds: Double) {
        #expect(Backoff().longest(after: failures) == .seconds(seconds))
        #expect(
            decide(.retry(after: nil), failures: failures)
                == .retry(at: now.addingTimeInterval(seconds), counting: true, wakesOnContact: false))
    }

    @Test("The jitter spreads the wait over the whole range from nothing to the longest")
    func jitter() {
        #expect(
            decide(.retry(after: nil), failures: 5, random: 0)
                == .retry(at: now, counting: true, wakesOnContact: false))
        #expect(
            decide(.retry(after: nil), failures: 5, random: 0.5)
                == .retry(at: now.addingTimeInterval(8), counting: true, wakesOnContact: false))
    }

    @Test("What the far side asks for goes before our own backoff")
    func retryAfter() {
        #expect(
            decide(.retry(after: .seconds(7)), failures: 9)
                == .retry(at: now.addingTimeInterval(7), counting: true, wakesOnContact: false))
    }

    @Test(
        "However long a service asks us to wait, it is asked again after five minutes",
        arguments: [301.0, 86_400, 1e12])
    func longRetryAfter(seconds: Double) {
        #expect(
            decide(.retry(after: .seconds(seconds)), failures: 9)
                == .retry(at: now.addingTimeInterval(300), counting: true, wakesOnContact: false))
        #expect(
            decide(.slowDown(until: now.addingTimeInterval(seconds)))
                == .closeGate(until: now.addingTimeInterval(300)))
    }

    @Test("A service that asks for no wait at all gets our backoff, not a tight loop", arguments: [0.0, -5])
    func noRetryAfter(seconds: Double) {
        #expect(
            decide(.retry(after: .seconds(seconds)), failures: 6)
                == .retry(at: now.addingTimeInterval(32), counting: true, wakesOnContact: false))
    }

    @Test("A delivery is given up on only when it is a day old and has been tried a dozen times")
    func horizon() {
        #expect(decide(.retry(after: nil), failures: 12, age: 86_400) == .markDead)
        #expect(decide(.retry(after: nil), failures: 11, age: 900_000) != .markDead)
        #expect(decide(.retry(after: nil), failures: 400, age: 86_399) != .markDead)
    }

    @Test("A rate limit closes the gate and counts as no attempt, however old the delivery is")
    func slowDown() {
        let until = now.addingTimeInterval(30)
        #expect(decide(.slowDown(until: until), failures: 99, age: 900_000) == .closeGate(until: until))
    }

    @Test("A gate that the far side closed in the past still gives it a moment")
    func slowDownInThePast() {
        #expect(
            decide(.slowDown(until: now.addingTimeInterval(-5))) == .closeGate(until: now.addingTimeInterval(0.1)))
    }

    @Test("What waits for the customer wakes when he writes, and counts as no attempt")
    func waitForContact() {
        let until = now.addingTimeInterval(1800)
        #expect(
            decide(.waitForContact(until: until), failures: 50, age: 900_000)
                == .retry(at: until, counting: false, wakesOnContact: true))
    }

    @Test("What is too early waits without counting, however old the delivery is")
    func wait() {
        let until = now.addingTimeInterval(3)
        #expect(
            decide(.wait(until: until), failures: 50, age: 900_000)
                == .retry(at: until, counting: false, wakesOnContact: false))
    }

    @Test("A refused credential pauses, a lost webhook is registered again, a hopeless one is buried")
    func others() {
        #expect(decide(.pause, failures: 99, age: 900_000) == .pause)
        #expect(decide(.register, failures: 2) == .register(retryAt: now.addingTimeInterval(2)))
        #expect(decide(.register, failures: 12, age: 86_400) == .markDead)
        #expect(decide(.giveUp) == .markDead)
    }
}
