import Foundation
import GRDB
import Logging
import RelayCore
import SQLiteStore
import Testing
import Vault

/// Stores as earlier versions wrote them, one for each schema that was in use: `Fixtures/<last migration, with dashes>.sqlite`.
///
/// A version that changes the schema adds one before it does: `BYOC_WRITE_STORE_FIXTURE=FILE` makes the first test write it,
/// filled by ``EarlierStore/fill(_:)``.
@Suite("Stores of earlier versions")
struct EarlierStoreTests {
    @Test("This version fills a store as those that are kept were filled")
    func filling() async throws {
        let directory = try Directory()
        let store = try EarlierStore.open(directory)
        try await EarlierStore.fill(store)
        store.close()
        if let file = ProcessInfo.processInfo.environment["BYOC_WRITE_STORE_FIXTURE"] {
            try Data(contentsOf: URL(fileURLWithPath: directory.database)).write(to: URL(fileURLWithPath: file))
        }
        try await check(directory)
    }

    @Test("A store of each earlier version opens and goes on", arguments: try EarlierStore.names())
    func opening(name: String) async throws {
        let directory = try Directory()
        try EarlierStore.copy(name, to: directory)
        try await check(directory)
        let again = try EarlierStore.open(directory)
        again.close()
        let findings = try StoreMaintenance(directory: directory.path).check(key: EarlierStore.key()).findings
        #expect(findings.isEmpty, "\(findings.map(\.problem))")
    }

    @Test("A customer whose user an earlier version created gets what is missing there with their next message")
    func profiles() async throws {
        let directory = try Directory()
        try EarlierStore.copy("messages-by-contact-minutes", to: directory)
        let store = try EarlierStore.open(directory)
        #expect(try await store.nextProfile(now: start) == nil)
        let installation = try #require(try await store.installation("viber-1"))
        var written = message("now with a name", from: "bert", to: installation)
        if case .message(var inbound) = written.arrivals[0].content {
            inbound.profile.name = "Bert"
            written.arrivals[0].content = .message(inbound)
        }
        #expect(try store.accept(written).accepted == 1)
        for claim in try await store.claim(by: "w", limit: 9, lease: .seconds(60), now: start) {
            var claim: Claim? = claim
            while let present = claim {
                claim = try await store.complete(
                    present, delivered: PieceOutcome(nil), lease: .seconds(60), now: start)
            }
        }
        let update = try #require(try await store.takeProfiles(now: start).first)
        #expect(update.user == "user of bert" && update.profile.name == "Bert" && update.written == nil)
        store.close()
    }

    @Test(
        "A pause of an earlier version gets its cause from the reason that was written then",
        arguments: [
            ("Paused by an operator", .person), ("Paused on the settings pages", .person),
            ("BYOC_CHANNEL is no longer set", .environment), ("Viber refuses the token", .credential),
        ] as [(String, Installation.PauseCause)])
    func pauses(reason: String, cause: Installation.PauseCause) async throws {
        let directory = try Directory()
        try EarlierStore.copy("decisions-sources-causes", to: directory)
        let file = try DatabaseQueue(path: directory.database)
        try await file.write { db in
            try db.execute(
                sql: "UPDATE installations SET state = 'paused', paused_reason = ?, paused_since = 5000",
                arguments: [reason])
        }
        try file.close()
        let store = try EarlierStore.open(directory)
        #expect(
            try await store.installation("viber-1")?.state
                == .paused(reason: reason, since: Date(timeIntervalSince1970: 5), by: cause))
        store.close()
    }

    /// What waited is claimed and made, what was given up on can be tried again, and what was taken in is a repeat.
    private func check(_ directory: Directory) async throws {
        let store = try EarlierStore.open(directory)
        #expect(try await store.installations().map(\.id) == ["viber-1"])
        #expect(try await store.installation("viber-1")?.helpdesk.token == Secret("freshchat-secret-of-viber-1"))
        let counts = try await store.counts(of: nil)
        #expect(counts.waiting == 3 && counts.held == 1 && counts.dead == 1 && counts.delivered == 3)
        let anna = try #require(try await EarlierStore.contact("anna", in: store))
        #expect(anna.profile.name == "Anna" && anna.profile.language == "uk" && anna.profile.phoneNumber == "+43660")
        #expect(anna.user == "user of anna" && anna.conversation == "conversation of anna")
        let installation = try #require(try await store.installation("viber-1"))
        #expect(try store.accept(EarlierStore.reply("answer to bert", to: "bert", of: installation)).repeated == 1)
        for delivery in try await store.deliveries(DeliveryFilter(states: [.held, .dead])) {
            #expect(delivery.payload != nil && !delivery.reason.isEmpty)
            try await store.redrive(delivery.id, from: .command, now: start)
        }
        var made: [String] = []
        var claims = try await store.claim(by: "w", limit: 9, lease: .seconds(60), now: start)
        while let claim = claims.popLast() {
            switch claim.delivery.payload {
            case .message(let inbound): made.append(inbound.message.plainText)
            case .reply(let reply): made.append(reply.message.plainText)
            case .note(let text, _): made.append(text)
            case nil: Issue.record("an unreadable delivery")
            }
            let next = try await store.complete(claim, delivered: PieceOutcome(nil), lease: .seconds(60), now: start)
            if let next { claims.append(next) }
        }
        #expect(made.sorted() == ["a note", "answer in doubt", "answer to bert", "refused", "waits"])
        #expect(try store.accept(message("after", from: "bert", to: installation)).accepted == 1)
        store.close()
    }
}

/// A small store with one row of each kind.
enum EarlierStore {
    /// What the kept stores' secrets are encrypted with.
    static func key() throws(StoreFailure) -> EncryptionKey {
        try EncryptionKey(parsing: String(repeating: "5e", count: 32))
    }

    static func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".sqlite") }
            .map { String($0.dropLast(".sqlite".count)) }.sorted()
    }

    static func copy(_ name: String, to directory: Directory) throws {
        try FileManager.default.copyItem(atPath: "\(folder)/\(name).sqlite", toPath: directory.database)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: directory.database)
    }

    static func open(_ directory: Directory) throws(StoreFailure) -> SQLiteStore {
        try SQLiteStore.open(
            SQLiteStoreConfiguration(directory: directory.path), key: key(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    static func contact(_ user: String, in store: SQLiteStore) async throws -> Contact? {
        for delivery in try await store.deliveries(DeliveryFilter()) {
            if let id = delivery.contact, let contact = try await store.contact(id),
                contact.profile.userID.rawValue == user
            {
                return contact
            }
        }
        return nil
    }

    /// Three messages are delivered, of customers with and without a name; one waits, one is dead and left a note, a reply
    /// waits, and one is held in doubt.
    static func fill(_ store: SQLiteStore) async throws {
        try await store.save(sample(), now: start)
        try await deliver(
            ContactProfile(
                userID: "anna", name: "Anna", avatarURL: "https://example.com/anna.jpg", language: "uk", country: "UA",
                phoneNumber: "+43660"), "hello", to: store)
        try await deliver(ContactProfile(userID: "bert"), "hello from bert", to: store)
        try await deliver(ContactProfile(userID: "carl", name: "Carl"), "hello from carl", to: store)

        _ = try store.accept(message("refused", from: "carl"))
        let refused = try await claim(in: store)
        try await store.markDead(
            refused, because: DeliveryFailure(.giveUp, reason: "Freshchat refused it", detail: "HTTP 400"),
            note: NoteDraft(text: "a note", conversation: "conversation of carl"), now: start)
        // Those wait from here on, so they are made last.
        _ = try store.accept(reply("answer in doubt", to: "anna"))
        let claims = try await store.claim(by: "w", limit: 9, lease: .seconds(60), now: start)
        for claim in claims {
            if case .reply = claim.delivery.payload {
                try await store.hold(
                    claim, reason: "It is not known whether the customer has it", note: nil, now: start)
            } else {
                try await store.release(claim, now: start)
            }
        }
        _ = try store.accept(message("waits", from: "anna"))
        _ = try store.accept(reply("answer to bert", to: "bert"))
        try await store.closeGate(channelGate, until: start)
        try await store.remember(agent: "agent-1", name: "Denise", of: "viber-1", now: start)
    }

    private static func claim(in store: SQLiteStore) async throws -> Claim {
        let claims = try await store.claim(by: "w", limit: 9, lease: .seconds(60), now: start)
        return try #require(claims.first)
    }

    private static func deliver(_ profile: ContactProfile, _ text: String, to store: SQLiteStore) async throws {
        var acceptance = message(text, from: profile.userID)
        acceptance.arrivals[0].content = .message(
            InboundPayload(id: ChannelMessageID(text), profile: profile, message: Message(text: text)))
        _ = try store.accept(acceptance)
        let claim = try await claim(in: store)
        try await store.remember(
            user: HelpdeskUserID("user of \(profile.userID)"), written: profile, for: claim, now: start)
        try await store.remember(
            conversation: HelpdeskConversationID("conversation of \(profile.userID)"), topic: "topic-1", for: claim,
            now: start)
        _ = try await store.complete(
            claim, delivered: PieceOutcome(.helpdesk(HelpdeskMessageID(text))), lease: .seconds(60), now: start)
    }

    static func reply(
        _ text: String, to user: String, of installation: Installation = sample()
    ) -> Acceptance {
        Acceptance(
            account: .helpdesk(installation.helpdesk.id), routes: [installation.route],
            arrivals: [
                .init(
                    dedupeKey: DedupeKey("reply/\(text)"),
                    content: .reply(
                        HelpdeskMessage(
                            id: HelpdeskMessageID("id of \(text)"),
                            conversation: HelpdeskConversationID("conversation of \(user)"),
                            user: HelpdeskUserID("user of \(user)"), actor: .agent, actorID: "agent-1",
                            isPrivate: false, message: Message(text: text))), topic: "topic-1")
            ], at: start)
    }

    static let folder = (Bundle.module.resourcePath ?? "") + "/Fixtures"
}
