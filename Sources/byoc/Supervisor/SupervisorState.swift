import Glibc

/// The worker processes that there should be: a value that takes events and returns what to do. Touches no process.
struct SupervisorState {
    enum Event: Equatable {
        /// A worker accepts requests.
        case ready(pid_t)
        case exited(pid_t, lived: Duration)
        /// A worker has used up its time to end.
        case overdue(pid_t)
        /// The wait before a slot's next start is over.
        case timer(slot: Int, generation: Int)
        case reload
        case stop
    }

    enum Action: Equatable {
        case spawn(slot: Int, generation: Int)
        case terminate(pid_t)
        case kill(pid_t)
        /// Come back with ``Event/timer(slot:generation:)``.
        case wait(slot: Int, generation: Int, Duration)
        /// All new workers have taken over.
        case reloaded
        /// A new worker ended before it was ready; the old workers continue.
        case reloadFailed
        case finish
    }

    private struct Worker {
        var pid: pid_t
        var slot: Int
        var generation: Int
        var isReady = false
        var isLeaving = false
    }

    private let count: Int
    private var workers: [Worker] = []
    /// Workers in a row that ended soon after their start, by slot.
    private var failures: [Int]
    private var generation = 0
    private var lastGeneration = 0
    /// The generation that a reload under way is to replace.
    private var previous: Int?
    private var isStopping = false

    init(count: Int) {
        self.count = count
        failures = Array(repeating: 0, count: count)
    }

    mutating func start() -> [Action] {
        (0..<count).map { .spawn(slot: $0, generation: generation) }
    }

    /// Call this for each process that was spawned for a ``Action/spawn(slot:generation:)``.
    mutating func spawned(_ pid: pid_t, slot: Int, generation: Int) -> [Action] {
        workers.append(Worker(pid: pid, slot: slot, generation: generation))
        return isStopping ? [.terminate(pid)] : []
    }

    /// Call this when the system can't provide a process for a ``Action/spawn(slot:generation:)``. It counts as one that
    /// ended at once.
    mutating func spawnFailed(slot: Int, generation: Int) -> [Action] {
        exited(Worker(pid: 0, slot: slot, generation: generation), lived: .zero)
    }

    mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .ready(let pid):
            guard let index = workers.firstIndex(where: { $0.pid == pid }) else { return [] }
            workers[index].isReady = true
            return finishReload()
        case .exited(let pid, let lived):
            guard let index = workers.firstIndex(where: { $0.pid == pid }) else { return [] }
            return exited(workers.remove(at: index), lived: lived)
        case .overdue(let pid):
            return workers.contains { $0.pid == pid } ? [.kill(pid)] : []
        case .timer(let slot, let generation):
            guard !isStopping, generation == self.generation || generation == previous else { return [] }
            return [.spawn(slot: slot, generation: generation)]
        case .reload:
            // A reload that is asked for during one is the one under way.
            guard !isStopping, previous == nil else { return [] }
            previous = generation
            lastGeneration += 1
            generation = lastGeneration
            return start()
        case .stop:
            guard !isStopping else { return [] }
            isStopping = true
            return workers.isEmpty ? [.finish] : workers.map { .terminate($0.pid) }
        }
    }

    private mutating func exited(_ worker: Worker, lived: Duration) -> [Action] {
        if isStopping { return workers.isEmpty ? [.finish] : [] }
        if worker.isLeaving { return [] }
        if previous != nil, worker.generation == generation, !worker.isReady { return abandonReload() }
        failures[worker.slot] = lived >= .seconds(10) ? 1 : failures[worker.slot] + 1
        let wait = Self.wait(after: failures[worker.slot], wasReady: worker.isReady)
        return [.wait(slot: worker.slot, generation: worker.generation, wait)]
    }

    /// The wait before a worker that ended is started again: at once for the first time (50 ms), then twice as long
    /// each time, 30 s at most. After a worker that lived for 10 s the waits start over.
    ///
    /// A worker that accepted requests before it ended is back after a second at most: in-flight work must not wait for it
    /// because it was killed often. Trying more often doesn't help a worker that can't start.
    static func wait(after failures: Int, wasReady: Bool = false) -> Duration {
        min(wasReady ? .seconds(1) : .seconds(30), .milliseconds(50) * (1 << min(failures - 1, 12)))
    }

    private mutating func finishReload() -> [Action] {
        guard previous != nil, workers.filter({ $0.generation == generation && $0.isReady }).count == count else {
            return []
        }
        previous = nil
        let current = generation
        return leave { $0.generation != current } + [.reloaded]
    }

    private mutating func abandonReload() -> [Action] {
        guard let old = previous else { return [] }
        let failed = generation
        previous = nil
        generation = old
        return leave { $0.generation == failed } + [.reloadFailed]
    }

    private mutating func leave(_ isMeant: (Worker) -> Bool) -> [Action] {
        var actions: [Action] = []
        for index in workers.indices where isMeant(workers[index]) && !workers[index].isLeaving {
            workers[index].isLeaving = true
            actions.append(.terminate(workers[index].pid))
        }
        return actions
    }
}
