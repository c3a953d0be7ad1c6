import Foundation
import GRDB
import RelayCore
import SQLiteStore
import Testing
import Vault

@Suite("Looking after the file")
struct MaintenanceTests {
    private func filled(_ count: Int = 20, in directory: Directory) async throws -> SQLiteStore {
        let store = try open(directory)
        try await store.save(sample(), now: start)
        for number in 0..<count {
            _ = try store.accept(message("message \(number)", from: ChannelUserID("user \(number)")))
        }
        return store
    }

    // MARK: Check

    @Test("Of a sound store in use the check says so, with what is in it")
    func sound() async throws {
        let directory = try Directory()
        let store = try await filled(in: directory)
        _ = try await store.claim(by: "w", limit: 3, lease: .seconds(60), now: start)
        let report = try StoreMaintenance(directory: directory.path).check(key: testKey)
        #expect(report.findings.isEmpty && report.worst == nil)
        #expect(report.deliveries == ["waiting": 20] && report.journal == "wal")
        #expect(report.keyMatches == true && report.givesSpaceBack == true && report.schema.count >= 2)
        store.close()
    }

    @Test(
        "What contradicts itself is named, with what to do",
        arguments: [
            ("DELETE FROM lanes WHERE ordering_key = 'in/1'", "no_lane", StoreReport.Severity.damage),
            ("UPDATE lanes SET ready_at = ready_at + 1000000 WHERE ordering_key = 'in/1'", "late_lane", .warning),
            ("UPDATE outbox SET state = 'dead' WHERE id = 1", "empty_lane", .warning),
            ("UPDATE lanes SET side = 'channel' WHERE ordering_key = 'in/1'", "wrong_lane", .damage),
            (
                "UPDATE lanes SET owner = 'w', leased_until = 1, delivery = 999 WHERE ordering_key = 'in/1'",
                "lost_lease", .damage
            ),
            ("UPDATE lanes SET fence = 999 WHERE ordering_key = 'in/1'", "fence", .damage),
            (
                "INSERT INTO attempts (delivery, piece, worker, started_at) VALUES (1, 0, 'w', 0)", "open_attempt",
                .warning
            ),
            (
                """
                DROP INDEX conversations_current;
                INSERT INTO conversations (installation, helpdesk_account, id, contact, topic, is_resolved, is_current) VALUES
                    ('viber-1', 'freshchat-of-viber-1', 'a', 1, 't', 0, 1),
                    ('viber-1', 'freshchat-of-viber-1', 'b', 1, 't', 0, 1)
                """, "two_conversations", .damage
            ),
            ("DELETE FROM contacts WHERE id = 1", "no_contact", .damage),
            ("UPDATE installations SET state = 'removed'", "no_installation", .damage),
            ("DELETE FROM channel_accounts", "no_account", .damage),
            ("UPDATE helpdesk_accounts SET state = 'removed'", "no_account", .damage),
            (
                "UPDATE helpdesk_accounts SET identity = 'app'; INSERT INTO helpdesk_accounts "
                    + "(id, identity, base_url, webhook_public_key, text_limit, state, seal_context) "
                    + "VALUES ('other', 'app', '', '', 1, 'active', '')", "same_identity", .warning
            ),
            (
                """
                INSERT INTO conversations (installation, helpdesk_account, id, contact, topic, is_resolved, is_current)
                    VALUES ('viber-9', 'freshchat-of-viber-1', 'a', 1, 't', 0, 1)
                """, "foreign_conversation", .damage
            ),
            (
                "INSERT INTO parked (account, address, key, content, at) VALUES ('viber-acct-of-viber-1', '', 'k', x'00', 1)",
                "parked", .warning
            ),
            (
                "INSERT INTO parked (account, address, key, content, at) VALUES ('nobody', '', 'k', x'00', 1)",
                "parked",
                .warning
            ),
            (
                "UPDATE outbox SET direction = 'sideways', state = 'dead' WHERE id = 1; DELETE FROM lanes "
                    + "WHERE ordering_key = 'in/1'", "unknown_word", .damage
            ),
            ("UPDATE outbox SET payload = x'00' WHERE id = 1", "payload", .damage),
            ("INSERT INTO grdb_migrations VALUES ('999 from the future')", "newer", .warning),
            ("UPDATE meta SET content = x'00' WHERE name = 'key'", "key", .damage),
            ("DELETE FROM grdb_migrations; DROP TABLE meta", "schema", .damage),
            (
                "PRAGMA foreign_keys = OFF; INSERT INTO attempts (delivery, piece, worker, started_at, outcome) "
                    + "VALUES (999, 0, 'w', 0, 'failed')", "reference", .damage
            ),
        ])
    func broken(sql: String, name: String, severity: StoreReport.Severity) async throws {
        let directory = try Directory()
        try await filled(in: directory).close()
        try inFile(of: directory) { try $0.execute(sql: sql) }
        let report = try StoreMaintenance(directory: directory.path).check(key: testKey)
        let finding = try #require(report.findings.first { $0.name == name }, "\(report.findings)")
        #expect(finding.severity == severity && !finding.remedy.isEmpty)
        #expect(report.worst == .damage || severity == .warning)
        #expect(report.findings.count == 1, "\(report.findings)")
    }

    @Test("A waiting delivery that nobody would find is put back on its way as the check says")
    func retryFindsLane() async throws {
        let directory = try Directory()
        let store = try await filled(2, in: directory)
        try inFile(of: directory) { try $0.execute(sql: "DELETE FROM lanes") }
        #expect(try await store.claim(by: "w", limit: 9, lease: .seconds(60), now: start).isEmpty)
        for id: Int64 in [1, 2] { try await store.redrive(DeliveryID(rawValue: id), from: .command, now: start) }
        #expect(try await store.claim(by: "w", limit: 9, lease: .seconds(60), now: start).count == 2)
        #expect(StoreMaintenance.findings(in: directory).isEmpty)
        store.close()
    }

    @Test("A file that can't be opened is reported, not thrown at the operator; one that isn't there is")
    func unreadable() throws {
        let directory = try Directory()
        #expect(refusal { _ = try StoreMaintenance(directory: directory.path) }?.kind == .notFound)
        for content in [Data(), Data(repeating: 7, count: 10_000)] {
            try content.write(to: URL(fileURLWithPath: directory.database))
            let report = try StoreMaintenance(directory: directory.path).check(key: testKey)
            #expect(report.worst == .damage)
            #expect(report.findings.contains { $0.problem.contains(directory.database) })
            #expect(try Data(contentsOf: URL(fileURLWithPath: directory.database)) == content)
        }
    }

    @Test("Another key is told, and without a key nothing is said of it")
    func key() async throws {
        let directory = try Directory()
        try await filled(1, in: directory).close()
        let maintenance = try StoreMaintenance(directory: directory.path)
        #expect(maintenance.check(key: EncryptionKey()).findings.map(\.name) == ["key"])
        #expect(maintenance.check(key: nil).keyMatches == nil)
    }

    // MARK: Compact

    private func emptied(_ directory: Directory) async throws -> SQLiteStore {
        let store = try open(directory)
        try await store.save(sample("viber-1"), now: start)
        try await store.save(sample("viber-2"), now: start)
        let text = String(repeating: "long ", count: 2000)
        for number in 0..<400 { _ = try store.accept(message("\(number) \(text)", from: ChannelUserID("\(number)"))) }
        _ = try store.accept(message("kept", to: "viber-2"))
        try await store.remove("viber-1", keepingHistory: false, now: start)
        return store
    }

    @Test("Free space is given back by steps while the store is in use", arguments: [false, true])
    func compacting(full: Bool) async throws {
        let directory = try Directory()
        let store = try await emptied(directory)
        let done = try await onThread {
            try StoreMaintenance(directory: directory.path).compact(full: full, pause: .zero)
        }
        #expect(done.bytesBefore > 3_000_000 && done.bytesAfter < 300_000 && done.freeBytes == 0)
        #expect(try await store.claim(by: "w", limit: 9, lease: .seconds(60), now: start).count == 1)
        #expect(try store.accept(message("after", to: "viber-2")).accepted == 1)
        #expect(StoreMaintenance.findings(in: directory).isEmpty)
        store.close()
    }

    @Test("A file that can't give space back keeps it until it is written anew, and from then on it can")
    func oldFile() async throws {
        let directory = try Directory()
        try await emptied(directory).close()
        try inFile(of: directory) { try $0.execute(sql: "PRAGMA auto_vacuum = NONE; VACUUM") }
        let store = try open(directory)
        let text = String(repeating: "long ", count: 2000)
        for number in 0..<200 { _ = try store.accept(message("\(number) \(text)", to: "viber-2")) }
        try await store.remove("viber-2", keepingHistory: false, now: start)
        let maintenance = try StoreMaintenance(directory: directory.path)
        #expect(maintenance.check(key: testKey).givesSpaceBack == false)
        let kept = try await onThread { try maintenance.compact(full: false) }
        #expect(kept.freeBytes > 1_000_000 && kept.bytesAfter > 1_000_000)
        let written = try await onThread { try maintenance.compact(full: true) }
        #expect(written.freeBytes == 0 && written.bytesAfter < 300_000)
        #expect(maintenance.check(key: testKey).givesSpaceBack == true)
        store.close()
    }

    @Test("Compacting waits for its turn and says who it waits for")
    func locked() async throws {
        let directory = try Directory()
        try await filled(1, in: directory).close()
        let foreign = try ForeignLock(directory.path + "/write.lock")
        let failure = refusal {
            _ = try StoreMaintenance(directory: directory.path).compact(full: true, patience: .milliseconds(20))
        }
        #expect(failure?.kind == .unavailable && failure?.message.contains(directory.database) == true)
        foreign.release()
    }
}
