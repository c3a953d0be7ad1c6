import Simulators
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

    @Test("Each side's answers are malformed in every way, and stall and trickle, before and after the effect")
    func malformedAnswers() {
        for side in [LogEntry.Side.freshchat, .viber] {
            let faults = plan(seed: 1).steps.compactMap { step -> Fault? in
                guard case .fault(side, let fault) = step else { return nil }
                return fault
            }
            let malformed = faults.filter { $0.action == .malformed }
            #expect(malformed.map(\.malformation) == Malformation.allCases)
            #expect(Set(malformed.map(\.moment)) == [.before, .after])
            #expect(malformed.allSatisfy { $0.count == 1 && $0.probability == 1 })
            let held = faults.filter { [.stall, .trickle].contains($0.action) }
            #expect(held.count == 3)
            #expect(Set(held.map(\.action)).count == 2)
            #expect(Set(held.map(\.moment)).count == 2)
        }
    }

    @Test("A long run has more malformed answers, and no more that stall: each of them costs a time-out")
    func longRun() {
        var options = TorturePlan.Options()
        options.messages = 8000
        let steps = TorturePlan(options).steps
        func count(_ actions: Set<Fault.Action>) -> Int {
            steps.count { if case .fault(_, let fault) = $0 { actions.contains(fault.action) } else { false } }
        }
        #expect(count([.malformed]) == 8 * Malformation.allCases.count)
        #expect(count([.stall, .trickle]) == 2 * options.holds)
    }

    @Test("After the storm come deaths at a point each, with messages of their own in both directions")
    func loneDeaths() {
        let plan = plan(seed: 1)
        var marks: [Mark] = []
        for steps in plan.loneDeaths {
            #expect(steps.count { if case .arm = $0 { true } else { false } } == 1)
            for case .write(_, let writing) in steps { marks.append(writing.mark) }
            for case .reply(_, let writing, _) in steps { marks.append(writing.mark) }
        }
        let others = plan.steps.compactMap { step -> Mark? in
            switch step {
            case .write(_, let writing), .picture(_, let writing), .reply(_, let writing, _): writing.mark
            default: nil
            }
        }
        #expect(plan.loneDeaths.count == 10)
        #expect(Set(marks).count == 60)
        #expect(Set(others).isDisjoint(with: marks))
    }

    @Test("Every sentence has a mark of its own, which is found again")
    func marks() {
        let writing = TorturePlan.Writing(mark: Mark(author: .agent, message: 12), sentences: 3)
        #expect(Mark.all(in: "…" + writing.text).map(\.description) == ["⟦a12.1⟧", "⟦a12.2⟧", "⟦a12.3⟧"])
        #expect(Mark.all(in: "⟦⟧ ⟦c1⟧ ⟦x1.2⟧ ⟦c1.2").isEmpty)
    }
}
