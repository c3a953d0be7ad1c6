import FoundationEssentials
import RelayCore
import Testing

@Suite("Attempts and what became of them")
struct AttemptTests {
    private let now = Date(timeIntervalSince1970: 1_790_000_000)

    @Test("Attempts are numbered piece by piece")
    func numbers() {
        let attempts = [0, 0, 1, 2, 2].map {
            Attempt(
                delivery: DeliveryID(rawValue: 1), piece: $0, worker: "w", startedAt: now, finishedAt: nil,
                outcome: nil, detail: "")
        }
        #expect(Attempt.numbered(attempts).map(\.number) == [1, 2, 1, 1, 2])
    }

    @Test("A delivery dies of what the adapter says, else of the refusal or of all its attempts")
    func causes() {
        func cause(_ remedy: DeliveryFailure.Remedy, _ cause: DeadLetterCause? = nil) -> DeadLetterCause {
            DeliveryFailure(remedy, reason: "no", detail: "", cause: cause).deadLetterCause
        }
        #expect(cause(.giveUp) == .refused)
        #expect(cause(.giveUp, .unsubscribed) == .unsubscribed)
        #expect(cause(.retry(after: nil)) == .exhausted)
        #expect(cause(.register) == .exhausted)
    }

    @Test("Two deaths are told apart by their reasons, but not by how the last of many attempts failed")
    func noteKeys() {
        func key(_ remedy: DeliveryFailure.Remedy, _ reason: String) -> String {
            DeliveryFailure(remedy, reason: reason, detail: "").noteKey
        }
        #expect(key(.giveUp, "a") != key(.giveUp, "b"))
        #expect(key(.giveUp, "a") == key(.giveUp, "a"))
        #expect(key(.retry(after: nil), "answered 503, 12 in a row") == key(.retry(after: nil), "not reached"))
        #expect(key(.retry(after: nil), "a") != key(.giveUp, "a"))
    }

    @Test("A failure that only asks to wait sent nothing, unless it is in doubt")
    func nothingSent() {
        #expect(DeliveryFailure(.wait(until: now), reason: "", detail: "").sentNothing)
        #expect(!DeliveryFailure(.wait(until: now), isCertain: false, reason: "", detail: "").sentNothing)
        #expect(!DeliveryFailure(.slowDown(until: now), reason: "", detail: "").sentNothing)
    }

    @Test("How late a reply came is never less than nothing, and unknown without its time")
    func delays() {
        func delay(writtenAt: Date?) -> Duration? {
            var message = Message(text: "hi")
            message.sentAt = writtenAt
            let reply = HelpdeskMessage(
                id: "r", conversation: "c", user: nil, actor: .agent, actorID: nil, isPrivate: false, message: message)
            return Delivery(
                id: DeliveryID(rawValue: 1), installation: "one", direction: .outbound, orderingKey: "k", contact: nil,
                payload: .reply(reply), state: .waiting, acceptedAt: now, nextAttemptAt: now
            ).acceptanceDelay
        }
        #expect(delay(writtenAt: now.addingTimeInterval(-240)) == .seconds(240))
        #expect(delay(writtenAt: now.addingTimeInterval(3)) == .zero)
        #expect(delay(writtenAt: nil) == nil)
    }
}
