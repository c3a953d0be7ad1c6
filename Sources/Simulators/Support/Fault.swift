/// A mishap to inject into answers of an API.
///
/// As JSON it takes any of the members below; the others keep their defaults.
package struct Fault: AdjustableSettings, Equatable {
    /// What becomes of the request.
    package enum Action: String, Codable, Sendable {
        /// It is answered normally; only the delay applies.
        case none
        /// It is answered with `status` and `body`.
        case answer
        /// The connection is cut, without an answer.
        case reset
        /// Viber only: HTTP 200 with `apiStatus` in the body (viber.md §6).
        case apiStatus
        /// Freshchat only: HTTP 200 with a message that has failed, before it took effect (freshchat.md §1.3).
        case failedMessage
        /// A head and half of a body come, and then nothing until the client goes away.
        case stall
        /// A head comes, and then a byte of the body from time to time, without an end.
        case trickle
        /// It is answered as `malformation` says.
        case malformed
    }

    /// Before or after the request took effect. After, the caller can't know that it did.
    package enum Moment: String, Codable, Sendable {
        case before, after
    }

    /// The body of an error answer (freshchat.md §1.3).
    package enum Body: String, Codable, Sendable {
        case json, empty, html
    }

    /// `*`, or a route as the log names it, say `POST /conversations/{id}/messages`.
    package var route = "*"
    /// How many matching requests it hits; 0 is no end.
    package var count = 1
    /// With which probability it hits a matching request, 0 to 1.
    package var probability = 1.0
    /// Wait so long at the moment below: before the request takes effect, or after it did and before the answer.
    package var delayMilliseconds = 0
    package var action = Action.answer
    package var moment = Moment.before
    package var status = 500
    package var body = Body.json
    /// The `Retry-After` of the answer in seconds; below 0 sends none.
    package var retryAfterSeconds = -1
    /// The number in the body for ``Action/apiStatus``.
    package var apiStatus = 12
    package var malformation = Malformation.html
    /// How long ``Action/stall`` and ``Action/trickle`` go on at most.
    package var holdSeconds = 3600
    /// Between two bytes of ``Action/trickle``.
    package var trickleMilliseconds = 1000
    /// The text of the error; empty for the usual one.
    package var message = ""

    package init() {}

    /// A fault that answers with an HTTP status.
    package static func status(
        _ status: Int, moment: Moment = .before, route: String = "*", count: Int = 1, body: Body = .json,
        retryAfterSeconds: Int = -1
    ) -> Fault {
        var fault = Fault()
        fault.status = status
        fault.moment = moment
        fault.route = route
        fault.count = count
        fault.body = body
        fault.retryAfterSeconds = retryAfterSeconds
        return fault
    }

    /// A fault that cuts the connection.
    package static func reset(_ moment: Moment, route: String = "*", count: Int = 1) -> Fault {
        var fault = Fault()
        fault.action = .reset
        fault.moment = moment
        fault.route = route
        fault.count = count
        return fault
    }

    /// A fault that only makes the answer late, and unless `moment` is `after` the effect as well.
    package static func slow(
        milliseconds: Int, _ moment: Moment = .before, route: String = "*", count: Int = 1
    ) -> Fault {
        var fault = Fault()
        fault.action = .none
        fault.moment = moment
        fault.delayMilliseconds = milliseconds
        fault.route = route
        fault.count = count
        return fault
    }

    /// A Viber error in an HTTP 200 answer.
    package static func apiStatus(
        _ status: Int, moment: Moment = .before, route: String = "*", count: Int = 1
    ) -> Fault {
        var fault = Fault()
        fault.action = .apiStatus
        fault.apiStatus = status
        fault.moment = moment
        fault.route = route
        fault.count = count
        return fault
    }

    /// A message that Freshchat takes and then says to have failed, for this reason.
    package static func failedMessage(_ reason: String, route: String = "*", count: Int = 1) -> Fault {
        var fault = acting(.failedMessage, .before, route, count)
        fault.message = reason
        return fault
    }

    /// An answer that is begun and then not gone on with.
    package static func stall(_ moment: Moment, route: String = "*", count: Int = 1) -> Fault {
        acting(.stall, moment, route, count)
    }

    /// An answer that is gone on with, a byte at a time, and not ended.
    package static func trickle(_ moment: Moment, route: String = "*", count: Int = 1) -> Fault {
        acting(.trickle, moment, route, count)
    }

    private static func acting(_ action: Action, _ moment: Moment, _ route: String, _ count: Int) -> Fault {
        var fault = Fault()
        fault.action = action
        fault.moment = moment
        fault.route = route
        fault.count = count
        return fault
    }

    /// An answer that is none.
    package static func malformed(
        _ malformation: Malformation, _ moment: Moment, route: String = "*", count: Int = 1
    ) -> Fault {
        var fault = acting(.malformed, moment, route, count)
        fault.malformation = malformation
        return fault
    }
}

extension Fault {
    /// What the log says of it.
    var words: String {
        action == .malformed
            ? "\(action.rawValue) \(malformation.rawValue) \(moment.rawValue)" : "\(action.rawValue) \(moment.rawValue)"
    }

    /// What is written in place of an answer with this body; nil for the actions that leave HTTP as it is.
    ///
    /// Before the request took effect there is no answer yet, so that some other object is written in its place.
    func raw(insteadOf body: [UInt8]?) -> RawAnswer? {
        let body = body ?? Array(#"{"x_note":"Nothing of what was asked for has been done."}"#.utf8)
        let head = ["HTTP/1.1 200 OK", "Content-Type: application/json;charset=UTF-8"]
        let most = Duration.seconds(min(max(0, holdSeconds), 86_400))
        switch action {
        case .none, .answer, .reset, .apiStatus, .failedMessage: return nil
        case .stall:
            return RawAnswer(
                head + ["Content-Length: \(max(2, body.count))"], Array(body.prefix(body.count / 2)),
                then: .silence(atMost: most))
        case .trickle:
            let pause = Duration.milliseconds(max(1, trickleMilliseconds))
            return RawAnswer(
                head + ["Content-Length: 1000000000"],
                then: .repeated([UInt8(ascii: " ")], every: pause, times: max(1, Int(most / pause))))
        case .malformed: return malformation.answer(insteadOf: body)
        }
    }

    /// Waits out the fault's delay if this is its moment.
    func pause(at moment: Moment) async {
        guard moment == self.moment, delayMilliseconds > 0 else { return }
        try? await Task.sleep(for: .milliseconds(delayMilliseconds))
    }
}

/// The faults that are still to come.
package struct FaultPlan: Sendable {
    package private(set) var faults: [Fault] = []

    package init() {}

    package mutating func add(_ fault: Fault) {
        faults.append(fault)
    }

    package mutating func removeAll() {
        faults.removeAll()
    }

    /// The fault for a request on this route, if one hits it. The first that does is used up by one.
    package mutating func next(route: String, random: inout SeededRandom) -> Fault? {
        for index in faults.indices where faults[index].route == "*" || faults[index].route == route {
            guard random.hits(faults[index].probability) else { continue }
            let fault = faults[index]
            if fault.count > 0 {
                faults[index].count -= 1
                if faults[index].count == 0 { faults.remove(at: index) }
            }
            return fault
        }
        return nil
    }
}
