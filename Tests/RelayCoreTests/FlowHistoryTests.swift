import RelayCore
import Testing

@Suite struct FlowHistoryTests {
    private func mark(_ minute: Int64, accepted: Int64 = 0, waiting: Int64 = 0, took: [Int64] = []) -> MinuteMark {
        var latency = Histogram(.delivery)
        for microseconds in took { latency.record(microseconds: microseconds) }
        return MinuteMark(minute: minute, accepted: accepted, waiting: waiting, latency: latency)
    }

    @Test func `A minute has what was counted between its beginning and the next one's`() {
        let history = FlowHistory(
            [mark(98, accepted: 7), mark(99, accepted: 10, waiting: 3), mark(100, accepted: 10)],
            present: mark(100, accepted: 14))
        #expect(history.accepted.count == FlowHistory.minutes)
        #expect(history.accepted.suffix(4) == [nil, 3, 0, 4])
        #expect(history.waiting.suffix(2) == [3, 0])
    }

    @Test func `Minutes that nobody noted are unknown, and with them those before`() {
        let history = FlowHistory([mark(97, accepted: 1), mark(99, accepted: 5)], present: mark(100, accepted: 5))
        #expect(history.accepted.suffix(4) == [nil, nil, nil, nil])
        #expect(FlowHistory([], present: mark(100, accepted: 5)).accepted.allSatisfy { $0 == nil })
    }

    @Test func `Marks of a clock that was ahead, and counters that went back, make nothing up`() {
        let history = FlowHistory(
            [mark(99, accepted: 9), mark(100, accepted: 2), mark(101, accepted: 50), mark(1_000_000, accepted: 1)],
            present: mark(100, accepted: 3))
        #expect(history.accepted.suffix(2) == [0, 1])
    }

    @Test func `Only what was delivered within the hour counts for how long it took`() {
        let before: [Int64] = [20_000_000_000]
        let history = FlowHistory(
            [mark(39, took: []), mark(41, took: before)], present: mark(100, took: before + [8000, 8000, 400_000]))
        #expect(history.latency.count == 3)
        #expect(history.latency.percentile(0.5) == .atMost(10_000))
        #expect(history.latency.percentile(0.99) == .atMost(500_000))
    }

    @Test func `Private notes are no messages of customers`() {
        let flow = Flow("viber-1", .inbound)
        var metrics = StoreMetrics()
        metrics.counters[flow] = [
            .accepted: 7, .notesAccepted: 4, .delivered: 5, .notesDelivered: 3, .dead: 2, .notesDead: 1,
        ]
        metrics.outbox[flow, default: .init()].waiting = 3
        metrics.outbox[flow, default: .init()].waitingNotes = 1
        let mark = MinuteMark(metrics, flow, minute: 1)
        #expect(mark.accepted == 3 && mark.delivered == 2 && mark.dead == 1 && mark.waiting == 2)
    }
}
