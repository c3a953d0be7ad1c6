import ArgumentParser
import Foundation
import Logging
import RelayCore
import SQLiteStore
import Vault

/// `byoc store`
struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Check, compact or back up the data store while workers run.",
        subcommands: [StoreCheck.self, StoreCompact.self, StoreBackup.self])
}

extension StoreOptions {
    /// The settings, and the store's file without opening the store.
    fileprivate func maintenance() throws -> (settings: Settings, store: StoreMaintenance) {
        let settings = try self.settings.loader().load()
        try App.checkStore(of: settings)
        return (settings, try StoreMaintenance(directory: settings.dataDirectory))
    }
}

/// `byoc store check`
struct StoreCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check the data store for damage and suggest fixes.",
        discussion: """
            Read-only, and works even if workers can't open the store.

            Exit codes: 0 no problems, 1 the check itself failed, 2 damage, 3 warnings only.
            """)

    @OptionGroup var options: StoreOptions

    func run() throws {
        let (settings, store) = try options.maintenance()
        let key: EncryptionKey? =
            if let text = settings.secretKey {
                try EncryptionKey(parsing: text.reveal())
            } else {
                try EncryptionKey.load(from: settings.dataDirectory)
            }
        let report = store.check(key: key)
        if options.json { try Terminal.printJSON(report) } else { show(report, hasKey: key != nil, settings) }
        switch report.worst {
        case nil: return
        case .warning: throw ProblemsFound.warnings
        case .damage: throw ProblemsFound.errors
        }
    }

    private func show(_ report: StoreReport, hasKey: Bool, _ settings: Settings) {
        Terminal.print("\(report.path): \(size(report.bytes)), plus \(size(report.walBytes)) of write-ahead log")
        if let free = report.freeBytes, let journal = report.journal {
            let way = report.givesSpaceBack == true ? "reclaimed automatically" : "reused for new data"
            Terminal.print("free: \(size(free)), \(way); journal: \(journal)")
        }
        if !report.deliveries.isEmpty {
            Terminal.print(
                "deliveries: "
                    + report.deliveries.sorted { $0.key < $1.key }.map { "\($1) \($0)" }.joined(separator: ", "))
        }
        if !hasKey {
            Terminal.print("Not checked: the secrets, because \(settings.dataDirectory)/secret.key is missing.")
            Terminal.print("  \(EncryptionKey.restoreAdvice(settings.dataDirectory))")
        }
        for finding in report.findings {
            Terminal.print("\(finding.severity.rawValue) (\(finding.name)): \(finding.problem)\n  \(finding.remedy)")
        }
        if report.findings.isEmpty { Terminal.print("No problems found.") }
    }
}

/// `byoc store compact`
struct StoreCompact: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Reclaim unused disk space.",
        discussion: """
            Works in small steps, between which workers continue to write. With --full, it rewrites the database to its \
            smallest size. Webhooks may wait or get 503 until it finishes; senders retry those.
            """)

    @OptionGroup var options: StoreOptions
    @Flag(help: "Rewrite the whole database. Webhooks may wait or get 503 meanwhile.") var full = false

    func run() throws {
        let (_, store) = try options.maintenance()
        if full { Terminal.note("Rewriting the database. Webhooks may wait or get 503 until it finishes.") }
        let done = try store.compact(full: full)
        if options.json { return try Terminal.printJSON(done) }
        Terminal.print("Before: \(size(done.bytesBefore)). Now: \(size(done.bytesAfter)).")
        if done.freeBytes > 0 {
            Terminal.print(
                "\(size(done.freeBytes)) of unused space remain in the file. To reclaim them: byoc store compact --full"
            )
        }
    }
}

/// `byoc store backup FILE`
struct StoreBackup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Back up the data store into one file.",
        discussion: """
            A consistent copy of the current state; workers continue to run. To restore: stop all workers, replace \
            byoc.sqlite with the copy, remove byoc.sqlite-wal and byoc.sqlite-shm, and start the workers. The secrets in \
            the copy are encrypted with the secret key, which the copy doesn't contain.
            """)

    @OptionGroup var options: StoreOptions
    @Flag(help: "Replace the file if it exists.") var force = false
    @Argument(help: "The file to write.") var file: String

    func run() throws {
        let (settings, store) = try options.maintenance()
        let backup = try store.backUp(to: file, replacing: force)
        if options.json { try Terminal.printJSON(backup) } else { show(backup) }
        let key = settings.secretKey == nil ? "\(settings.dataDirectory)/secret.key" : "BYOC_SECRET_KEY"
        Terminal.note(
            "Warning: the copy doesn't contain the secret key. Copy \(key) to another place too: without it, the credentials "
                + "in the copy can't be read.")
    }

    private func show(_ backup: StoreMaintenance.Backup) {
        let count = backup.deliveries.values.reduce(0, +)
        Terminal.print(
            "\(backup.path): \(size(backup.bytes)), "
                + "\(Terminal.count(backup.installations, "installation", "installations")), "
                + "\(Terminal.count(count, "delivery", "deliveries")); verified")
    }
}

private func size(_ bytes: Int64) -> String {
    bytes < 10_000 ? "\(bytes) bytes" : bytes < 10_000_000 ? "\(bytes / 1000) kB" : "\(bytes / 1_000_000) MB"
}
