import CFastCGI
import Glibc
import Synchronization

/// Idle connections and the listening socket, which idle threads wait on.
///
/// All threads wait in one epoll, so that a kept connection holds no thread, and a process with all threads at work
/// takes no connection that another could serve. The listening socket is non-blocking: when two processes see the same
/// connection, the slower one just waits on. Nothing here needs a signal, and nothing is done to the listening socket
/// that other processes on it would feel.
final class Connections: Sendable {
    private let listening: Int32
    private let queue: Int32
    private let wake: Int32
    private let configuration: ResponderConfiguration
    private let start = ContinuousClock.now
    /// The parked connections, told apart by their numbers: each request parks one and takes one out, and with one lock
    /// for all of them the threads spent a quarter of their time waiting for it.
    private let shelves = (0..<32).map { _ in Shelf() }
    /// How many there are on all shelves.
    private let parkedCount = Atomic<Int>(0)
    private let lastSerial = Atomic<UInt32>(0)
    /// Set before the shelves are looked through, and looked at with a shelf's lock held: either what is being parked is
    /// refused, or it is found there.
    private let draining = Atomic<Bool>(false)
    /// Milliseconds since the start. Looking through all of them costs too much to do it for each request.
    private let nextSweep = Atomic<Int64>(0)

    private final class Shelf: Sendable {
        let parked = Mutex<[Int32: Parked]>([:])
    }

    private struct Parked {
        var purpose: Purpose
        var deadline: ContinuousClock.Instant
        /// Distinguishes this connection from an earlier one with the same descriptor.
        var serial: UInt32
    }

    /// The next expected event on a parked connection.
    enum Purpose {
        /// Send its first request. It was accepted, so it gets its answer, also in drain.
        case greet
        /// Send another request, perhaps.
        case idle
        /// Stop sending, and read its answer, before it is closed.
        case leave
    }

    /// A thread's next step.
    enum Next {
        /// There is something to read on this connection, which is now the caller's.
        case serve(Int32)
        /// Accepting failed for want of something; wait a little, then ask again.
        case pause(SystemFailure)
        /// The responder is drained.
        case leave
    }

    init(listeningOn listening: Int32, configuration: ResponderConfiguration) throws {
        self.listening = listening
        self.configuration = configuration
        let flags = fcntl(listening, F_GETFL)
        guard flags >= 0, fcntl(listening, F_SETFL, flags | O_NONBLOCK) >= 0 else { throw SystemFailure("fcntl") }
        queue = epoll_create1(CInt(EPOLL_CLOEXEC))
        guard queue >= 0 else { throw SystemFailure("epoll_create1") }
        wake = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
        // One process wakes for a new connection, not all that share the socket.
        // Not EPOLLEXCLUSIVE: that tells one process alone of a connection, and if just that one is leaving or is killed,
        // the connection waits until another one comes.
        let isSet = watch(listening, EPOLLIN.rawValue, Self.listeningToken)
        let failure = SystemFailure("epoll_ctl")
        guard wake >= 0, isSet, watch(wake, EPOLLIN.rawValue | EPOLLONESHOT.rawValue, Self.wakeToken) else {
            close(queue)
            if wake >= 0 { close(wake) }
            throw failure
        }
    }

    deinit {
        for shelf in shelves {
            for descriptor in shelf.parked.withLock({ Array($0.keys) }) { close(descriptor) }
        }
        close(wake)
        close(queue)
    }

    /// Blocks until there is work.
    func next() -> Next {
        while true {
            guard let timeout = beforeWaiting() else {
                // Hand the wake-up on to the next thread.
                _ = watch(wake, EPOLLIN.rawValue | EPOLLONESHOT.rawValue, Self.wakeToken, change: EPOLL_CTL_MOD)
                return .leave
            }
            var event = epoll_event()
            guard epoll_wait(queue, &event, 1, timeout) == 1 else { continue }
            switch event.data.u64 {
            case Self.wakeToken: continue
            case Self.listeningToken:
                if let next = accept() { return next }
            case let token:
                if let connection = take(token, event.events) { return .serve(connection) }
            }
        }
    }

    /// Parks a connection, without a thread, until bytes arrive.
    func park(_ connection: Int32, for purpose: Purpose) {
        let patience = purpose == .idle ? configuration.idleTimeout : configuration.greetingTimeout
        park(connection, for: purpose, until: .now + patience)
    }

    private func park(_ connection: Int32, for purpose: Purpose, until deadline: ContinuousClock.Instant) {
        let isParked = shelf(of: connection).parked.withLock { parked in
            if isDraining, purpose == .idle { return false }
            let serial = lastSerial.wrappingAdd(1, ordering: .relaxed).newValue
            let token = UInt64(serial) << 32 | UInt64(UInt32(bitPattern: connection))
            let events = EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLONESHOT.rawValue
            // Within the lock: until it is in the table nobody else can close it and have its number used again.
            guard watch(connection, events, token, change: EPOLL_CTL_MOD) || watch(connection, events, token) else {
                return false
            }
            parked[connection] = Parked(purpose: purpose, deadline: deadline, serial: serial)
            parkedCount.wrappingAdd(1, ordering: .sequentiallyConsistent)
            return true
        }
        if !isParked { close(connection) }
    }

    /// Stops accepting connections, closes the idle ones, and lets threads exit when done.
    func drain() {
        draining.store(true, ordering: .sequentiallyConsistent)
        // A request that has come already on a kept connection is answered.
        let idle = remove { connection, parked in
            parked.purpose == .idle && Peer.readiness(of: connection) != .readable
        }
        epoll_ctl(queue, EPOLL_CTL_DEL, listening, nil)
        for connection in idle { close(connection) }
        var one: UInt64 = 1
        _ = write(wake, &one, MemoryLayout.size(ofValue: one))
    }

    var isDraining: Bool { draining.load(ordering: .sequentiallyConsistent) }

    // MARK: - Waiting

    /// Closes connections that have timed out.
    ///
    /// - Returns: how long to wait at most, in milliseconds, -1 for ever; nil when there is nothing to wait for.
    private func beforeWaiting() -> Int32? {
        let isDraining = isDraining
        guard parkedCount.load(ordering: .sequentiallyConsistent) > 0 else { return isDraining ? nil : -1 }
        let now = ContinuousClock.now
        let elapsed = Int64((now - start) / .milliseconds(1))
        let due = nextSweep.load(ordering: .relaxed)
        if isDraining
            || (due <= elapsed
                && nextSweep.compareExchange(expected: due, desired: elapsed + 1000, ordering: .relaxed).exchanged)
        {
            for connection in remove(where: { $1.deadline <= now }) { close(connection) }
        }
        let isEmpty = parkedCount.load(ordering: .sequentiallyConsistent) == 0
        if isDraining { return isEmpty ? nil : 20 }
        return isEmpty ? -1 : 1000
    }

    /// Removes connections and hands them to the caller.
    private func remove(where isWanted: (Int32, Parked) -> Bool) -> [Int32] {
        shelves.flatMap { shelf in
            shelf.parked.withLock { parked in
                let wanted = parked.filter { isWanted($0.key, $0.value) }.map(\.key)
                for connection in wanted { parked[connection] = nil }
                parkedCount.wrappingSubtract(wanted.count, ordering: .sequentiallyConsistent)
                return wanted
            }
        }
    }

    private func shelf(of connection: Int32) -> Shelf { shelves[Int(connection) % shelves.count] }

    private func accept() -> Next? {
        if isDraining { return nil }
        let connection = accept4(listening, nil, nil, CInt(SOCK_CLOEXEC.rawValue))
        guard connection >= 0 else {
            switch errno {
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .pause(SystemFailure("accept"))
            // Taken by another process, or dropped by its client.
            default: return nil
            }
        }
        guard Peer.admit(connection, configuration) else {
            close(connection)
            return nil
        }
        // Most often the request is there by now.
        switch Peer.readiness(of: connection) {
        case .readable: return .serve(connection)
        case .silent: park(connection, for: .greet)
        case .closed: close(connection)
        }
        return nil
    }

    /// Takes a connection out, when it is there for a request and one has come.
    private func take(_ token: UInt64, _ events: UInt32) -> Int32? {
        let connection = Int32(bitPattern: UInt32(truncatingIfNeeded: token))
        guard let parked = claim(token) else { return nil }
        // Something to read and no word of an end: that needs no second look. Nobody else reads this connection.
        let readiness = events == EPOLLIN.rawValue ? .readable : Peer.readiness(of: connection)
        switch (readiness, parked.purpose) {
        case (.closed, _): close(connection)
        case (.readable, .greet), (.readable, .idle): return connection
        case (.readable, .leave):
            Peer.discardSome(from: connection)
            park(connection, for: .leave, until: parked.deadline)
        case (.silent, let purpose): park(connection, for: purpose, until: parked.deadline)
        }
        return nil
    }

    private func claim(_ token: UInt64) -> Parked? {
        let connection = Int32(bitPattern: UInt32(truncatingIfNeeded: token))
        return shelf(of: connection).parked.withLock { parked in
            guard parked[connection]?.serial == UInt32(truncatingIfNeeded: token >> 32) else { return nil }
            parkedCount.wrappingSubtract(1, ordering: .sequentiallyConsistent)
            return parked.removeValue(forKey: connection)
        }
    }

    private func watch(_ descriptor: Int32, _ events: UInt32, _ token: UInt64, change: CInt = EPOLL_CTL_ADD) -> Bool {
        var event = epoll_event(events: events, data: epoll_data_t(u64: token))
        return epoll_ctl(queue, change, descriptor, &event) == 0
    }

    private static let listeningToken = UInt64.max
    private static let wakeToken = UInt64.max - 1
}
