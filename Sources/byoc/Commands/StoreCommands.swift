import ArgumentParser
import Foundation
import Logging
import RelayCore
import SQLiteStore

/// `byoc store`
struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Check, compact or back up the data store, while workers run.",
        subcommands: [StoreCheck.self, StoreCompact.self, StoreBackup.self])
}

extension StoreOptions {
    /// The settings, and the store's file without opening the store.
    fileprivate func maintenance() throws -> (settings: Settings, store: StoreMaintenance) {
        let settings = try self.settings.loader().load()
        return (settings, try StoreMaintenance(directory: settings.dataDirectory))
    }
}

/// `byoc store check`
struct StoreCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Look for damage, and say what to do about it.",
        discussion: """
            Changes nothing, and also works when the store can't be opened for work any more. Ends with 0 when all is \
            well, with 1 after warnings, and with 2 when something is damaged.
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
        if options.json { try Terminal.printJSON(report) } else { show(report, hasKey: key != nil) }
        switch report.worst {
        case nil: return
        case .warning: throw ExitCode(1)
        case .damage: throw ExitCode(2)
        }
    }

    private func show(_ report: StoreReport, hasKey: Bool) {
        Terminal.print("\(report.path): \(size(report.bytes)), and \(size(report.walBytes)) in its log")
        if let free = report.freeBytes, let journal = report.journal {
            let way = report.givesSpaceBack == true ? "given back by and by" : "kept for what comes"
            Terminal.print("free: \(size(free)), \(way); journal: \(journal)")
        }
        if !report.deliveries.isEmpty {
            Terminal.print(
                "deliveries: "
                    + report.deliveries.sorted { $0.key < $1.key }.map { "\($1) \($0)" }.joined(separator: ", "))
        }
        if !hasKey { Terminal.print("There is no secret key here: whether the secrets can be read was not looked at.") }
        for finding in report.findings {
            Terminal.print("\(finding.severity.rawValue) (\(finding.name)): \(finding.problem)\n  \(finding.remedy)")
        }
        if report.findings.isEmpty { Terminal.print("All is well.") }
    }
}

/// `byoc store compact`
struct StoreCompact: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Give free space in the file back to the disk.",
        discussion: """
            By small steps between which the workers write. With --full the file is written anew: it becomes as small as \
            it can be, but until that is done webhooks wait, and those that wait too long are answered 503, so that their \
            senders try again.
            """)

    @OptionGroup var options: StoreOptions
    @Flag(help: "Write the whole file anew; webhooks wait, or get 503, meanwhile.") var full = false

    func run() throws {
        let (_, store) = try options.maintenance()
        if full { Terminal.note("Writing the data store anew. Until that is done webhooks wait, or are answered 503.") }
        let done = try store.compact(full: full)
        if options.json { return try Terminal.printJSON(done) }
        Terminal.print("\(size(done.bytesBefore)) before, \(size(done.bytesAfter)) now.")
        if done.freeBytes > 0 {
            Terminal.print(
                "\(size(done.freeBytes)) are free and stay in the file. byoc store compact --full gives them back.")
        }
    }
}

/// `byoc store backup FILE`
struct StoreBackup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the data store as it is at this moment into one file.",
        discussion: """
            The workers go on meanwhile. To restore: stop all workers, put the file in place of byoc.sqlite, remove \
            byoc.sqlite-wal and byoc.sqlite-shm, and start them again. The secrets in it are encrypted with the secret \
            key, which is not in it.
            """)

    @OptionGroup var options: StoreOptions
    @Flag(help: "Replace the file if there is one.") var force = false
    @Argument(help: "Where to put the copy.") var file: String

    func run() throws {
        let (settings, store) = try options.maintenance()
        let backup = try store.backUp(to: file, replacing: force)
        if options.json { try Terminal.printJSON(backup) } else { show(backup) }
        if settings.secretKey == nil {
            Terminal.note(
                "It needs \(settings.dataDirectory)/secret.key to be read: keep a copy of that too, in another place.")
        } else {
            Terminal.note("It needs BYOC_SECRET_KEY to be read: keep a copy of that too, in another place.")
        }
    }

    private func show(_ backup: StoreMaintenance.Backup) {
        let count = backup.deliveries.values.reduce(0, +)
        Terminal.print(
            "\(backup.path): \(size(backup.bytes)), \(backup.installations) installations, \(count) deliveries; looked "
                + "through and sound.")
    }
}

private func size(_ bytes: Int64) -> String {
    bytes < 10_000 ? "\(bytes) bytes" : bytes < 10_000_000 ? "\(bytes / 1000) kB" : "\(bytes / 1_000_000) MB"
}
