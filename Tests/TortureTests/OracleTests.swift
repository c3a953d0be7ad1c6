import Simulators
import Testing

@testable import byoc_sandbox

@Suite("The torture's oracle")
struct OracleTests {
    @Test("A message each way that arrives once and in order is nothing to complain of")
    func good() {
        var log = SimulatorLog()
        log.customerWrites(1)
        log.customerWrites(2)
        log.shows(1)
        log.shows(2)
        log.agentReplies(3)
        log.phoneGets(3)
        let verdict = log.verdict
        #expect(verdict.isGood)
        #expect(
            verdict.line
                == "kills=0 messages=3 lost=0 doubled_freshchat=0 doubled_channel=0 held=0 disordered=0 "
                + "recovery_p50=- recovery_max=-")
    }

    @Test("A message that was accepted and isn't there is lost; one that was never accepted isn't")
    func lost() {
        var log = SimulatorLog()
        log.customerWrites(1)
        log.customerWrites(2, status: 503)
        log.agentReplies(3)
        #expect(log.verdict.lost == 2)
        #expect(log.verdict.unaccepted == 1)
        #expect(log.verdict.reports.map(\.mark?.message) == [1, 3])
    }

    @Test("Half a message is lost")
    func half() {
        var log = SimulatorLog()
        log.customerWrites(1, sentences: 4)
        log.shows(1, sentences: 1...2)
        #expect(log.verdict.lost == 1)
        log.shows(1, sentences: 3...4)
        #expect(log.verdict.isGood)
    }

    @Test("A reply that was never accepted is owed where a poll brings what webhooks don't")
    func polled() {
        var log = SimulatorLog()
        log.agentReplies(1, status: 502)
        #expect(log.verdict.lost == 0)
        log.options.isPolled = true
        #expect(log.verdict.lost == 1)
    }

    @Test("A reply of which the agent is told isn't lost; one that waits for a person is held")
    func notes() {
        var log = SimulatorLog()
        log.agentReplies(1)
        log.agentReplies(2)
        log.note("⚠️ Not delivered to the customer on Viber: no.\n> \(log.text(.agent, 1))")
        log.note("⚠️ It is not known … An operator has to decide.\n> \(log.text(.agent, 2))")
        #expect(log.verdict.lost == 0)
        #expect(log.verdict.held == 1)
        #expect(log.verdict.isGood)
        log.note("⚠️ Not delivered to the customer on Viber: no.\n> \(log.text(.agent, 1))")
        #expect(log.verdict.doubledInFreshchat == 1)
    }

    @Test("What is twice in Freshchat is doubled: a message, a user, a conversation")
    func doubled() {
        var log = SimulatorLog()
        log.customerWrites(1)
        log.shows(1)
        log.shows(1)
        #expect(log.verdict.doubledInFreshchat == 1)
        log.createsUser()
        #expect(log.verdict.doubledInFreshchat == 2)
        log.createsConversation()
        #expect(log.verdict.doubledInFreshchat == 3)
        #expect(!log.verdict.isGood)
    }

    @Test("A reply twice on the phone is counted, and needs a reason")
    func doubledOnChannel() {
        var log = SimulatorLog()
        log.agentReplies(1)
        log.phoneGets(1)
        var explained = log
        log.phoneGets(1)
        #expect(log.verdict.doubledOnChannel == 1)
        #expect(log.verdict.unexplained == 1)
        #expect(!log.verdict.isGood)
        explained.kill("afterAnswer", "1 outbound \(SimulatorLog.customer)")
        explained.phoneGets(1)
        #expect(explained.verdict.doubledOnChannel == 1)
        #expect(explained.verdict.isGood)
    }

    @Test("Two messages in the wrong order are one disorder, in either direction")
    func swapped() {
        var log = SimulatorLog()
        log.customerWrites(1)
        log.customerWrites(2)
        log.shows(2)
        log.shows(1)
        #expect(log.verdict.disordered == 1)
        log.agentReplies(3)
        log.agentReplies(4)
        log.phoneGets(4)
        log.phoneGets(3)
        #expect(log.verdict.disordered == 2)
    }

    @Test("Of two that were offered at the same time either may be first")
    func together() {
        var log = SimulatorLog()
        let beforeBoth = log.last
        log.customerWrites(1, status: 502)
        log.customerWrites(2)
        log.offers(1, since: beforeBoth)
        log.shows(2)
        log.shows(1)
        #expect(log.verdict.isGood)
    }

    @Test("The pieces of a message in the wrong order, or with another message between them, are a disorder")
    func torn() {
        var log = SimulatorLog()
        log.customerWrites(1, sentences: 4)
        log.shows(1, sentences: 3...4)
        log.shows(1, sentences: 1...2)
        #expect(log.verdict.disordered == 1)
        var other = SimulatorLog()
        other.customerWrites(1, sentences: 2)
        other.customerWrites(2)
        other.shows(1, sentences: 1...1)
        other.shows(2)
        other.shows(1, sentences: 2...2)
        #expect(other.verdict.disordered == 1)
    }

    @Test("A private note, another topic's message or another customer's reply on a phone is leaked")
    func leaked() {
        var log = SimulatorLog()
        log.agentReplies(1)
        log.phoneGets(1)
        log.phoneGets(1, .secret)
        log.phoneGets(1, of: "somebody else")
        #expect(log.verdict.leaked == 2)
        #expect(!log.verdict.isGood)
    }

    @Test("A recovery lasts from a death with something in hand to the next request about it")
    func recovery() {
        var log = SimulatorLog()
        log.customerWrites(1)
        log.kill("beforeSend", "1 inbound \(SimulatorLog.customer)")
        log.kill("worker", "")
        log.time += 340
        log.requests("somebody else")
        log.time += 100
        log.requests(SimulatorLog.conversation)
        log.shows(1)
        #expect(log.verdict.kills == 2)
        #expect(log.verdict.recoveries == [440])
    }

    @Test("Recoveries after the storm, with nothing else around them, are told apart")
    func loneRecovery() {
        var log = SimulatorLog()
        log.customerWrites(1)
        for wait: Int64 in [900, 70] {
            log.kill("beforeSend", "1 inbound \(SimulatorLog.customer)")
            log.time += wait
            log.requests(SimulatorLog.conversation)
            log.calm()
        }
        log.shows(1)
        #expect(log.verdict.recoveries == [70, 900])
        #expect(log.verdict.loneLine == "lone_deaths=1 recovery_p50=70ms recovery_max=70ms")
    }
}
