import Foundation
import Simulators
import Testing

extension EndToEnd {
    @Suite("byoc trigger")
    struct Triggers {
        @Test("Every kind of Viber's webhooks is accepted, messages arrive, and a repeat arrives once")
        func everyKind() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let messages = ["message", "picture", "video", "file", "contact", "location", "sticker", "url"]
                for kind in messages + [
                    "delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started", "webhook",
                ] {
                    let result = try await stack.run("trigger", "viber", kind, "--from", "Olena/u1")
                    let isMessage = messages.contains(kind)
                    #expect(result.status == 0, "\(kind): \(result)")
                    #expect(
                        result.output.hasPrefix(isMessage ? "Accepted as #" : "Accepted by http"), "\(kind): \(result)")
                }
                try await stack.waitForInbox(of: "u1") { $0.count == 8 }
                let again = try await stack.run(
                    "trigger", "viber", "message", "--text", "тричі", "--repeat", "2", "--from", "Olena/u1")
                let lines = again.output.split(separator: "\n")
                try #require(lines.count == 3, "\(again)")
                #expect(lines[0].hasPrefix("Accepted as #") && lines[0].contains(" (HTTP 200, "), "\(again)")
                let id = lines[0].dropFirst("Accepted as #".count).prefix(while: \.isNumber)
                try #require(!id.isEmpty, "\(again)")
                for (round, line) in zip(1..., lines.dropFirst()) {
                    #expect(line.hasPrefix("Repeat \(round): Absorbed as a repeat of #\(id) (HTTP 200, "), "\(again)")
                }
                try await stack.customerWritesAndArrives(stack.viber.addCustomer(), "the end")
                try await stack.waitForEmptyOutbox()
                #expect(stack.inbox(of: "u1").filter { $0 == "тричі" } == ["тричі"])
            }
        }

        @Test("For a paused installation it says that the message waits, with the delivery's number, in text and JSON")
        func paused() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                #expect(try await stack.run("pause", installed.id, "--reason", "holidays").status == 0)
                let json = try await stack.json("trigger", "viber", "message", "--text", "later")
                let id = try #require(json["delivery"]?.integer)
                #expect(json["repeat"] == false)
                let waiting = try await stack.json("outbox", "--waiting").array ?? []
                #expect(waiting.map { $0["id"]?.integer } == [id])
                let words = try await stack.run("trigger", "viber", "message")
                #expect(words.output.contains("The installation is paused: #\(id + 1) waits until it is resumed."))
                #expect(words.errors.contains("\(installed.id) is paused: holidays"), "\(words)")
            }
        }

        @Test("--print sends nothing and prints a curl line that works; what is wrong is told in words")
        func printed() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let printed = try await stack.run(
                    "trigger", "viber", "message", "--text", "it's", "--print", "--from", "Olena/u1")
                #expect(printed.status == 0)
                #expect(printed.output.hasPrefix("curl ") && printed.output.contains(installed.targetURL))
                #expect(stack.users(of: "u1").isEmpty)
                let script = "\(stack.folder)/curl.sh"
                try printed.output.write(toFile: script, atomically: false, encoding: .utf8)
                let shell = try ChildProcess(
                    "/bin/sh", [script], environment: ["PATH": "/usr/bin:/bin"], directory: stack.folder,
                    output: "\(stack.folder)/curl.out", errors: "\(stack.folder)/curl.out")
                #expect(await shell.wait(timeout: patience) == 0)
                try await stack.waitForInbox(of: "u1") { $0 == ["it's"] }

                for form in [[], ["--print"]] {
                    let absurd = try await stack.run(
                        ["trigger", "viber", "message", "--to", "http://[::1]:70000"] + form)
                    #expect(absurd.status == 1 && absurd.output == "", "\(absurd)")
                    #expect(absurd.errors.contains("http://[::1]:70000") && absurd.errors.contains("--to"), "\(absurd)")
                }

                let desk = try await stack.run("trigger", "freshchat", "message")
                #expect(desk.status == 1 && desk.errors.contains("private key"), "\(desk)")
                let unknown = try await stack.run("trigger", "viber", "hologram")
                #expect(unknown.status == 64 && unknown.errors.contains("conversation_started"), "\(unknown)")
                let elsewhere = try await stack.run("trigger", "viber", "message", "--to", stack.baseURL + "/elsewhere")
                #expect(elsewhere.status == 1 && elsewhere.output.contains("Nothing found"), "\(elsewhere)")
            }
        }
    }
}
