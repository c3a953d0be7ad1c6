import Foundation
import GRDB
package import RelayCore

extension StoreMaintenance {
    /// Looks through everything, as of one moment, and changes nothing.
    ///
    /// - Parameter key: what the secrets should be encrypted with; `nil`: not to be looked at.
    package func check(key: (any SecretSealing)?) -> StoreReport {
        var report = StoreReport(path: database, bytes: size(of: database), walBytes: size(of: database + "-wal"))
        do {
            let queue = try openForReading(isChecking: true)
            try queue.read { db in
                var inspection = Inspection(db: db, path: database, report: report)
                inspection.run(key: key)
                report = inspection.report
            }
        } catch {
            report.findings.append(
                StoreReport.Finding(
                    severity: .damage, name: "unreadable",
                    problem: StoreFailure(error, path: database, isChecking: true).message,
                    remedy: StoreFailure.restoreAdvice))
        }
        return report
    }
}

/// One look through an open store.
private struct Inspection {
    let db: Database
    let path: String
    var report: StoreReport

    mutating func run(key: (any SecretSealing)?) {
        attempt("facts") { inspection in try inspection.readFacts(key: key) }
        attempt("integrity") { inspection in try inspection.checkFile() }
        // Without our tables there is nothing more to be said.
        guard !report.schema.isEmpty else { return }
        let hasAccounts = report.schema.contains(Schema.accountsMigration)
        for rule in StoreRule.all where hasAccounts || !rule.needsAccounts {
            attempt(rule.name) { inspection in try inspection.check(rule) }
        }
        attempt("payload") { inspection in try inspection.readPayloads() }
    }

    /// What can't be read hides nothing else.
    private mutating func attempt(_ name: String, _ body: (inout Self) throws -> Void) {
        do {
            try body(&self)
        } catch {
            add(
                .damage, name, StoreFailure(error, path: path, isChecking: true).message, StoreFailure.restoreAdvice)
        }
    }

    private mutating func add(_ severity: StoreReport.Severity, _ name: String, _ problem: String, _ remedy: String) {
        report.findings.append(
            StoreReport.Finding(severity: severity, name: name, problem: problem, remedy: remedy))
    }

    private mutating func readFacts(key: (any SecretSealing)?) throws {
        let pageSize = try Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 0
        report.freeBytes = try Int64.fetchOne(db, sql: "PRAGMA freelist_count").map { $0 * pageSize }
        report.journal = try String.fetchOne(db, sql: "PRAGMA journal_mode")
        report.givesSpaceBack = try Int.fetchOne(db, sql: "PRAGMA auto_vacuum") == 2
        guard try db.tableExists("grdb_migrations"), try db.tableExists("meta") else {
            add(
                .damage, "schema", "\(path) has no tables of byoc: it is empty, or another program's",
                "Replace it with the newest backup. If it was never byoc's, choose another data folder: BYOC_DATA_DIR")
            return
        }
        report.schema = try Schema.migrator.appliedMigrations(db)
        if try Schema.migrator.hasBeenSuperseded(db) {
            add(
                .warning, "newer", "a newer version of byoc has changed the tables",
                "Install that version, because this one can't open the store.")
        } else if try !Schema.migrator.hasCompletedMigrations(db) {
            add(
                .warning, "older", "the tables are an older version's",
                "No action needed: the next worker that starts updates them.")
        }
        for row in try db.rows("SELECT state, count(*) FROM outbox GROUP BY state") {
            report.deliveries[try row.text(0)] = try row.int(1)
        }
        guard let key else { return }
        report.keyMatches = try key.matches(in: db)
        if report.keyMatches == false {
            add(
                .damage, "key", "the secrets were encrypted with another key than \(key)",
                "Restore your copy of this store's secret.key, or set its BYOC_SECRET_KEY.")
        }
    }

    private mutating func checkFile() throws {
        let lines = try String.fetchAll(db, sql: "PRAGMA integrity_check(20)")
        if lines != ["ok"] {
            add(
                .damage, "integrity", "the file is damaged: \(lines.joined(separator: "; "))",
                StoreFailure.restoreAdvice)
        }
        for row in try db.rows("SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2") {
            add(
                .damage, "reference",
                "\(try row.int(2)) rows of \(try row.text(0)) belong to rows of \(try row.text(1)) that aren't there",
                StoreFailure.restoreAdvice)
        }
    }

    private mutating func check(_ rule: StoreRule) throws {
        let found = try db.rows(rule.sql).map { try $0.text(0) }
        guard !found.isEmpty else { return }
        let shown = found.prefix(10).joined(separator: ", ") + (found.count > 10 ? ", …" : "")
        add(rule.severity, rule.name, "\(rule.problem): \(found.count) (\(shown))", rule.remedy)
    }

    private mutating func readPayloads() throws {
        var unreadable: [String] = []
        let rows = try Row.fetchCursor(db, sql: "SELECT id, payload FROM outbox ORDER BY id")
        while let row = try rows.next() {
            if Payload(stored: try? row.blobIfAny(1)) == nil { unreadable.append("\(try row.integer(0))") }
        }
        guard !unreadable.isEmpty else { return }
        let shown = unreadable.prefix(10).joined(separator: ", ") + (unreadable.count > 10 ? ", …" : "")
        add(
            .damage, "payload", "deliveries whose message can't be read: \(unreadable.count) (\(shown))",
            "They will fail. If a newer version wrote them, install it. Otherwise discard them (byoc discard ID …), or "
                + "restore a backup.")
    }
}
