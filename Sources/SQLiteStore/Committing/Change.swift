import Dispatch
import GRDB
import RelayCore
import Synchronization

/// One caller's change, in the queue of the writing thread.
protocol Change: AnyObject, Sendable {
    /// Called once, before anything else. False: it was withdrawn, and nothing more is to be done with it.
    func begin() -> Bool

    /// Makes it. What it throws is remembered as its own failure, and is to be rolled back by who called this. Called again
    /// when what it made was rolled back with another change's failure; the last call counts.
    ///
    /// - Parameter tally: what it counts besides, written with all others' at the end of the transaction.
    func make(in db: Database, path: String, counting tally: inout CounterTally) throws

    /// Tells the caller: a failure of its own first, else this one, else that it is durable.
    func end(_ failure: StoreFailure?)
}

/// A change that gives a value back.
final class ValueChange<Value: Sendable>: Change {
    typealias Body = @Sendable (Database, inout CounterTally) throws -> Value

    private enum State {
        case queued
        case withdrawn
        case begun
        case made(Value)
        case refused(StoreFailure)
    }

    private let body: Body
    private let completion: @Sendable (Result<Value, StoreFailure>) -> Void
    private let state = Mutex(State.queued)

    init(
        _ body: @escaping Body,
        completion: @escaping @Sendable (Result<Value, StoreFailure>) -> Void
    ) {
        self.body = body
        self.completion = completion
    }

    /// - Returns: whether it is withdrawn. One that has begun can't be: it may be durable already.
    func withdraw() -> Bool {
        state.withLock { state in
            guard case .queued = state else { return false }
            state = .withdrawn
            return true
        }
    }

    func begin() -> Bool {
        state.withLock { state in
            guard case .queued = state else { return false }
            state = .begun
            return true
        }
    }

    func make(in db: Database, path: String, counting tally: inout CounterTally) throws {
        do {
            let value = try body(db, &tally)
            state.withLock { $0 = .made(value) }
        } catch {
            let failure = StoreFailure(error, path: path)
            state.withLock { $0 = .refused(failure) }
            throw failure
        }
    }

    func end(_ failure: StoreFailure?) {
        let state = state.withLock { $0 }
        if case .refused(let own) = state {
            completion(.failure(own))
        } else if let failure {
            completion(.failure(failure))
        } else if case .made(let value) = state {
            completion(.success(value))
        } else {
            completion(.failure(StoreFailure(.unavailable, "the change was not made")))
        }
    }
}
