import Crypto
package import CryptoExtras
import FoundationEssentials
import Synchronization

/// What a Freshchat account starts with.
package struct FreshchatAccount: Sendable {
    /// The one API token (freshchat.md §1.2).
    package var token: String
    package var topics: [FreshchatTopic]
    package var agents: [FreshchatAgent]
    package var groups: [FreshchatGroup]
    package var accountID: Int64 = 515_435_468_500_047
    package var appID = "9c1dbb1c-6ba9-4c0a-9c3b-5f3dc9fb7f1e"
    package var domain = "sandbox-org-1f2e3d4c5b6a7980.freshchat.com"

    /// Two topics, so that there is a foreign one, two agents and a group.
    package init(
        token: String, topicID: String = "2f1b8c6e-55d0-4f4e-8a3f-7d9f0c1a2b3c", topicName: String = "Viber"
    ) {
        self.token = token
        topics = [
            FreshchatTopic(id: topicID, name: topicName),
            FreshchatTopic(id: "7a0e4d52-9b1f-4c55-9a44-0d6e8f2c1b77", name: "Web chat", numericID: 818_163),
        ]
        agents = [
            FreshchatAgent(
                id: "c4f7a9d2-0b51-4a73-8f0c-6e2d1b9a8c31", firstName: "Denise", lastName: "Hale",
                email: "denise@example.com"),
            FreshchatAgent(
                id: "Tomas_alias5b1d8e7f90a2c3d4e5f60718293a4b5c", firstName: "Tomas", lastName: "Weber",
                email: "tomas@example.com"),
        ]
        groups = [FreshchatGroup(id: "0f9e8d7c-6b5a-4938-8271-605f4e3d2c1b", name: "Support")]
    }
}

/// A double of Freshchat: the REST API, the conversation webhook, the Marketplace's product events, and the agents.
///
/// Everything is as freshchat.md says; what it leaves open is in ``FreshchatKnobs``. Safe to use from anywhere.
package final class FreshchatSimulator: Sendable {
    struct State: Sendable {
        var token: String
        var knobs: FreshchatKnobs
        var faults = FaultPlan()
        var random: SeededRandom
        var rateLimit = FreshchatRateLimit()
        var baseURL = "http://127.0.0.1"
        var webhookURL: String?
        var productEventURL: String?

        var users: [String: FreshchatUser] = [:]
        var userOrder: [String] = []
        var usersByReference: [String: [String]] = [:]

        var conversations: [String: FreshchatConversation] = [:]
        var conversationOrder: [String] = []
        var conversationsByUser: [String: [String]] = [:]
        var idsByInternalID: [Int64: String] = [:]
        var nextInternalID: Int64 = 700_100

        /// By conversation, oldest first.
        var messages: [String: [FreshchatMessage]] = [:]
        /// By hash (files) or by CDN path (images).
        var uploads: [String: FreshchatUpload] = [:]
    }

    let account: FreshchatAccount
    let state: Mutex<State>
    let log: EventLog
    let client = WebhookClient()
    let dispatcher: WebhookDispatcher
    private let key: _RSA.Signing.PrivateKey

    /// - Parameters:
    ///   - key: the webhook's key of 2048 bits; made anew when it is nil.
    ///   - seed: the same seed gives the same ids and the same mishaps.
    package init(
        account: FreshchatAccount, knobs: FreshchatKnobs = FreshchatKnobs(), key: _RSA.Signing.PrivateKey? = nil,
        seed: UInt64 = 1, log: EventLog, dispatcher: WebhookDispatcher
    ) throws {
        self.account = account
        state = Mutex(State(token: account.token, knobs: knobs, random: SeededRandom(seed: seed)))
        self.key = try key ?? _RSA.Signing.PrivateKey(keySize: .bits2048)
        self.log = log
        self.dispatcher = dispatcher
    }

    /// What can be changed while it runs.
    package var knobs: FreshchatKnobs {
        get { state.withLock { $0.knobs } }
        set { state.withLock { $0.knobs = newValue } }
    }

    /// Makes something go wrong with coming API calls.
    package func inject(_ fault: Fault) { state.withLock { $0.faults.add(fault) } }

    /// The faults that have not hit yet.
    package var faults: [Fault] { state.withLock { $0.faults.faults } }

    package func clearFaults() { state.withLock { $0.faults.removeAll() } }

    /// The token that the API takes now.
    package var token: String { state.withLock { $0.token } }

    /// An admin makes a new API token; the old one is answered 401 from now on (§1.2).
    package func replaceToken(with token: String) { state.withLock { $0.token = token } }

    /// The account's one webhook (§2); nil or empty for none.
    package func setWebhook(_ url: String?) { state.withLock { $0.webhookURL = url.flatMap { $0.isEmpty ? nil : $0 } } }

    package var webhookURL: String? { state.withLock { $0.webhookURL } }

    /// Where a Marketplace app would get its product events (§3.5); nil or empty for none.
    package func setProductEvents(_ url: String?) {
        state.withLock { $0.productEventURL = url.flatMap { $0.isEmpty ? nil : $0 } }
    }

    package var productEventURL: String? { state.withLock { $0.productEventURL } }

    /// Where uploads and rewritten images are served, without a trailing slash.
    package func serve(at baseURL: String) { state.withLock { $0.baseURL = baseURL } }

    /// The webhook's public key as the settings page shows it: SPKI under the label of PKCS#1 (§2.2).
    package var webhookPublicKey: String {
        key.publicKey.pemRepresentation.replacing("PUBLIC KEY", with: "RSA PUBLIC KEY")
    }

    /// Base64 of the RSA signature (PKCS#1 v1.5, SHA-256) of a webhook's bytes (§2.2).
    package func signature(of body: [UInt8]) -> String {
        // Signing fails only for a key too short for the digest, and the key has 2048 bits.
        let signature = try? key.signature(for: SHA256.hash(data: body), padding: .insecurePKCS1v1_5)
        return signature.map { Base64.encode(Array($0.rawRepresentation)) } ?? ""
    }
}

// MARK: - Looking inside

extension FreshchatSimulator {
    /// All users in the order in which they were made.
    package var users: [FreshchatUser] {
        state.withLock { state in state.userOrder.compactMap { state.users[$0] } }
    }

    package func users(referenceID: String) -> [FreshchatUser] {
        state.withLock { state in (state.usersByReference[referenceID] ?? []).compactMap { state.users[$0] } }
    }

    /// All conversations in the order in which they were made; those of one user when one is given.
    package func conversations(ofUser user: String? = nil) -> [FreshchatConversation] {
        state.withLock { state in
            (user.map { state.conversationsByUser[$0] ?? [] } ?? state.conversationOrder)
                .compactMap { state.conversations[$0] }
        }
    }

    /// A conversation by either of its ids.
    package func conversation(_ id: String) -> FreshchatConversation? {
        state.withLock { $0.conversation(id, .both) }
    }

    /// The messages of a conversation, oldest first.
    package func messages(in conversation: String) -> [FreshchatMessage] {
        state.withLock { state in
            state.conversation(conversation, .both).flatMap { state.messages[$0.id] } ?? []
        }
    }
}

extension FreshchatSimulator.State {
    /// An id in the flavour of the knobs (§1.6).
    mutating func makeID(alias: String? = nil) -> String {
        var flavour = knobs.idFlavour
        if flavour == .mixed {
            let choices: [FreshchatKnobs.IDFlavour] = alias == nil ? [.uuid, .uuid, .hex] : [.uuid, .hex, .alias]
            flavour = choices.randomElement(using: &random) ?? .uuid
        }
        return switch flavour {
        case .hex: random.hex(bytes: 16)
        case .alias: "\(alias ?? "bot")_alias\(random.hex(bytes: 16))"
        case .uuid, .mixed: random.uuid()
        }
    }

    func conversation(_ id: String, _ paths: FreshchatKnobs.PathIDs) -> FreshchatConversation? {
        if paths != .numeric, let found = conversations[id] { return found }
        guard paths != .guid, let number = Int64(id) else { return nil }
        return idsByInternalID[number].flatMap { conversations[$0] }
    }
}
