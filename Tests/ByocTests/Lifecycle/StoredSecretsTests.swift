import Foundation
import Glibc
import Simulators
import Testing

extension EndToEnd {
    @Suite("Secrets at rest")
    struct StoredSecrets {
        private static let oneKey = "c2l4dGVlbiBieXRlcyBhbmQgc2l4dGVlbiBtb3JlISE="
        private static let otherKey = "b3RoZXIgYnl0ZXMsIGFzIG1hbnkgYXMgdGhlIGZpcnM="

        /// The files of the data folder with what is in them, except what every process touches.
        private func contents(of stack: ByocStack) throws -> [String: Data] {
            var found: [String: Data] = [:]
            for name in try FileManager.default.subpathsOfDirectory(atPath: stack.dataFolder)
            where !name.hasPrefix("workers/") && !name.hasSuffix("-shm") {
                found[name] = FileManager.default.contents(atPath: "\(stack.dataFolder)/\(name)") ?? Data()
            }
            return found
        }

        /// The names of the files that have changed, come or gone. SQLite may tidy up its own.
        private func changes(since before: [String: Data], of stack: ByocStack) throws -> [String] {
            let now = try contents(of: stack)
            return Set(before.keys).union(now.keys).filter { before[$0] != now[$0] && !$0.hasPrefix("byoc.sqlite") }
                .sorted()
        }

        private func expectRefusal(_ result: CommandResult, by stack: ByocStack) throws {
            #expect(result.status == 1, "\(result)")
            let ids = result.errors.matches(of: /key ([0-9a-f]{8})/).map { String($0.1) }
            #expect(Set(ids).count == 2, "it names both keys: \(result)")
            #expect(result.errors.contains("secret.key"))
            #expect(result.output == "")
            for key in [Self.oneKey, Self.otherKey] { #expect(!result.errors.contains(key)) }
        }

        @Test("Another BYOC_SECRET_KEY is refused with both keys' names, and changes nothing")
        func anotherConfiguredKey() async throws {
            var options = ByocStack.Options()
            options.environment = { _ in ["BYOC_SECRET_KEY": Self.oneKey] }
            try await withByocStack(options) { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                try await stack.customerWritesAndArrives(customer, "before")
                try await stack.stopServing()
                #expect(!FileManager.default.fileExists(atPath: "\(stack.dataFolder)/secret.key"))
                let before = try contents(of: stack)
                for command in [["serve", "--socket", stack.socket], ["installations"], ["relay", "--for", "1"]] {
                    try expectRefusal(
                        try await stack.run(command, environment: ["BYOC_SECRET_KEY": Self.otherKey]), by: stack)
                }
                // Without any, it must not make itself a new one.
                let without = try await stack.run(["installations"], environment: ["BYOC_SECRET_KEY": ""])
                #expect(without.status == 1)
                #expect(without.errors.contains("\(stack.dataFolder)/secret.key"), "\(without)")
                let changed = try changes(since: before, of: stack)
                #expect(changed == [])
                #expect(!FileManager.default.fileExists(atPath: stack.socket))

                try await stack.startServing()
                #expect(try await stack.json("show", installed.id)["targetURL"]?.string == installed.targetURL)
                try await stack.customerWritesAndArrives(customer, "after")
            }
        }

        @Test("A replaced or a lost secret.key is refused, and changes nothing")
        func replacedKeyFile() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let path = "\(stack.dataFolder)/secret.key"
                #expect(stack.text(of: "byoc.log").contains("secret key created"))
                #expect(stack.text(of: "byoc.log").contains("data store created"))
                #expect(!stack.text(of: "byoc.log").contains("to this version"), "it is new")
                #expect(permissions(of: path) == 0o600)
                try await stack.stopServing()
                let key = try #require(FileManager.default.contents(atPath: path))

                try FileManager.default.removeItem(atPath: path)
                let before = try contents(of: stack)
                let lost = try await stack.run("serve", "--socket", stack.socket)
                #expect(lost.status == 1)
                #expect(lost.errors.contains(path), "\(lost)")
                #expect(lost.errors.contains("Restore your copy of that file"), "\(lost)")
                #expect(lost.errors.contains("enter them again with byoc install"), "\(lost)")
                let checked = try await stack.run("store", "check")
                #expect(checked.output.contains("Restore your copy of that file"), "\(checked)")
                let examined = try await stack.doctor()
                #expect(examined["Data store"]?.remedy.contains("Restore your copy") == true, "\(examined.findings)")
                let changed = try changes(since: before, of: stack)
                #expect(changed == [])

                try Data(Self.otherKey.utf8).write(to: URL(fileURLWithPath: path))
                #expect(chmod(path, 0o600) == 0)
                try expectRefusal(try await stack.run("serve", "--socket", stack.socket), by: stack)
                #expect(FileManager.default.contents(atPath: path) == Data(Self.otherKey.utf8))

                try key.write(to: URL(fileURLWithPath: path))
                #expect(chmod(path, 0o600) == 0)
                try await stack.startServing()
                try await stack.customerWritesAndArrives(stack.viber.addCustomer(), "after")
            }
        }

        @Test(
            "No secret is readable in any file of the data folder, or in any log; and nobody else may look into either")
        func nothingReadable() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                try await stack.agentRepliesAndArrives(conversation.id, "good day", to: customer)
                let urls = [installed.targetURL, installed.freshchatWebhookURL, installed.productEventURL]
                let secrets =
                    [stack.about.viber.token, stack.about.freshchat.token]
                    + urls.compactMap { $0.split(separator: "/").last.map(String.init) }

                // While it runs, for there is a write-ahead log then, and after the end.
                for isRunning in [true, false] {
                    if !isRunning { try await stack.stopServing() }
                    for (name, data) in try contents(of: stack) {
                        for secret in secrets { #expect(data.range(of: Data(secret.utf8)) == nil, "\(name)") }
                        let mode = try #require(permissions(of: "\(stack.dataFolder)/\(name)"))
                        #expect(mode & 0o077 == 0, "\(name)")
                    }
                }
                #expect(permissions(of: stack.dataFolder) == 0o700)
                for name in ["byoc.log", "nginx.access.log"] {
                    for secret in secrets { #expect(!stack.text(of: name).contains(secret), "\(name)") }
                }
            }
        }
    }
}
