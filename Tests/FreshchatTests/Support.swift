import Crypto
import CryptoExtras
import Foundation
import Freshchat
import HTTPTypes
import RelayCore
import Synchronization
import Testing

/// The instant at which the tests play.
let noon = Date(timeIntervalSince1970: 1_770_120_000)

let theToken = "eyJhbGciOiJIUzI1NiJ9.THE-SECRET-TOKEN.c2ln"

func makeAccount(
    baseURL: String = "https://acme.freshchat.com/v2", token: String = theToken, key: String = "",
    spareKeys: [String] = [], textLimit: Int = 4000
) -> HelpdeskAccount {
    HelpdeskAccount(
        baseURL: baseURL, token: Secret(token), webhookPublicKey: key, sparePublicKeys: spareKeys, textLimit: textLimit)
}

/// The mapping in memory, and the ids that the store would know.
/// An end that leaves nothing under way.
let longAgo = noon.addingTimeInterval(-100_000)

final class Memory: MappingKeeper, Sendable {
    struct State {
        var users: [HelpdeskUserID] = []
        /// What each of them was created with.
        var written: [ContactProfile?] = []
        var conversations: [HelpdeskConversationID] = []
        /// Conversations of other installations.
        var ofOthers: Set<HelpdeskConversationID> = []
        var messages: Set<HelpdeskMessageID> = []
        var isBroken = false
        /// References of users who were about to be created.
        var locked: [Reference] = []
        var isLockedByAnother = false
    }

    let state = Mutex(State())

    init(messages: Set<HelpdeskMessageID> = [], isBroken: Bool = false) {
        state.withLock {
            $0.messages = messages
            $0.isBroken = isBroken
        }
    }

    func aboutToCreateUser(_ reference: Reference) async throws(DeliveryFailure) {
        let isLockedByAnother = state.withLock {
            $0.locked.append(reference)
            return $0.isLockedByAnother
        }
        if isLockedByAnother { throw DeliveryFailure(.wait(until: noon), reason: "Another one creates it", detail: "") }
    }

    func found(user: HelpdeskUserID, written: ContactProfile?) async throws(DeliveryFailure) {
        state.withLock {
            $0.users.append(user)
            $0.written.append(written)
        }
    }

    func found(conversation: HelpdeskConversationID) async throws(DeliveryFailure) -> Bool {
        let (isBroken, isOurs) = state.withLock {
            let isOurs = !$0.ofOthers.contains(conversation)
            if isOurs { $0.conversations.append(conversation) }
            return ($0.isBroken, isOurs)
        }
        if isBroken { throw DeliveryFailure(.retry(after: nil), reason: "The store is full", detail: "") }
        return isOurs
    }

    var users: [HelpdeskUserID] { state.withLock(\.users) }
    var written: [ContactProfile?] { state.withLock(\.written) }
    var conversations: [HelpdeskConversationID] { state.withLock(\.conversations) }

    func record(_ id: HelpdeskMessageID?) {
        if let id { state.withLock { _ = $0.messages.insert(id) } }
    }

    func forget(_ id: HelpdeskMessageID) { state.withLock { _ = $0.messages.remove(id) } }

    var isKnown: KnownMessages {
        { [self] id async throws(DeliveryFailure) in state.withLock { $0.messages.contains(id) } }
    }

    func piece(
        _ text: String, user: HelpdeskUserID? = nil, conversation: HelpdeskConversationID? = nil, doubt: Date? = nil,
        doubtEndedAt: Date? = nil,
        profile: ContactProfile = ContactProfile(userID: "01234567890A=", name: "Ana"),
        policy: Installation.ResolvedPolicy = .reopen
    ) -> InboundPiece {
        InboundPiece(
            message: Message(text: text), profile: profile, reference: Reference("viber:\(profile.userID)"),
            topic: "topic-1", resolvedPolicy: policy, channelName: "Viber", user: user, conversation: conversation,
            doubt: doubt.map { Doubt(since: $0, endedAt: doubtEndedAt ?? longAgo) },
            isKnown: isKnown)
    }
}

/// Freshchat's side of the webhook's signature. Making a key takes long, so all tests share this one.
enum Signer {
    static let key: _RSA.Signing.PrivateKey = {
        do { return try _RSA.Signing.PrivateKey(keySize: .bits2048) } catch { fatalError("no key: \(error)") }
    }()

    static let pem = key.publicKey.pemRepresentation

    static func signature(over body: [UInt8]) throws -> String {
        try key.signature(for: SHA256.hash(data: body), padding: .insecurePKCS1v1_5).rawRepresentation
            .base64EncodedString()
    }

    static func request(_ body: [UInt8], header: String = "X-Freshchat-Signature") throws -> WebhookRequest {
        makeRequest(body, headers: [try #require(HTTPField.Name(header)): try signature(over: body)])
    }
}

func makeRequest(_ body: [UInt8], headers: HTTPFields = [:]) -> WebhookRequest {
    WebhookRequest(method: .post, path: "/", headers: headers, body: body, id: "test", receivedAt: noon)
}

/// The events of a conversation webhook that is signed as it should be.
func readWebhook(_ body: [UInt8]) throws -> [HelpdeskEvent] {
    try FreshchatHelpdesk().readWebhook(try Signer.request(body), account: makeAccount(key: Signer.pem)).events
}

func readProduct(_ body: [UInt8]) throws -> [HelpdeskEvent] {
    try FreshchatHelpdesk().readProductEvent(makeRequest(body)).events
}

enum Fixture {
    /// The names of all fixtures in a folder.
    static func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root + folder).filter { $0.hasSuffix(".json") }.sorted()
    }

    static func bytes(_ path: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(fileURLWithPath: root + path)))
    }

    private static let root = (Bundle.module.resourcePath ?? "") + "/Fixtures/"
}
