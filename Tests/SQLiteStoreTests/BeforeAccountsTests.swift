import Foundation
import GRDB
import RelayCore
import SQLiteStore
import Testing

/// A store that the last version before accounts wrote: `Fixtures/before-accounts/several.sqlite`.
///
/// viber-1 and viber-2 share a Freshchat account and a topic, viber-3 is in another account, whose token is refused, viber-4
/// was paused by a person, viber-5 is removed. One of each kind of delivery is there.
@Suite("A store from before accounts")
struct BeforeAccountsTests {
    private static let fixture = "\(EarlierStore.folder)/before-accounts/several.sqlite"

    private func copied() throws -> Directory {
        let directory = try Directory()
        try FileManager.default.copyItem(atPath: Self.fixture, toPath: directory.database)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: directory.database)
        return directory
    }

    private func claims(_ store: SQLiteStore, at seconds: Double = 1000) async throws -> [Claim] {
        try await store.claim(by: "w", limit: 99, lease: .seconds(60), now: start + seconds)
    }

    private func deliver(_ claims: [Claim], in store: SQLiteStore) async throws -> [Claim] {
        var (waiting, made) = (claims, [Claim]())
        while let claim = waiting.popLast() {
            made.append(claim)
            let next = try await store.complete(
                claim, delivered: PieceOutcome(nil), lease: .seconds(60), now: start + 1000)
            if let next { waiting.append(next) }
        }
        return made.sorted { $0.delivery.id < $1.delivery.id }
    }

    @Test("Every installation has two accounts of its own, with its secrets, URLs and settings")
    func installations() async throws {
        let directory = try copied()
        let store = try EarlierStore.open(directory)
        let known = try store.directory()
        #expect(known.all.map(\.id) == ["viber-1", "viber-2", "viber-3", "viber-4"])
        #expect(known.channelAccounts.count == 4 && known.helpdeskAccounts.count == 4)
        for installation in known.all {
            let id = installation.id
            let desk = id == "viber-3" ? "bank" : "shop"
            #expect(installation.channel.id.rawValue.hasPrefix("viber-acct-"))
            #expect(installation.helpdesk.id.rawValue.hasPrefix("freshchat-"))
            #expect(installation.channel.secrets == ["auth_token": Secret("channel-secret-of-\(id)")])
            #expect(installation.channel.settings == ["sender_name": "Shop \(id)"])
            #expect(installation.channel.registeredURL == "https://example.com/hook/target-token-of-\(id)")
            #expect(installation.helpdesk.token == Secret("freshchat-secret-of-\(desk)"))
            #expect(installation.helpdesk.webhookPublicKey.contains("key of \(desk)"))
            #expect(installation.topicName == "Topic \(installation.topic)")
            #expect(installation.address == .only && installation.referenceForm == .user)
            let byTarget = known.channelAccount(targetToken: "target-token-of-\(id)", now: start)
            #expect(byTarget?.id == installation.channel.id)
            let byHelpdesk = known.helpdeskAccount(helpdeskToken: "helpdesk-token-of-\(id)", now: start)
            #expect(byHelpdesk?.id == installation.helpdesk.id)
            #expect(
                known.helpdeskAccount(eventSecret: "event-secret-of-\(id)", now: start)?.id == installation.helpdesk.id)
        }
        let second = try #require(try await store.installation("viber-2"))
        #expect(second.resolvedPolicy == .newConversation && second.doubtPolicy == .hold)
        let third = try #require(try await store.installation("viber-3"))
        #expect(third.forwardsSystemLines && third.helpdesk.textLimit == 2000)
        #expect(try await store.removedInstallations().map(\.id) == ["viber-5"])
        store.close()
    }

    @Test("A pause for a refused credential is the account's; a person's pause stays the installation's")
    func pauses() async throws {
        let directory = try copied()
        let store = try EarlierStore.open(directory)
        let refused = try #require(try await store.installation("viber-3"))
        #expect(refused.ownState == .active && refused.channel.state == .active)
        #expect(refused.helpdesk.state == .paused(reason: "Freshchat refuses the API token (HTTP 401)", since: start))
        let paused = try #require(try await store.installation("viber-4"))
        #expect(paused.ownState == .paused(reason: "Paused on the settings pages", since: start, by: .person))
        #expect(paused.channel.state == .active && paused.helpdesk.state == .active)
        store.close()
        #expect(StoreMaintenance.findings(in: directory, key: try EarlierStore.key()).isEmpty)
    }

    @Test(
        "A pause whose cause is known is the account's for a credential and the installation's for anything else",
        arguments: [
            // The reason of a reply that waits, and none of what waits.
            ("401", "credential", [.channel]), ("Something else", "credential", [.channel, .helpdesk]),
            ("401", "person", []), ("BYOC_CHANNEL is no longer set", "environment", []),
        ] as [(String, String, Set<Side>)])
    func causes(reason: String, cause: String, paused: Set<Side>) async throws {
        let directory = try Directory()
        try EarlierStore.copy("causes-of-pauses", to: directory)
        let file = try DatabaseQueue(path: directory.database)
        try await file.write { db in
            try db.execute(
                sql: """
                    UPDATE installations SET state = 'paused', paused_reason = ?, paused_since = 5000, paused_by = ?
                    """,
                arguments: [reason, cause])
            try db.execute(
                sql: "UPDATE outbox SET reason = '401', detail = '' WHERE state = 'waiting' AND direction = 'outbound'")
        }
        try file.close()
        let store = try EarlierStore.open(directory)
        let installation = try #require(try await store.installation("viber-1"))
        let since = Date(timeIntervalSince1970: 5)
        for side in Side.allCases {
            let state = side == .channel ? installation.channel.state : installation.helpdesk.state
            #expect(state == (paused.contains(side) ? .paused(reason: reason, since: since) : .active))
        }
        let by = try #require(Installation.PauseCause(rawValue: cause))
        let own = Installation.State.paused(reason: reason, since: since, by: by)
        #expect(installation.ownState == (paused.isEmpty ? own : .active))
        #expect(installation.state == own)
        store.close()
    }

    @Test("Secrets are sealed for their accounts with the next save, and nothing else changes")
    func sealing() async throws {
        let directory = try copied()
        let store = try EarlierStore.open(directory)
        for installation in try await store.installations() {
            #expect(try await store.save(installation, now: start) == installation)
        }
        let again = try EarlierStore.open(directory)
        #expect(try await again.installations() == store.installations())
        again.close()
        store.close()
        let unsealed = try inFile(of: directory) { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT id FROM channel_accounts WHERE seal_context <> id
                    UNION ALL SELECT id FROM helpdesk_accounts WHERE seal_context <> id
                    """)
        }
        #expect(unsealed.isEmpty)
    }

    @Test("What waited goes on where it stopped, and nothing is lost or made twice")
    func goingOn() async throws {
        let directory = try copied()
        let store = try EarlierStore.open(directory)
        let counts = try await store.counts(of: nil)
        #expect(counts.waiting == 7 && counts.held == 1 && counts.dead == 1 && counts.delivered == 8)
        // Before the gates open: viber-1's to Freshchat, viber-2's to the channel.
        #expect(try await claims(store, at: 10).map(\.delivery.id.rawValue) == [14])
        try await store.retire("w", now: start + 10)
        _ = try await store.reap(now: start + 10)
        let waiting = try await store.deliveries(DeliveryFilter(states: [.waiting]))
        #expect(Set(waiting.map(\.id.rawValue)) == [11, 12, 13, 14, 15, 16, 17])
        let made = try await deliver(try await claims(store), in: store)
        #expect(made.map(\.delivery.id.rawValue) == [11, 12, 13, 14, 15])
        #expect(made[0].delivery.progress == 1)
        #expect(made[0].contact?.user == "user of bert@viber-1")
        #expect(made[0].contact?.conversation == "conversation of bert@viber-1")
        #expect(made[0].contact?.reference == Reference("viber:bert"))
        #expect(made[2].contact?.profile.userID == "anna" && made[2].contact?.installation == "viber-2")
        let account = try #require(try await store.installation("viber-2")).helpdesk.id
        #expect(made[2].conversationAccount == account)
        try await store.resume("viber-3", now: start + 1000)
        try await store.resume("viber-4", now: start + 1000)
        let resumed = try await deliver(try await claims(store), in: store)
        #expect(resumed.map(\.delivery.id.rawValue) == [16, 17])
        for delivery in try await store.deliveries(DeliveryFilter(states: [.held, .dead])) {
            try await store.redrive(delivery.id, from: .command, now: start + 1000)
        }
        #expect(try await claims(store).count == 2)
        let receipts = try await store.receipts(of: DeliveryID(rawValue: 8))
        #expect(receipts.map(\.state) == [.read])
        store.close()
        #expect(StoreMaintenance.findings(in: directory, key: try EarlierStore.key()).isEmpty)
    }

    @Test("What was taken in before is a repeat, by whichever way it comes")
    func repeats() async throws {
        let directory = try copied()
        let store = try EarlierStore.open(directory)
        let known = try store.directory()
        let first = try #require(try await store.installation("viber-1"))
        let text = "hello from anna to viber-1"
        let told = message(text, from: "anna", to: first, key: DedupeKey("message:\(text):anna"))
        #expect(try store.accept(told).fates == [.repeated("viber-1")])
        let receipt = Acceptance.Arrival(
            dedupeKey: "seen:1:anna", content: .receipt(Receipt(messageID: "x", state: .read, at: start), note: nil))
        let report = Acceptance(
            account: .channel(first.channel.id), routes: [first.route], arrivals: [receipt], at: start)
        #expect(try store.accept(report).fates == [.repeated("viber-1")])
        for key in ["message/id of good day", "another name"] {
            let reply = HelpdeskMessage(
                id: "id of good day", conversation: "conversation of anna@viber-1", user: "user of anna@viber-1",
                actor: .agent, actorID: "agent-1", isPrivate: false, message: Message(text: "good day"))
            let heard = Acceptance(
                account: .helpdesk(first.helpdesk.id), routes: known.routes(of: first.helpdesk.id),
                arrivals: [.init(dedupeKey: DedupeKey(key), content: .reply(reply), topic: "topic-1")], at: start)
            #expect(try store.accept(heard).fates == [.repeated("viber-1")], "\(key)")
        }
        #expect(
            try await store.delivery(thatBecame: HelpdeskMessageID("posted viber id of \(text)"), of: "viber-1")?
                .rawValue == 1)
        #expect(try await store.knownMessages(among: ["id of good day", "new"], of: "viber-1") == ["id of good day"])
        store.close()
        #expect(StoreMaintenance.findings(in: directory, key: try EarlierStore.key()).isEmpty)
    }

    @Test("Accounts that turn out to be one are merged, with all that belongs to them")
    func merging() async throws {
        let directory = try copied()
        let store = try EarlierStore.open(directory)
        let (first, second) = (
            try #require(try await store.installation("viber-1")), try #require(try await store.installation("viber-2"))
        )
        #expect(try await store.identify(.helpdesk(first.helpdesk.id), as: "app", now: start) == .alone)
        let gone = try await store.identify(.helpdesk(second.helpdesk.id), as: "app", now: start)
        #expect(gone == .merged(.helpdesk(second.helpdesk.id)))
        let known = try store.directory()
        let merged = try #require(try await store.installation("viber-2"))
        #expect(merged.helpdesk.id == first.helpdesk.id && merged.topicName == "Topic topic-1")
        for id in ["viber-1", "viber-2"] {
            let account = known.helpdeskAccount(helpdeskToken: "helpdesk-token-of-\(id)", now: start)
            #expect(account?.id == first.helpdesk.id)
        }
        // Both know a customer by the same name; the conversation tells them apart.
        let reply = HelpdeskMessage(
            id: "after", conversation: "conversation of anna@viber-2", user: nil, actor: .agent, actorID: nil,
            isPrivate: false, message: Message(text: "after"))
        let heard = Acceptance(
            account: .helpdesk(first.helpdesk.id), routes: known.routes(of: first.helpdesk.id),
            arrivals: [.init(dedupeKey: "message/after", content: .reply(reply), topic: "topic-1")], at: start)
        #expect(try store.accept(heard).fates.first?.installation == "viber-2")
        #expect(try store.accept(heard).fates == [.repeated("viber-2")])
        store.close()
        #expect(StoreMaintenance.findings(in: directory, key: try EarlierStore.key()).isEmpty)
    }

    @Test("The file as it was is kept beside the store, private, and a newer file's refusal names it")
    func backup() async throws {
        let directory = try copied()
        let store = try EarlierStore.open(directory)
        store.close()
        let path = directory.database + ".before-accounts"
        #expect(try directory.modes()["byoc.sqlite.before-accounts"] == 0o600)
        let (before, after) = (try content(of: Self.fixture), try content(of: path))
        #expect(before == after && !before.isEmpty)
        // It is made once.
        try Data("mark".utf8).write(to: URL(fileURLWithPath: path))
        try EarlierStore.open(directory).close()
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("mark".utf8))
        try inFile(of: directory) { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('999 from the future')") }
        let failure = try #require(refusal { _ = try EarlierStore.open(directory) })
        #expect(failure.kind == .damaged && failure.message.contains(path))
        let fresh = try Directory()
        try open(fresh).close()
        #expect(try fresh.modes().keys.allSatisfy { !$0.contains("before") })
    }

    /// The rows of all tables, as text.
    private func content(of path: String) throws -> [String] {
        let copy = try Directory()
        try FileManager.default.copyItem(atPath: path, toPath: copy.database)
        let queue = try DatabaseQueue(path: copy.database)
        defer { try? queue.close() }
        return try queue.read { db in
            let tables = try String.fetchAll(
                db, sql: "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            return try tables.flatMap { table in
                try Row.fetchAll(db, sql: "SELECT * FROM \(table)").map { "\(table): \($0)" }.sorted()
            }
        }
    }
}
