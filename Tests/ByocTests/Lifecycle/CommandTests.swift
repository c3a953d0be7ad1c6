import Foundation
import Simulators
import Testing

extension EndToEnd {
    @Suite("The commands")
    struct Commands {
        private static var unserved: ByocStack.Options {
            var options = ByocStack.Options()
            options.serves = false
            return options
        }

        /// What only a programmer would understand.
        private static let insides = [
            "CommandFailure", "StoreFailure", "SettingsMistake", "SetupFailure", "DatabaseError", "NSCocoa", "Domain=",
            "Optional(", "Fatal error", ".swift", "0x", "Swift.", "NIO", "GRDB",
        ]

        private func expectWords(_ result: CommandResult, status: Int32, _ words: String...) {
            #expect(result.status == status, "\(result)")
            for word in words { #expect(result.errors.contains(word), "“\(word)” in: \(result)") }
            for word in Self.insides {
                #expect(!result.errors.contains(word) && !result.output.contains(word), "“\(word)” in: \(result)")
            }
        }

        @Test("byoc alone prints what it can do, and every command has its help")
        func help() async throws {
            try await withByocStack(Self.unserved) { stack in
                let help = try await stack.run()
                #expect(help.status == 0)
                let commands = [
                    "serve", "relay", "config", "install", "installations", "show", "set-key", "pause", "resume",
                    "register", "uninstall", "accounts", "installation", "outbox", "retry", "mark-delivered", "discard",
                ]
                for command in commands {
                    #expect(help.output.contains("  \(command) "), "\(command)")
                    let own = try await stack.run(command, "--help")
                    #expect(own.status == 0)
                    #expect(own.output.contains("USAGE: byoc \(command)"))
                }
                #expect(try await stack.run("--version").status == 0)
                expectWords(try await stack.run("instal"), status: 64, "instal")
                expectWords(try await stack.run("show"), status: 64, "Usage: byoc show")
                let flat = help.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                #expect(flat.contains("2 errors found, 3 only warnings found"), "\(help)")
                for limit in ["0", "-1"] {
                    expectWords(
                        try await stack.run("outbox", "--limit", limit), status: 64, "1 to 10000, not \(limit)")
                }
                #expect(
                    try FileManager.default.contentsOfDirectory(atPath: stack.folder).contains("data") == false,
                    "nothing of this makes a data folder")
            }
        }

        @Test(
            "Without a data store a command fails, names the folder, and creates nothing",
            arguments: [
                ["installations"], ["show", "x"], ["set-key", "x"], ["pause", "x"], ["resume", "x"], ["register", "x"],
                ["uninstall", "x", "--yes"], ["accounts"], ["installation", "rename", "x", "y"], ["outbox"],
                ["delivery", "1"], ["retry", "1"],
                ["discard", "--dead", "--yes"], ["mark-delivered", "1"], ["tail", "--installation", "x"],
                ["relay", "--for", "1"], ["store", "check"], ["store", "compact"], ["store", "backup", "copy"],
                ["tail"], ["trigger", "viber", "message"], ["doctor"],
            ])
        func withoutStore(command: [String]) async throws {
            try await withByocStack(Self.unserved) { stack in
                let missing = "\(stack.folder)/mistyped"
                let before = try FileManager.default.contentsOfDirectory(atPath: stack.folder).filter {
                    !$0.hasPrefix("command")
                }
                let result = try await stack.run(command + ["--data-dir", missing])
                #expect(result.status != 0, "\(result)")
                #expect((result.errors + result.output).contains(missing), "\(result)")
                #expect(!result.output.contains("No matching deliveries"), "\(result)")
                // An existing folder without a store is as bad.
                try FileManager.default.createDirectory(
                    atPath: missing, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
                let empty = try await stack.run(command + ["--data-dir", missing])
                #expect(empty.status != 0 && (empty.errors + empty.output).contains(missing), "\(empty)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: missing) == [])
                try FileManager.default.removeItem(atPath: missing)
                let after = try FileManager.default.contentsOfDirectory(atPath: stack.folder).filter {
                    !$0.hasPrefix("command")
                }
                #expect(Set(after) == Set(before))
            }
        }

        @Test("relay --json says what it has delivered and what is left")
        func relayReport() async throws {
            var options = ByocStack.Options()
            options.environment = { _ in ["BYOC_RELAY_CONCURRENCY": "0"] }
            try await withByocStack(options) { stack in
                _ = try await stack.installViber()
                stack.viber.customerWrites(stack.viber.addCustomer(), "hello")
                try await stack.settle()
                let relayed = try await stack.run(
                    ["relay", "--for", "20", "--json"], environment: ["BYOC_RELAY_CONCURRENCY": "4"])
                #expect(relayed.status == 0, "\(relayed)")
                #expect(try relayed.json["delivered"] == 1)
                #expect(try relayed.json["waiting"] == 0)
            }
        }

        @Test("An id that there is none of is told with those that there are")
        func unknownIDs() async throws {
            try await withByocStack { stack in
                expectWords(
                    try await stack.run("show", "viber-none"), status: 1, "no installation “viber-none”",
                    "byoc install")
                let installed = try await stack.installViber()
                for command in ["show", "pause", "resume", "register", "uninstall", "set-key"] {
                    expectWords(
                        try await stack.run(command, "viber-none"), status: 1, "no installation “viber-none”",
                        installed.id)
                }
                for command in ["retry", "discard"] {
                    expectWords(try await stack.run(command, "4711"), status: 1, "4711", "there is no delivery")
                }
                expectWords(
                    try await stack.run("tail", "--installation", "viber-none"), status: 1,
                    "no installation “viber-none”", installed.id)
                for command in [["install", "pigeon"], ["trigger", "pigeon", "message"]] {
                    expectWords(try await stack.run(command), status: 64, "no channel “pigeon”", "viber")
                }
                expectWords(try await stack.run("trigger", "viber", "dance"), status: 64, "no event “dance”", "Kinds:")
            }
        }

        @Test("All mistakes in the configuration are told at once, with exit code 78 and without the secrets")
        func mistakes() async throws {
            try await withByocStack(Self.unserved) { stack in
                let result = try await stack.run(
                    ["serve"],
                    environment: [
                        "BYOC_THREADS": "many", "BYOC_WORKER": "2", "BYOC_BODY_LIMIT": "1G",
                        "BYOC_SOCKET_MODE": "rw", "BYOC_BASE_URL": "http://chat.example.com",
                        "BYOC_LOG_LEVEL": "loud", "BYOC_ADMIN_PASSWORD": "swordfish", "BYOC_RELAY_CONCURRENCY": "-1",
                    ])
                expectWords(
                    result, status: 78, "9 settings are invalid", "BYOC_THREADS is “many” (environment)",
                    "from 1 to 512",
                    "BYOC_WORKER (environment): unknown setting; did you mean BYOC_WORKERS?",
                    "BYOC_BODY_LIMIT is “1G”", "BYOC_SOCKET_MODE is “rw”", "0660",
                    "BYOC_BASE_URL is “http://chat.example.com”", "BYOC_LOG_LEVEL is “loud”", "BYOC_ADMIN_PASSWORD",
                    "BYOC_RELAY_CONCURRENCY is “-1”", "BYOC_SOCKET is not set")
                #expect(!result.errors.contains("swordfish"))
                #expect(result.output == "")
                #expect(result.errors.contains("https is required"), "\(result)")
                let file = try await stack.run("serve", "--env-file", "/nowhere/env")
                expectWords(file, status: 78, "/nowhere/env doesn't exist", "--env-file")
                try Data([0x42, 0, 0x59, 0, 0x4F, 0]).write(to: URL(fileURLWithPath: "\(stack.folder)/utf16"))
                let illegible = try await stack.run("config", "--env-file", "\(stack.folder)/utf16")
                expectWords(illegible, status: 78, "isn't UTF-8 text", "Save it as UTF-8")
            }
        }

        @Test("byoc config tells every key with its origin, and masks the secrets")
        func configuration() async throws {
            try await withByocStack(Self.unserved) { stack in
                let token = "50a1b2c3d4e5f607-1828384858687888-98a8b8c8d8e8f808"
                try "BYOC_THREADS=3\n# BYOC_WORKERS=9\nexport BYOC_DRAIN_SECONDS='7'\n"
                    .write(toFile: "\(stack.folder)/.env", atomically: false, encoding: .utf8)
                let environment = ["BYOC_VIBER_AUTH_TOKEN": token, "BYOC_DRAIN_SECONDS": ""]
                let result = try await stack.run(["config", "--json"], environment: environment)
                #expect(result.status == 0)
                #expect(!result.output.contains(token))
                let entries = try result.json.array ?? []
                func entry(_ key: String) throws -> JSON { try #require(entries.first { $0["key"]?.string == key }) }
                #expect(try entry("BYOC_THREADS")["value"] == "3")
                #expect(try entry("BYOC_THREADS")["origin"] == ".env")
                #expect(try entry("BYOC_WORKERS")["value"]?.string == nil)
                #expect(try entry("BYOC_DATA_DIR")["origin"] == "environment")
                #expect(try entry("BYOC_BODY_LIMIT")["origin"] == "default")
                #expect(try entry("BYOC_BODY_LIMIT")["value"] == "4M")
                #expect(try entry("BYOC_VIBER_AUTH_TOKEN")["isSecret"] == true)
                for entry in entries { #expect(entry["meaning"]?.string?.isEmpty == false) }
                let text = try await stack.run(["config"], environment: environment)
                #expect(text.status == 0)
                #expect(text.output.contains("BYOC_THREADS=3\n"))
                #expect(!text.output.contains(token))
                let wrong = try await stack.run(["config"], environment: ["BYOC_THREADS": "0"])
                expectWords(wrong, status: 78, "BYOC_THREADS is “0”")
                #expect(wrong.output.contains("BYOC_WORKERS"), "it shows the others all the same")
            }
        }

        @Test("A file that is named may be a pipe, and a folder is none")
        func pipes() async throws {
            try await withByocStack(Self.unserved) { stack in
                let shell =
                    "exec '\(ByocStack.program)' config --json --env-file <(echo BYOC_THREADS=3; echo BYOC_WORKERS=5)"
                let process = try ChildProcess(
                    "/bin/bash", ["-c", shell], environment: stack.environment, directory: stack.folder,
                    output: "\(stack.folder)/pipe.out", errors: "\(stack.folder)/pipe.err")
                #expect(await process.wait(timeout: patience) == 0)
                let entries = try JSON(parsing: Array(stack.text(of: "pipe.out").utf8)).array ?? []
                #expect(entries.first { $0["key"] == "BYOC_THREADS" }?["value"] == "3")
                #expect(entries.first { $0["key"] == "BYOC_WORKERS" }?["value"] == "5")
                expectWords(
                    try await stack.run("config", "--env-file", stack.folder), status: 78, stack.folder,
                    "is a folder, not a file")
            }
        }

        @Test(
            "Without settings a command that needs the public URL says where the workers' settings are",
            arguments: [
                ["show", "x"], ["uninstall", "x"], ["register", "x"], ["trigger", "viber", "message"],
                ["install", "viber"],
            ])
        func withoutSettings(command: [String]) async throws {
            try await withByocStack(Self.unserved) { stack in
                let none = ["BYOC_BASE_URL": "", "BYOC_DATA_DIR": "", "BYOC_LOG_LEVEL": "", "BYOC_DRAIN_SECONDS": ""]
                let result = try await stack.run(command, environment: none)
                expectWords(result, status: 78, "BYOC_BASE_URL is not set", "--env-file /etc/byoc/env")
            }
        }

        @Test("Pausing twice changes the reason and says so; who paused, and that nothing is paused, is told")
        func pausingTwice() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let id = installed.id
                let active = try await stack.run("resume", id)
                #expect(active.status == 0 && active.output == "\(id) is not paused.\n", "\(active)")
                #expect(try await stack.run("pause", id).output == "Paused \(id).\n")
                let second = try await stack.run("pause", id, "--reason", "holidays")
                #expect(second.output == "\(id) is already paused. Reason updated: holidays\n", "\(second)")
                let third = try await stack.run("pause", id)
                #expect(third.output == "\(id) is already paused: holidays\n", "\(third)")
                let shown = try await stack.installation(id)
                #expect(shown["reason"]?.string == "holidays" && shown["pausedBy"]?.string == "person")
                let report = try await stack.doctor()
                #expect(report["State"]?.severity == "warning", "\(report.findings)")
                #expect(report["State"]?.problem.contains("by an operator") == true && report.status == 3)
                let saved = try await stack.run(
                    "set-key", id, "--kind", "freshchat-token", input: stack.about.freshchat.token)
                // A replaced credential ends the pause of its account, and not a person's.
                #expect(saved.output.contains("still paused: holidays"), "\(saved)")
                #expect(try await stack.run("resume", id).status == 0)
                let again = try await stack.run(
                    "set-key", id, "--kind", "freshchat-token", input: stack.about.freshchat.token)
                #expect(again.output == "Saved for \(id).\n", "\(again)")

                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                stack.viber.replaceToken(with: "another")
                try stack.freshchat.agentReplies(in: conversation.id, "answer")
                try await poll("the pause") { try await stack.state(of: id) == "paused" }
                #expect(try await stack.installation(id)["pausedBy"]?.string == "credential")
                let refused = try await stack.run("pause", id, "--reason", "mine")
                #expect(refused.output.contains("already paused because a credential was refused"), "\(refused)")
                #expect(try await stack.doctor()["State"]?.severity == "error")
            }
        }

        @Test("A paused installation goes on accepting, and sends all of it when it is resumed")
        func pausing() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "before")
                #expect(try await stack.run("pause", installed.id, "--reason", "holidays").status == 0)
                #expect(try await stack.state(of: installed.id) == "paused")
                #expect(try await stack.run("installations").output.contains("holidays"))

                let mark = stack.log.last
                for text in ["one", "two", "three"] { stack.viber.customerWrites(customer, text) }
                try stack.freshchat.agentReplies(in: conversation.id, "answer")
                try await stack.settle()
                let accepted = stack.log.entries(since: mark).filter { $0.kind == .webhook }
                #expect(accepted.allSatisfy { (200..<300).contains($0.status) })
                #expect(try await stack.json("outbox", "--waiting").array?.count == 4)
                #expect(stack.inbox(of: customer) == ["before"])
                #expect(stack.phone(customer) == [])

                #expect(try await stack.run("resume", installed.id).status == 0)
                try await stack.waitForInbox(of: customer) { $0.count >= 4 }
                try await stack.waitForPhone(of: customer) { $0 == ["answer"] }
                #expect(stack.inbox(of: customer) == ["before", "one", "two", "three"])
                try await stack.waitForEmptyOutbox()
            }
        }

        @Test("No command obeys what a customer or an outside service wrote, and none of it reaches the agent")
        func terminalEscapes() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer(name: "\u{1B}]0;owned\u{7}\u{1B}[31mRed Sample\u{202E}gnp")
                let text =
                    "\u{1B}[2K\u{1B}[1Ahidden \u{1B}]52;c;ZWNobyBoaQ==\u{7}\u{9B}31m\u{0}\u{2028}\u{202E}end\r\nID forged"
                #expect(try await stack.run("pause", installed.id, "--reason", "a\u{1B}[2Jb\r\nc").status == 0)
                let tail = try await stack.startTail(["--text"], hearing: installed)
                stack.viber.customerWrites(customer, text)
                try await stack.settle()
                let id = try #require(try await stack.json("outbox").array?.first?["id"]?.integer)
                let commands = [
                    ["outbox"], ["delivery", "\(id)"], ["installations"], ["show", installed.id], ["doctor"],
                    ["retry", "4711"], ["show", "\u{1B}[2J"],
                ]
                for command in commands {
                    for form in [[], ["--json"]] {
                        let result = try await stack.run(command + form)
                        for scalar in (result.output + result.errors + tail.text).unicodeScalars {
                            #expect(
                                scalar == "\n"
                                    || !(scalar.properties.generalCategory == .control)
                                        && !scalar.properties.isBidiControl && scalar.value != 0x2028,
                                "\(command) prints U+\(String(scalar.value, radix: 16))")
                        }
                    }
                }
                #expect(try await !stack.run("outbox").output.contains("\nID forged"))
                #expect(try await stack.run("resume", installed.id).status == 0)
                try await stack.waitForInbox(of: customer) { !$0.isEmpty }
                #expect(
                    stack.inbox(of: customer)
                        == ["[2K[1Ahidden ]52;c;ZWNobyBoaQ==31m\u{2028}\u{202E}end\nID forged"])
            }
        }

        @Test("What is discarded is never sent, and what stands behind it is")
        func discarding() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                try await stack.customerWritesAndArrives(customer, "before")
                #expect(try await stack.run("pause", installed.id).status == 0)
                for text in ["unwanted", "wanted"] { stack.viber.customerWrites(customer, text) }
                try await stack.settle()
                let waiting = try await stack.json("outbox").array ?? []
                let unwanted = try #require(waiting.first { $0["text"]?.string == "unwanted" }?["id"]?.integer)
                let result = try await stack.run("discard", "\(unwanted)", "4711")
                #expect(result.output.contains("Discarded #\(unwanted)."))
                expectWords(result, status: 1, "4711")
                expectWords(try await stack.run("discard", "\(unwanted)"), status: 1, "is discarded already")
                #expect(try await stack.run("resume", installed.id).status == 0)
                try await stack.waitForInbox(of: customer) { $0.contains("wanted") }
                #expect(stack.inbox(of: customer) == ["before", "wanted"])
                try await stack.waitForEmptyOutbox()
            }
        }
    }
}
