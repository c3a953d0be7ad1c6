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
