import Crypto
import Synchronization

/// A double of Viber: the REST API that bots call, the callbacks that they get, and the customers' phones.
///
/// Everything is as viber.md says; what it leaves open is in ``ViberKnobs``. Safe to use from anywhere.
package final class ViberSimulator: Sendable {
    /// One customer's chat with one bot.
    struct Chat: Sendable {
        var customer: ViberCustomer
        var phone: [PhoneMessage] = []
        /// The newest that the customer wrote, at most ``remembered``.
        var written: [WrittenMessage] = []
        /// Tokens of what the customer has not seen.
        var unread: [Int64] = []
        /// The tracking data of the bot's last message.
        var trackingData: String?
        /// The clock hour of the count beside it.
        var hour: Int64 = 0
        var sentWithoutReply = 0
        /// When the customer's details were asked for.
        var detailCalls: [Int64] = []

        static let remembered = 200

        mutating func remember(_ message: WrittenMessage) {
            if written.count >= Self.remembered { written.removeFirst() }
            written.append(message)
        }

        /// Counts one more message; false when the clock hour has had its number without a reply (§7).
        mutating func countMessage(now: Timestamp, limit: Int) -> Bool {
            if hour != now.milliseconds / 3_600_000 {
                hour = now.milliseconds / 3_600_000
                sentWithoutReply = 0
            }
            guard sentWithoutReply < limit else { return false }
            sentWithoutReply += 1
            return true
        }
    }

    struct Account: Sendable {
        var bot: ViberBot
        var webhook: ViberWebhook?
        var chats: [String: Chat] = [:]
        /// The customers in the order in which they appeared.
        var order: [String] = []
        /// What was posted to the public chat.
        var publicChat: [PhoneMessage] = []
        /// When something was broadcast, in milliseconds; of the last ten seconds.
        var broadcasts: [Int64] = []
    }

    struct Media: Sendable {
        var bytes: [UInt8]
        var contentType: String
        var expires: Timestamp
    }

    struct State: Sendable {
        var accounts: [Account]
        var knobs: ViberKnobs
        var faults = FaultPlan()
        var random: SeededRandom
        var nextToken: Int64 = 4_912_661_846_655_238_145
        var media: [String: Media] = [:]
        var baseURL = "http://127.0.0.1"

        /// A message token: 64 bits, above 2^53, unique (§1).
        mutating func token() -> Int64 {
            nextToken += Int64.random(in: 1...1_000_000_000, using: &random)
            return nextToken
        }

        func account(withToken token: String) -> Int? {
            accounts.firstIndex { $0.bot.token == token }
        }
    }

    let state: Mutex<State>
    let log: EventLog
    let client = WebhookClient()
    let dispatcher: WebhookDispatcher

    /// - Parameters:
    ///   - bots: at least one; functions that take no bot mean the first.
    ///   - seed: the same seed gives the same ids and the same mishaps.
    package init(
        bots: [ViberBot], knobs: ViberKnobs = ViberKnobs(), seed: UInt64 = 1, log: EventLog,
        dispatcher: WebhookDispatcher
    ) {
        state = Mutex(
            State(accounts: bots.map { Account(bot: $0) }, knobs: knobs, random: SeededRandom(seed: seed)))
        self.log = log
        self.dispatcher = dispatcher
    }

    /// What can be changed while it runs.
    package var knobs: ViberKnobs {
        get { state.withLock { $0.knobs } }
        set { state.withLock { $0.knobs = newValue } }
    }

    /// Makes something go wrong with coming API calls.
    package func inject(_ fault: Fault) { state.withLock { $0.faults.add(fault) } }

    /// The faults that have not hit yet.
    package var faults: [Fault] { state.withLock { $0.faults.faults } }

    package func clearFaults() { state.withLock { $0.faults.removeAll() } }

    package var bots: [ViberBot] { state.withLock { $0.accounts.map(\.bot) } }

    /// The webhook that the bot has set; nil when it has none.
    package func webhook(bot: Int = 0) -> ViberWebhook? { state.withLock { $0.accounts[bot].webhook } }

    /// Viber gives the bot a new token; the old one is answered with status 2 from now on.
    package func replaceToken(with token: String, bot: Int = 0) {
        state.withLock { $0.accounts[bot].bot.token = token }
    }

    /// Where the media of customers are served, without a trailing slash.
    package func serve(at baseURL: String) { state.withLock { $0.baseURL = baseURL } }

    /// The signature of a callback: HMAC-SHA256 of the body under the token, in lower-case hex (§4).
    package static func signature(of body: [UInt8], token: String) -> String {
        HMAC<SHA256>.authenticationCode(for: body, using: SymmetricKey(data: Array(token.utf8))).lowercaseHex
    }
}

// MARK: - Customers

extension ViberSimulator {
    /// A new person; returns the id, which has `/`, `+` and `=` in it (§1).
    @discardableResult
    package func addCustomer(name: String = "Олена ☺", apiVersion: Int64 = 10, bot: Int = 0) -> String {
        state.withLock { state in
            var id = Array(Base64.encode(state.random.bytes(16)))
            id[3] = "/"
            id[9] = "+"
            var customer = ViberCustomer(
                id: String(id), name: name,
                avatar: "https://media-direct.cdn.viber.com/download_photo?dlid=\(state.random.hex(bytes: 40))&fltp=jpg"
            )
            customer.apiVersion = apiVersion
            state.accounts[bot].chats[customer.id] = Chat(customer: customer)
            state.accounts[bot].order.append(customer.id)
            return customer.id
        }
    }

    /// The person, added with this id when there was none.
    func ensureCustomer(_ id: String, bot: Int) {
        state.withLock { state in
            guard state.accounts[bot].chats[id] == nil else { return }
            state.accounts[bot].chats[id] = Chat(customer: ViberCustomer(id: id))
            state.accounts[bot].order.append(id)
        }
    }

    /// All customers of a bot, in the order in which they appeared.
    package func customers(bot: Int = 0) -> [ViberCustomer] {
        state.withLock { state in state.accounts[bot].order.compactMap { state.accounts[bot].chats[$0]?.customer } }
    }

    package func customer(_ id: String, bot: Int = 0) -> ViberCustomer? {
        state.withLock { $0.accounts[bot].chats[id]?.customer }
    }

    /// What `get_online` tells of the customer from now on, as long as they are subscribed.
    package func setPresence(_ presence: ViberCustomer.Presence, of id: String, bot: Int = 0) {
        state.withLock { $0.accounts[bot].chats[id]?.customer.presence = presence }
    }

    /// What the bot has posted to its public chat, in order.
    package func publicChat(bot: Int = 0) -> [PhoneMessage] { state.withLock { $0.accounts[bot].publicChat } }

    /// What the customer's phone got from the bot, in order.
    package func phone(of id: String, bot: Int = 0) -> [PhoneMessage] {
        state.withLock { $0.accounts[bot].chats[id]?.phone ?? [] }
    }

    /// The customer writes a text.
    ///
    /// - Parameter times: how often the callback is sent: a repeat has the same bytes and signature (§8).
    /// - Returns: the message token.
    @discardableResult
    package func customerWrites(_ id: String, _ text: String, times: Int = 1, bot: Int = 0) -> Int64 {
        customerWrites(id, message: ["text": .string(text), "type": "text"], times: times, bot: bot)
    }

    /// The customer sends a message of any kind (§3.1). It subscribes them silently and starts the hourly count anew.
    @discardableResult
    package func customerWrites(
        _ id: String, message: JSON, times: Int = 1, isSilent: Bool = false, bot: Int = 0
    ) -> Int64 {
        ensureCustomer(id, bot: bot)
        return state.withLock { state in
            let token = state.token()
            state.accounts[bot].chats[id]?.customer.state = .subscribed
            state.accounts[bot].chats[id]?.customer.lastOnline = .now
            state.accounts[bot].chats[id]?.sentWithoutReply = 0
            guard let customer = state.accounts[bot].chats[id]?.customer else { return token }
            log.record(
                .viber, .action, "customer.writes", subject: id, reference: String(token),
                text: message["text"]?.string ?? message.text)
            var message = adapted(message, state.knobs)
            if let tracking = state.accounts[bot].chats[id]?.trackingData, !tracking.isEmpty {
                message["tracking_data"] = .string(tracking)
            }
            let event = self.event("message", token, state.knobs) { event in
                event["sender"] = person(customer, state.accounts[bot].webhook)
                event["message"] = message
                event["silent"] = .bool(isSilent)
            }
            state.accounts[bot].chats[id]?.remember(
                WrittenMessage(token: token, time: .now, message: message, event: event))
            for _ in 0..<max(1, times) { emit(event, about: id, bot: bot, &state) }
            if state.knobs.confirmsInbound {
                emit(receipt("delivered", token, id, state.knobs), about: id, bot: bot, &state)
            }
            if state.random.hits(state.knobs.clientStatusProbability) {
                let status = self.event("client_status", state.token(), state.knobs) { $0["user_id"] = .string(id) }
                emit(status, about: id, bot: bot, &state)
            }
            return token
        }
    }

    /// What the customer wrote, oldest first; the newest 200.
    package func written(by id: String, bot: Int = 0) -> [WrittenMessage] {
        state.withLock { $0.accounts[bot].chats[id]?.written ?? [] }
    }

    /// Viber sends the callback of a message once more, the same bytes (§8); false when the message isn't remembered.
    package func repeatCallback(of token: Int64, by id: String, bot: Int = 0) -> Bool {
        state.withLock { state in
            guard let message = state.accounts[bot].chats[id]?.written.last(where: { $0.token == token }) else {
                return false
            }
            log.record(
                .viber, .action, "callback.repeated", subject: id, reference: String(token), text: message.text)
            emit(message.event, about: id, bot: bot, &state)
            return true
        }
    }

    /// The bot that this customer has to do with; the first when there is no such customer.
    package func bot(ofCustomer id: String) -> Int {
        state.withLock { state in state.accounts.firstIndex { $0.chats[id] != nil } ?? 0 }
    }

    /// The customer opens the chat, by the message button or a deep link with a context (§3.2).
    @discardableResult
    package func customerOpensChat(_ id: String, context: String? = nil, bot: Int = 0) -> Int64 {
        ensureCustomer(id, bot: bot)
        return state.withLock { state in
            let token = state.token()
            state.accounts[bot].chats[id]?.customer.lastOnline = .now
            if state.accounts[bot].chats[id]?.customer.state == .unknown {
                state.accounts[bot].chats[id]?.customer.state = .opened
            }
            guard let customer = state.accounts[bot].chats[id]?.customer else { return token }
            log.record(.viber, .action, "customer.opens", subject: id, reference: String(token))
            let event = self.event("conversation_started", token, state.knobs) { event in
                if !state.knobs.omitsConversationType { event["type"] = "open" }
                event["context"] = context.map { .string($0) }
                event["user"] = person(customer, state.accounts[bot].webhook)
                event["subscribed"] = .bool(customer.state == .subscribed)
            }
            emit(
                event, about: id, bot: bot, &state,
                onAccepted: { [weak self] answer in self?.welcome(answer, token: token, customer: id, bot: bot) })
            return token
        }
    }

    /// The customer turns the bot's messages off (§3.3).
    @discardableResult
    package func customerUnsubscribes(_ id: String, bot: Int = 0) -> Int64 {
        changeSubscription(id, to: .unsubscribed, "unsubscribed", bot: bot)
    }

    /// The customer, having unsubscribed, taps "Receive messages" (§3.3).
    @discardableResult
    package func customerResubscribes(_ id: String, bot: Int = 0) -> Int64 {
        changeSubscription(id, to: .subscribed, "subscribed", bot: bot)
    }

    private func changeSubscription(
        _ id: String, to newState: ViberCustomer.State, _ name: String, bot: Int
    ) -> Int64 {
        ensureCustomer(id, bot: bot)
        return state.withLock { state in
            let token = state.token()
            state.accounts[bot].chats[id]?.customer.state = newState
            log.record(.viber, .action, "customer.\(name)", subject: id, reference: String(token))
            guard let customer = state.accounts[bot].chats[id]?.customer else { return token }
            let event = self.event(name, token, state.knobs) { event in
                if newState == .subscribed {
                    event["user"] = person(customer, state.accounts[bot].webhook)
                } else {
                    event["user_id"] = .string(id)
                }
            }
            emit(event, about: id, bot: bot, &state)
            return token
        }
    }
}
