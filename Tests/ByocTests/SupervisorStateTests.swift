import Testing

@testable import byoc

@Suite("Supervising workers")
struct SupervisorStateTests {
    private func running(_ count: Int) -> SupervisorState {
        var state = SupervisorState(count: count)
        #expect(state.start() == (0..<count).map { .spawn(slot: $0, generation: 0) })
        for slot in 0..<count {
            #expect(state.spawned(Int32(100 + slot), slot: slot, generation: 0) == [])
            #expect(state.handle(.ready(Int32(100 + slot))) == [])
        }
        return state
    }

    @Test("A worker that dies is started again in its place")
    func restart() {
        var state = running(2)
        let wait = SupervisorState.wait(after: 1)
        #expect(state.handle(.exited(101, lived: .seconds(60))) == [.wait(slot: 1, generation: 0, wait)])
        #expect(state.handle(.timer(slot: 1, generation: 0)) == [.spawn(slot: 1, generation: 0)])
    }

    @Test("One that keeps dying is waited for longer each time, until one lives")
    func backoff() {
        var state = running(1)
        var pid: Int32 = 100
        var waits: [Duration] = []
        for lived in [Duration.seconds(1), .seconds(1), .seconds(1), .seconds(11)] {
            guard case .wait(_, _, let wait)? = state.handle(.exited(pid, lived: lived)).first else { break }
            waits.append(wait)
            pid += 1
            _ = state.spawned(pid, slot: 0, generation: 0)
        }
        #expect(waits == [.milliseconds(50), .milliseconds(100), .milliseconds(200), .milliseconds(50)])
        #expect(SupervisorState.wait(after: 60) == .seconds(30))
    }

    @Test("One that took requests is back within a second, however often it was killed")
    func killedOften() {
        var state = running(1)
        var pid: Int32 = 100
        var waits: [Duration] = []
        for _ in 0..<12 {
            guard case .wait(_, _, let wait)? = state.handle(.exited(pid, lived: .seconds(1))).first else { break }
            waits.append(wait)
            pid += 1
            _ = state.spawned(pid, slot: 0, generation: 0)
            _ = state.handle(.ready(pid))
        }
        #expect(waits.count == 12)
        #expect(waits.max() == .seconds(1))
    }

    @Test("A reload lets the old workers go only when all new ones take requests")
    func reload() {
        var state = running(2)
        #expect(state.handle(.reload) == [.spawn(slot: 0, generation: 1), .spawn(slot: 1, generation: 1)])
        _ = state.spawned(200, slot: 0, generation: 1)
        _ = state.spawned(201, slot: 1, generation: 1)
        #expect(state.handle(.ready(200)) == [])
        #expect(state.handle(.reload) == [])
        #expect(state.handle(.ready(201)) == [.terminate(100), .terminate(101), .reloaded])
        #expect(state.handle(.exited(100, lived: .seconds(5))) == [])
        #expect(state.handle(.exited(101, lived: .seconds(5))) == [])
    }

    @Test("A reload whose new worker can't start leaves the old ones as they are, and can be tried again")
    func failedReload() {
        var state = running(2)
        _ = state.handle(.reload)
        _ = state.spawned(200, slot: 0, generation: 1)
        _ = state.spawned(201, slot: 1, generation: 1)
        _ = state.handle(.ready(200))
        #expect(state.handle(.exited(201, lived: .zero)) == [.terminate(200), .reloadFailed])
        #expect(state.handle(.exited(200, lived: .seconds(1))) == [])
        #expect(state.handle(.reload) == [.spawn(slot: 0, generation: 2), .spawn(slot: 1, generation: 2)])
    }

    @Test("An old worker that dies during a reload is replaced, for the reload may fail")
    func deathDuringReload() {
        var state = running(1)
        _ = state.handle(.reload)
        _ = state.spawned(200, slot: 0, generation: 1)
        let wait = SupervisorState.wait(after: 1)
        #expect(state.handle(.exited(100, lived: .seconds(60))) == [.wait(slot: 0, generation: 0, wait)])
        #expect(state.handle(.ready(200)) == [.reloaded])
        #expect(state.handle(.timer(slot: 0, generation: 0)) == [])
    }

    @Test("A worker that the system has no process for is tried again later, and ends no other")
    func noProcess() {
        var state = running(2)
        _ = state.handle(.exited(101, lived: .seconds(60)))
        _ = state.handle(.timer(slot: 1, generation: 0))
        #expect(
            state.spawnFailed(slot: 1, generation: 0) == [
                .wait(slot: 1, generation: 0, SupervisorState.wait(after: 2))
            ])
        _ = state.handle(.reload)
        #expect(state.spawnFailed(slot: 0, generation: 1) == [.reloadFailed])
    }

    @Test("Stopping ends when the last worker has left, and starts none")
    func stop() {
        var state = running(2)
        #expect(state.handle(.stop) == [.terminate(100), .terminate(101)])
        #expect(state.handle(.stop) == [])
        #expect(state.handle(.exited(100, lived: .seconds(60))) == [])
        #expect(state.handle(.timer(slot: 0, generation: 0)) == [])
        #expect(state.handle(.exited(101, lived: .seconds(60))) == [.finish])
    }

    @Test("A worker that was just being started when the end came is sent away at once")
    func stopDuringStart() {
        var state = running(1)
        _ = state.handle(.exited(100, lived: .seconds(60)))
        #expect(state.handle(.timer(slot: 0, generation: 0)) == [.spawn(slot: 0, generation: 0)])
        #expect(state.handle(.stop) == [.finish])
    }

    @Test("A worker that doesn't leave in time is killed; one that has left is not")
    func overdue() {
        var state = running(2)
        _ = state.handle(.stop)
        _ = state.handle(.exited(100, lived: .seconds(60)))
        #expect(state.handle(.overdue(100)) == [])
        #expect(state.handle(.overdue(101)) == [.kill(101)])
    }
}
