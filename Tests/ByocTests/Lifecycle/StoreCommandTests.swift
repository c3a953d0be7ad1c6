import Foundation
import Simulators
import Testing

extension EndToEnd {
    @Suite("The commands for the data store")
    struct StoreCommands {
        @Test("check, backup and compact work while messages flow, and a restored backup goes on")
        func whileRunning() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                try await stack.customerWritesAndArrives(customer, "before")
                let copy = "\(stack.folder)/copy.sqlite"
                let texts = (1...60).map { "message \($0)" }
                async let writing: Void = {
                    for text in texts { stack.viber.customerWrites(customer, text) }
                }()
                for _ in 1...3 {
                    let check = try await stack.run("store", "check", "--json")
                    #expect(check.status == 0, "\(check)")
                    #expect(try check.json["findings"]?.array?.isEmpty == true)
                    #expect(try await stack.run("store", "compact").status == 0)
                    #expect(try await stack.run("store", "compact", "--full").status == 0)
                    let backup = try await stack.run("store", "backup", "--force", copy)
                    #expect(backup.status == 0, "\(backup)")
                    #expect(
                        backup.errors.contains("Warning: ") && backup.errors.contains("\(stack.dataFolder)/secret.key"),
                        "it is needed, and isn't in it")
                }
                await writing
                try await stack.waitForInbox(of: customer) { $0.count == 61 }
                #expect(stack.inbox(of: customer) == ["before"] + texts)
                let again = try await stack.run("store", "backup", copy)
                #expect(again.status == 1 && again.errors.contains("--force"), "\(again)")

                // Another machine: the copy and the key are enough.
                let restored = "\(stack.folder)/restored"
                try FileManager.default.createDirectory(
                    atPath: restored, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
                try FileManager.default.copyItem(atPath: copy, toPath: "\(restored)/byoc.sqlite")
                try FileManager.default.copyItem(
                    atPath: "\(stack.dataFolder)/secret.key", toPath: "\(restored)/secret.key")
                let list = try await stack.run("installations", "--json", "--data-dir", restored)
                #expect(try list.json.array?.first?["id"]?.string == installed.id)
                #expect(try await stack.run("store", "check", "--data-dir", restored).status == 0)
            }
        }

        @Test("check ends with 2 and says what to do when the file is damaged, and with 1 where there is no store")
        func damaged() async throws {
            var options = ByocStack.Options()
            options.serves = false
            try await withByocStack(options) { stack in
                let missing = try await stack.run("store", "check", "--data-dir", "\(stack.folder)/none")
                #expect(missing.status == 1 && missing.errors.contains("\(stack.folder)/none"), "\(missing)")
                #expect(!FileManager.default.fileExists(atPath: "\(stack.folder)/none"))
                try await stack.makeStore()
                let sound = try await stack.run("store", "check")
                #expect(sound.status == 0 && sound.output.contains("No problems found."), "\(sound)")
                let file = "\(stack.dataFolder)/byoc.sqlite"
                // The log may hold all of it, and then there is no damage.
                for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file + suffix) }
                try Data(repeating: 0x5A, count: 50_000).write(to: URL(fileURLWithPath: file))
                let refused = try await stack.run("installations")
                #expect(refused.status == 1 && refused.errors.contains("byoc store check"), "\(refused)")
                let check = try await stack.run("store", "check")
                #expect(check.status == 2 && check.output.contains("newest good backup"), "\(check)")
                #expect(check.output.contains(file), "\(check)")
                #expect(!check.output.contains("store check"), "it doesn't recommend itself: \(check)")
                let backup = try await stack.run("store", "backup", "\(stack.folder)/copy")
                #expect(backup.status == 1 && !FileManager.default.fileExists(atPath: "\(stack.folder)/copy"))
            }
        }

        @Test("What was delivered goes while the workers run, when it needn't be kept")
        func retention() async throws {
            var options = ByocStack.Options()
            options.environment = { _ in ["BYOC_KEEP_DELIVERED_DAYS": "0", "BYOC_KEEP_ATTEMPTS_DAYS": "0"] }
            try await withByocStack(options) { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                try await stack.customerWritesAndArrives(customer, "goes")
                try await stack.waitForEmptyOutbox()
                try await poll("the sweep") {
                    try await stack.json("outbox", "--delivered").array?.isEmpty == true
                }
                try await stack.customerWritesAndArrives(customer, "later")
                #expect(stack.inbox(of: customer) == ["goes", "later"])
                #expect(try await stack.run("store", "check").status == 0)
            }
        }
    }
}
