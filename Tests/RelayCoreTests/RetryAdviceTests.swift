import FoundationEssentials
import RelayCore
import Testing

@Suite("Advice before a retry")
struct RetryAdviceTests {
    private func delivery(
        _ cause: DeadLetterCause?, state: Delivery.State = .dead, direction: Direction = .outbound,
        inDoubt: Bool = false
    ) -> Delivery {
        let now = Date(timeIntervalSince1970: 1_790_000_000)
        var delivery = Delivery(
            id: DeliveryID(rawValue: 1), installation: "one", direction: direction, orderingKey: OrderingKey("out/1"),
            contact: nil,
            payload: .reply(
                HelpdeskMessage(
                    id: "r", conversation: "c", user: nil, actor: .agent, actorID: "a", isPrivate: false,
                    message: Message(text: "x"))), state: state, acceptedAt: now, nextAttemptAt: now, source: nil)
        delivery.cause = cause
        if inDoubt { delivery.doubtSince = now }
        return delivery
    }

    @Test("It fits the cause, and a customer who has written again can be reached")
    func causes() {
        #expect(RetryAdvice(delivery(.unsubscribed), subscription: .unsubscribed) == .waitsForCustomer)
        #expect(RetryAdvice(delivery(.unsubscribed), subscription: .subscribed) == .none)
        #expect(RetryAdvice(delivery(.exhausted), subscription: .unsubscribed) == .waitsForCustomer)
        #expect(RetryAdvice(delivery(.exhausted), subscription: .subscribed) == .exhausted)
        #expect(RetryAdvice(delivery(.exhausted, direction: .inbound), subscription: .unsubscribed) == .exhausted)
        #expect(RetryAdvice(delivery(.quota), subscription: nil) == .waitsForQuota)
        #expect(RetryAdvice(delivery(nil), subscription: nil) == .none)
        #expect(RetryAdvice(delivery(.quota, state: .waiting), subscription: nil) == .none)
    }

    @Test("A reply in doubt may come twice, whatever its state")
    func doubt() {
        for state in [Delivery.State.waiting, .held, .dead] {
            #expect(RetryAdvice(delivery(.exhausted, state: state, inDoubt: true), subscription: nil) == .mayDouble)
        }
    }

    @Test("Each advice but none has a sentence", arguments: RetryAdvice.allCases)
    func sentences(advice: RetryAdvice) {
        #expect((advice.sentence(party: "Viber") == nil) == (advice == .none))
    }
}
