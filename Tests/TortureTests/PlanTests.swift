import Testing

@testable import byoc_sandbox

@Suite("The torture's plan")
struct PlanTests {
    private func plan(seed: UInt64) -> TorturePlan {
        var options = TorturePlan.Options()
        options.seed = seed
        options.messages = 500
        options.kills = 50
        return TorturePlan(options)
    }

    @Test("The same seed gives the same plan, another seed another")
    func seed() {
        #expect(plan(seed: 7).steps == plan(seed: 7).steps)
        #expect(plan(seed: 7).steps != plan(seed: 8).steps)
    }

    @Test("Every named point has its kills, and as many die as were asked for")
    func kills() {
        var armed: [String: Int] = [:]
        var others = 0
        for step in plan(seed: 1).steps {
            switch step {
            case .arm(let point, _): armed[point, default: 0] += 1
            case .kill: others += 1
            default: break
            }
        }
        #expect(Set(armed.keys) == Set(TorturePlan.points))
        #expect(armed.values.reduce(others, +) == 50)
    }

    @Test("Every sentence has a mark of its own, which is found again")
    func marks() {
        let writing = TorturePlan.Writing(mark: Mark(author: .agent, message: 12), sentences: 3)
        #expect(Mark.all(in: "…" + writing.text).map(\.description) == ["⟦a12.1⟧", "⟦a12.2⟧", "⟦a12.3⟧"])
        #expect(Mark.all(in: "⟦⟧ ⟦c1⟧ ⟦x1.2⟧ ⟦c1.2").isEmpty)
    }
}
