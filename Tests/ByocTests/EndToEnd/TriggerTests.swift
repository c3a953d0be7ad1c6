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
                for kind in [
                    "message", "picture", "video", "file", "contact", "location", "sticker", "url", "delivered", "seen",
                    "failed", "subscribed", "unsubscribed", "conversation_started", "webhook",
                ] {
                    let result = try await stack.run("trigger", "viber", kind, "--from", "Olena/u1")
                    #expect(result.status == 0 && result.output.contains("Accepted by"), "\(kind): \(result)")
                }
                try await stack.waitForInbox(of: "u1") { $0.count == 8 }
                let again = try await stack.run(
                    "trigger", "viber", "message", "--text", "тричі", "--repeat", "2", "--from", "Olena/u1")
                #expect(again.output.split(separator: "\n").count == 3, "\(again)")
                try await stack.customerWritesAndArrives(stack.viber.addCustomer(), "the end")
                try await stack.waitForEmptyOutbox()
                #expect(stack.inbox(of: "u1").filter { $0 == "тричі" } == ["тричі"])
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
                let shell = try TestProcess(
                    "/bin/sh", [script], environment: ["PATH": "/usr/bin:/bin"], directory: stack.folder,
                    output: "\(stack.folder)/curl.out", errors: "\(stack.folder)/curl.out")
                #expect(await shell.wait(timeout: patience) == 0)
                try await stack.waitForInbox(of: "u1") { $0 == ["it's"] }

                let desk = try await stack.run("trigger", "freshchat", "message")
                #expect(desk.status == 1 && desk.errors.contains("private key"), "\(desk)")
                let unknown = try await stack.run("trigger", "viber", "hologram")
                #expect(unknown.status == 1 && unknown.errors.contains("conversation_started"), "\(unknown)")
                let elsewhere = try await stack.run("trigger", "viber", "message", "--to", stack.baseURL + "/elsewhere")
                #expect(elsewhere.status == 1 && elsewhere.output.contains("nothing there"), "\(elsewhere)")
            }
        }
    }
}
