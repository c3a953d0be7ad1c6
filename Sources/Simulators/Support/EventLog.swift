import Synchronization

/// One thing that a far side saw or did.
package struct LogEntry: Sendable, Codable, Equatable {
    /// Which far side.
    package enum Side: String, Sendable, Codable {
        case viber, freshchat
        /// The program that runs the whole and notes what it does to it.
        case driver
        /// The bridge between the two, in its own words.
        case bridge
    }

    /// What happened.
    package enum Kind: String, Sendable, Codable {
        /// A call to the API, after its answer was decided; `status` is the HTTP status.
        case request
        /// A person acted: a customer wrote, an agent answered; `text` says what.
        case action
        /// A message was shown on a phone or added to a conversation.
        case message
        /// A webhook attempt got an answer; `status` is the HTTP status, 0 for none.
        case webhook
        /// A webhook that was not sent: filtered, dropped by a knob, or given up.
        case unsent
        /// A fault was injected.
        case fault
        /// A rule was broken by the peer; `text` says which.
        case refused
    }

    /// 1, 2, 3, … over both sides, without gaps.
    package let number: Int
    /// Milliseconds since 1970.
    package let time: Int64
    package let side: Side
    package let kind: Kind
    /// What exactly: a route, an event name, an action.
    package let name: String
    /// Whom it concerns: a Viber user id, a Freshchat conversation or user id; empty when nobody.
    package let subject: String
    /// Which object: a message token, a message id; empty when none.
    package let reference: String
    package let status: Int
    package let text: String
    /// The number of the newest entry when this began. Of what took its time, say a webhook attempt, all that was logged
    /// up to there came before it.
    package let since: Int

    package init(
        number: Int, time: Int64, side: Side, kind: Kind, name: String, subject: String = "", reference: String = "",
        status: Int = 0, text: String = "", since: Int? = nil
    ) {
        self.number = number
        self.time = time
        self.side = side
        self.kind = kind
        self.name = name
        self.subject = subject
        self.reference = reference
        self.status = status
        self.text = text
        self.since = since ?? number - 1
    }
}

/// Everything both far sides saw and did, in one order. Tests use it as the oracle.
///
/// Kept in memory and bounded: past the capacity the oldest tenth is forgotten, numbers go on.
package final class EventLog: Sendable {
    private struct State {
        var entries: [LogEntry] = []
        var forgotten = 0

        var last: Int { forgotten + entries.count }
    }

    private let state = Mutex(State())
    /// Of new entries, and of changes without one.
    private let changes = ChangeSignal()
    private let capacity: Int

    package init(capacity: Int = 1_000_000) {
        self.capacity = max(10, capacity)
    }

    /// The number of the newest entry, 0 when there is none.
    package var last: Int { state.withLock { $0.last } }

    package func record(
        _ side: LogEntry.Side, _ kind: LogEntry.Kind, _ name: String, subject: String = "", reference: String = "",
        status: Int = 0, text: String = "", since: Int? = nil
    ) {
        state.withLock { state in
            state.entries.append(
                LogEntry(
                    number: state.last + 1, time: Timestamp.now.milliseconds, side: side, kind: kind, name: name,
                    subject: subject, reference: reference, status: status, text: text, since: since))
            if state.entries.count > capacity {
                state.entries.removeFirst(capacity / 10)
                state.forgotten += capacity / 10
            }
        }
        changes.note()
    }

    /// Lets those who wait look again after a change that leaves no entry.
    package func noteChange() { changes.note() }

    /// The entries with numbers above `number`, oldest first, at most `limit`.
    package func entries(since number: Int = 0, limit: Int = .max) -> [LogEntry] {
        state.withLock { state in
            Array(state.entries.dropFirst(max(0, number - state.forgotten)).prefix(limit))
        }
    }

    /// Waits until the condition holds; it is looked at again after each new entry and each webhook done.
    ///
    /// - Returns: false when it did not hold within the time-out.
    package func wait(timeout: Duration, until condition: @escaping @Sendable () -> Bool) async -> Bool {
        await changes.wait(timeout: timeout, until: condition)
    }
}
