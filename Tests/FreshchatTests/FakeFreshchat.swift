import FoundationEssentials
import HTTPTypes
import RelayCore
import Synchronization

/// Freshchat's REST API in memory, as strict as freshchat.md §1 says, with ids that tests can name: U1, C1, M1, …
final class FakeFreshchat: HTTPSender, Sendable {
    /// What a user's message into a resolved conversation does (freshchat.md §1.11).
    enum ResolvedMode: CaseIterable { case reopen, latestOnly, fail }

    /// What goes wrong with a call.
    enum Fault: Sendable {
        /// Answered so, and nothing is done.
        case refuse(HTTPReply)
        /// Done, and answered so all the same.
        case applyAnd(HTTPReply)
        /// Nothing is done, no answer comes.
        case loseBefore(isCertain: Bool)
        /// Done, no answer comes.
        case loseAfter
    }

    struct User {
        var id: String
        var reference: String?
        var createdAt: Date
        var body: [String: JSON] = [:]
    }

    struct Conversation {
        var id: String
        var topic: String
        var user: String
        var status: String
        var createdAt: Date
        var updatedAt: Date
        var messages: [String] = []
    }

    struct Posted {
        var id: String
        var conversation: String
        var actor: String
        var actorID: String?
        var isPrivate: Bool
        var text: String
        var createdAt: Date
    }

    struct State {
        var now = noon
        var users: [User] = []
        var conversations: [Conversation] = []
        var messages: [Posted] = []
        var calls: [String] = []
        var bodies: [[UInt8]] = []
        var faults: [(call: String, fault: Fault)] = []
        var resolvedMode = ResolvedMode.reopen
        var reusesOpen = false
        var omitsMessages = false
        var acceptsBots = true
        /// The fields that an update of a user is refused for.
        var refusedUserFields: Set<String> = []
        /// `nil`: the user.
        var userUpdateAnswer: [UInt8]?
        var reopenWord = "new"
        var clockIsAhead: TimeInterval = 0
        /// Whether answers have a `Date`.
        var sendsDate = false
        /// Applied to texts as they are stored.
        var stores: @Sendable (String) -> String = { $0 }
    }

    let state = Mutex(State())

    /// Changes its state or its ways.
    func set<Value>(_ change: (inout State) -> Value) -> Value {
        state.withLock { change(&$0) }
    }

    /// The next call of that form, `POST /users` or `POST /conversations/*`, goes wrong.
    func break_(_ call: String, _ fault: Fault) { set { $0.faults.append((call, fault)) } }

    var calls: [String] { state.withLock(\.calls) }
    var messages: [Posted] { state.withLock(\.messages) }
    var conversations: [Conversation] { state.withLock(\.conversations) }
    var now: @Sendable () -> Date { { [self] in state.withLock(\.now) } }

    func texts(in conversation: String) -> [String] {
        messages.filter { $0.conversation == conversation }.map(\.text)
    }

    /// The JSON body of the last call of that form.
    func body(of call: String) -> JSON? {
        let bytes = state.withLock { state in
            Array(zip(state.calls, state.bodies)).last { Self.matches($0.0, call) }?.1
        }
        return bytes.flatMap { try? JSONDecoder().decode(JSON.self, from: Data($0)) }
    }

    func send(
        _ request: HTTPRequest, body: [UInt8], timeout: Duration
    ) async throws(TransportFailure) -> HTTPReply {
        let path = request.path ?? ""
        let bare = String(path.prefix { $0 != "?" }.dropFirst("/v2".count))
        let query = path.contains("?") ? String(path.drop { $0 != "?" }.dropFirst()) : ""
        let call = "\(request.method.rawValue) \(bare)"
        let outcome: Result<HTTPReply, TransportFailure> = state.withLock { state in
            state.now += 0.010
            state.calls.append(call)
            state.bodies.append(body)
            guard request.headerFields[.authorization] == "Bearer \(theToken)",
                request.authority == "acme.freshchat.com",
                path.hasPrefix("/v2/")
            else {
                return .success(.error(401, "UNAUTHORIZED", "bad token"))
            }
            if !body.isEmpty, request.headerFields[.contentType] != "application/json" {
                return .success(.error(400, "INVALID_VALUE", "content type"))
            }
            var fault: Fault?
            if let index = state.faults.firstIndex(where: { Self.matches(call, $0.call) }) {
                fault = state.faults.remove(at: index).fault
            }
            switch fault {
            case .refuse(let reply): return .success(reply)
            case .loseBefore(let isCertain): return .failure(TransportFailure(isCertain: isCertain, "timed out"))
            case .applyAnd(let reply):
                _ = state.answer(request.method, bare, query: query, body: body)
                return .success(reply)
            case .loseAfter:
                _ = state.answer(request.method, bare, query: query, body: body)
                return .failure(TransportFailure(isCertain: false, "connection reset"))
            case nil:
                return .success(state.answer(request.method, bare, query: query, body: body))
            }
        }
        var reply = try outcome.get()
        if let date = state.withLock({ $0.sendsDate ? $0.now.addingTimeInterval($0.clockIsAhead) : nil }) {
            reply.headers[.date] = date.httpDate
        }
        return reply
    }

    /// `*` stands for one segment.
    private static func matches(_ call: String, _ form: String) -> Bool {
        let (call, form) = (call.split(separator: "/"), form.split(separator: "/"))
        return call.count == form.count && zip(call, form).allSatisfy { $1 == "*" || $0 == $1 }
    }
}

extension Date {
    /// As RFC 9110 §5.6.7 has it; the day of the week is left to nobody's reading.
    fileprivate var httpDate: String {
        // 2026-09-21T12:26:40Z
        let words = formatted(.iso8601).split(whereSeparator: { "-T:Z".contains($0) }).map(String.init)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let month = months[(Int(words[1]) ?? 1) - 1]
        return "Mon, \(words[2]) \(month) \(words[0]) \(words[3]):\(words[4]):\(words[5]) GMT"
    }
}

extension HTTPReply {
    static func error(_ code: Int, _ status: String, _ message: String, headers: HTTPFields = [:]) -> HTTPReply {
        HTTPReply(
            status: .init(code: code), headers: headers,
            body: Array(#"{"code":\#(code),"status":"\#(status)","message":"\#(message)"}"#.utf8))
    }
}

/// A JSON value, to look into bodies.
indirect enum JSON: Codable, Equatable, Sendable {
    case object([String: JSON]), list([JSON]), text(String), number(Double), flag(Bool), null

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([JSON].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: JSON].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .object(let object): try value.encode(object)
        case .list(let list): try value.encode(list)
        case .text(let text): try value.encode(text)
        case .number(let number): try value.encode(number)
        case .flag(let flag): try value.encode(flag)
        case .null: try value.encodeNil()
        }
    }

    subscript(_ key: String) -> JSON? {
        if case .object(let object) = self { object[key] } else { nil }
    }
    subscript(_ index: Int) -> JSON? {
        if case .list(let list) = self, list.indices.contains(index) { list[index] } else { nil }
    }
    var string: String? { if case .text(let text) = self { text } else { nil } }
}

extension JSON {
    /// The value as bytes.
    var encoded: [UInt8] { (try? JSONEncoder().encode(self)).map { Array($0) } ?? [] }
}
