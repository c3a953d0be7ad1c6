import Relay
import RelayCore
import Testing

@Suite("Decision after a look into a conversation")
struct PollDecisionTests {
    private func decide(
        _ result: PollDecision.Result, emptyPolls: Int = 0, isResolved: Bool = false
    ) -> PollDecision {
        .after(result, emptyPolls: emptyPolls, isResolved: isResolved, interval: .seconds(300))
    }

    @Test(
        "The wait doubles with each look in vain, up to sixteen intervals",
        arguments: [(0, 600), (1, 1200), (2, 2400), (3, 4800), (4, 4800), (500, 4800)])
    func doubling(emptyPolls: Int, seconds: Int) {
        #expect(
            decide(.nothing, emptyPolls: emptyPolls)
                == .again(after: .seconds(seconds), emptyPolls: emptyPolls + 1))
    }

    @Test("News bring the wait back to one interval, in a resolved conversation too", arguments: [false, true])
    func news(isResolved: Bool) {
        #expect(
            decide(.news, emptyPolls: 7, isResolved: isResolved) == .again(after: .seconds(300), emptyPolls: 0))
    }

    @Test("A look that failed makes the wait no longer")
    func failed() {
        #expect(decide(.failed) == .again(after: .seconds(300), emptyPolls: 0))
        #expect(decide(.failed, emptyPolls: 2) == .again(after: .seconds(1200), emptyPolls: 2))
        #expect(decide(.failed, isResolved: true) == .again(after: .seconds(300), emptyPolls: 0))
    }

    @Test("A resolved conversation without news rests, and one that is gone")
    func rest() {
        #expect(decide(.nothing, isResolved: true) == .rest)
        #expect(decide(.impossible) == .rest)
    }
}
