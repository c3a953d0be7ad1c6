import FoundationEssentials
import RelayCore
import Testing

@Suite("Why a delivery waits")
struct WaitReasonTests {
    private let now = Date(timeIntervalSince1970: 1_790_000_000)
    private let id = DeliveryID(rawValue: 7)

    private func reason(_ change: (inout WaitFacts) -> Void = { _ in }) -> WaitReason {
        var facts = WaitFacts(id: id, nextAttemptAt: now, side: .channel, head: id)
        change(&facts)
        return WaitReason(facts, now: now)
    }

    private func later(_ seconds: Double) -> Date { now.addingTimeInterval(seconds) }

    @Test("What is due and first is due, also when its time is long past")
    func due() {
        #expect(reason() == .due)
        #expect(reason { $0.nextAttemptAt = later(-3600) } == .due)
        #expect(reason { $0.gate = later(-1) } == .due)
    }

    @Test("What is being made says so, whatever else is wrong")
    func underWay() {
        let since = later(-5)
        #expect(
            reason {
                $0.underWaySince = since
                $0.installation = .paused(reason: "401", since: now, by: .credential)
                $0.hasWorker = false
            } == .underWay(since: since))
    }

    @Test("A pause comes before everything that is behind it, and then a relay that doesn't run")
    func order() {
        let other = DeliveryID(rawValue: 3)
        let change: (inout WaitFacts) -> Void = {
            $0.head = other
            $0.hasWorker = false
            $0.isBreakerOpen = true
        }
        #expect(
            reason {
                change(&$0)
                $0.installation = .paused(reason: "401", since: now, by: .credential)
            } == .paused(reason: "401", since: now))
        #expect(
            reason {
                change(&$0)
                $0.account = .paused(reason: "401", since: now)
            } == .accountPaused(.channel, reason: "401", since: now))
        #expect(
            reason {
                $0.installation = .paused(reason: "holiday", since: now, by: .person)
                $0.account = .paused(reason: "401", since: now)
            } == .paused(reason: "holiday", since: now))
        #expect(reason(change) == .noWorker)
        #expect(
            reason {
                change(&$0)
                $0.hasWorker = true
            } == .behind(other))
    }

    @Test("A paused account is named as the service's, with what resumes it")
    func accountWords() {
        let words = WaitReason.accountPaused(.helpdesk, reason: "401", since: now).words { "service of \($0)" }
        #expect(words.before == "The service of helpdesk account is paused:")
        #expect(words.subject == .pause(reason: "401", since: now))
        #expect(words.after == ". Replacing its credential resumes it.")
    }

    @Test("A retry has its time, unless the service is left alone for longer")
    func retry() {
        #expect(reason { $0.nextAttemptAt = later(30) } == .retry(at: later(30), orWhenCustomerWrites: false))
        #expect(
            reason {
                $0.nextAttemptAt = later(30)
                $0.wakesOnContact = true
            } == .retry(at: later(30), orWhenCustomerWrites: true))
        #expect(
            reason {
                $0.nextAttemptAt = later(30)
                $0.gate = later(20)
            } == .retry(at: later(30), orWhenCustomerWrites: false))
        #expect(
            reason {
                $0.nextAttemptAt = later(30)
                $0.gate = later(60)
            } == .gateClosed(.channel, until: later(60)))
    }

    @Test("An open breaker says when it is tried next, and never a time in the past")
    func breaker() {
        #expect(
            reason {
                $0.isBreakerOpen = true
                $0.gate = later(8)
            } == .breakerOpen(.channel, nextProbe: later(8)))
        #expect(
            reason {
                $0.isBreakerOpen = true
                $0.gate = later(-8)
            } == .breakerOpen(.channel, nextProbe: nil))
    }
}
