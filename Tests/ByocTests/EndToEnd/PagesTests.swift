import Foundation
import HTTPTypes
import Simulators
import Testing

extension EndToEnd {
    @Suite("The settings pages")
    struct Pages {
        private static var options: ByocStack.Options {
            var options = ByocStack.Options()
            options.environment = { _ in PageVisitor.environment }
            return options
        }

        @Test("From the first sign-in to a conversation both ways, a test, and the end of it, without a command")
        func wholeWay() async throws {
            try await withByocStack(Self.options) { stack in
                var admin = PageVisitor(stack)
                #expect(try await admin.signIn().status == 303)
                let about = stack.about
                let id = try await Self.connect(&admin, about)
                let page = try await admin.get("/installations/\(id)")
                let freshchatURL = try #require(
                    page.text.split(separator: "\"").first { $0.hasPrefix(stack.baseURL + "/freshchat/") })
                stack.freshchat.setWebhook(String(freshchatURL))
                let keyForm = try await admin.get("/installations/\(id)/credentials/webhook_key")
                let replaced = try await admin.submit(
                    "/installations/\(id)/credentials/webhook_key", from: keyForm,
                    [("webhook_key", about.freshchat.webhookPublicKey)])
                #expect(replaced["Location"] == "/admin/installations/\(id)")
                #expect(try await admin.get("/installations/\(id)").text.contains("Credential verified and saved."))

                let customer = stack.viber.addCustomer(name: "<b>Olena</b>")
                let conversation = try await stack.customerWritesAndArrives(customer, "Добрий день")
                try await stack.agentRepliesAndArrives(conversation.id, "Good day!", to: customer)

                let sent = try await admin.submit("/installations/\(id)/test", from: page)
                let path = try #require(sent["Location"]).dropFirst("/admin".count)
                try await poll("the test in Freshchat") { [admin] in
                    var admin = admin
                    return try await admin.get(String(path)).text.contains("Freshchat accepted the message.")
                }
                let asked = try await admin.get("/installations/\(id)?check=now").text
                #expect(asked.contains("Viber calls this installation."))
                #expect(!asked.contains("badge bad"))

                let removed = try await admin.submit("/installations/\(id)/remove", from: page, [("sure", "yes")])
                #expect(removed["Location"] == "/admin/installations")
                #expect(try await admin.get("/installations").text.contains("Installation removed, secrets deleted."))
                #expect(try await stack.json("installations").array?.isEmpty == true)
            }
        }

        /// - Returns: the installation's id.
        private static func connect(_ admin: inout PageVisitor, _ about: SandboxAbout) async throws -> String {
            let first = try await admin.get("/installations/new/viber")
            let second = try await admin.submit(
                "/installations/new/viber", from: first,
                [("auth_token", about.viber.token), ("api_base_url", about.viber.url)])
            let third = try await admin.submit(
                "/installations/new/viber/freshchat", from: second,
                [("freshchat_url", about.freshchat.url), ("freshchat_token", about.freshchat.token)])
            #expect(third.text.contains(about.freshchat.topics[0].name))
            let made = try await admin.submit(
                "/installations/new/viber/topic", from: third, [("topic", about.freshchat.topics[0].id)])
            for page in [second, third, made] {
                #expect(!page.text.contains(about.viber.token))
                #expect(!page.text.contains(about.freshchat.token))
            }
            let location = try #require(made["Location"], "\(made.text)")
            return String(location.dropFirst("/admin/installations/".count).prefix { $0 != "?" })
        }

        @Test("Webhooks are answered while pages wait for a far side, and a page too many is put off")
        func headOfLine() async throws {
            var options = Self.options
            options.workers = 1
            options.threads = 4
            try await withByocStack(options) { stack in
                try await stack.withProxy(of: stack.about.viber.url) { proxy in
                    let installed = try await stack.installViber(settings: ["api_base_url": proxy.url])
                    var admin = PageVisitor(stack)
                    try await admin.signIn()
                    let path = "/installations/\(installed.id)?check=now"
                    let holds = (0..<2).map { _ in
                        stack.hold(.beforeEffect, at: proxy, .post, "/get_account_info")
                    }
                    let slow = holds.map { hold in
                        Task { [admin] in
                            var admin = admin
                            return try await admin.get(path).status
                        }
                    }
                    for hold in holds { try await stack.waitUntilReached(hold, "the page's question to Viber") }
                    let putOff = try await admin.get("/installations")
                    #expect(putOff.status == 503)
                    #expect(putOff["Retry-After"] != nil)
                    for number in 0..<20 {
                        let body = ViberSamples.message(
                            "while pages wait", from: "customer", token: 5_851_650_804_048_790_000 + Int64(number))
                        #expect(try await stack.postViber(body, to: installed.targetURL).status == 200)
                    }
                    for hold in holds { hold.release() }
                    for page in slow { #expect(try await page.value == 200) }
                    #expect(try await admin.get("/installations").status == 200)
                }
            }
        }

        @Test("Wrong passwords are counted over all workers and restarts, in a file that is nobody else's")
        func bruteForce() async throws {
            try await withByocStack(Self.options) { stack in
                for _ in 0..<5 {
                    var stranger = PageVisitor(stack)
                    #expect(try await stranger.signIn("a wrong password").status == 403)
                }
                try await stack.restartServing()
                // Counted anew, five more would be looked at before the first must wait.
                var stranger = PageVisitor(stack)
                var lookedAt = 0
                while try await stranger.signIn("a wrong password").status == 403, lookedAt < 5 { lookedAt += 1 }
                #expect(lookedAt < 5)
                let attributes = try FileManager.default.attributesOfItem(atPath: stack.dataFolder + "/console.json")
                #expect(attributes[.posixPermissions] as? Int == 0o600)
                #expect(!stack.text(of: "byoc.log").contains("wrong password"))
            }
        }

        @Test("Under plain CGI, at a path of their own, the pages work the same")
        func cgi() async throws {
            var options = Self.options
            options.serves = false
            try await withByocStack(options) { stack in
                try await stack.withCGI(PageVisitor.environment) { url in
                    var admin = PageVisitor(stack, at: url)
                    let asked = try await admin.get("")
                    #expect(asked.status == 303)
                    #expect(asked["Location"] == "/cgi-bin/byoc.cgi/admin/sign-in?to=%2F")
                    #expect(try await admin.signIn().status == 303)
                    let page = try await admin.get("/installations")
                    #expect(page.text.contains("/cgi-bin/byoc.cgi/admin/installations/new"))
                    #expect(page["Cache-Control"] == "no-store")
                }
            }
        }

        @Test("The password's hash is made by a command, and signs in")
        func hash() async throws {
            var options = Self.options
            options.serves = false
            try await withByocStack(options) { stack in
                let made = try await stack.run("hash-password", input: PageVisitor.password + "\n")
                #expect(made.status == 0 && made.errors == "", "nobody is asked where nobody types")
                let hash = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
                #expect(hash.hasPrefix("scrypt:15:8:1:"))
                let short = try await stack.run("hash-password", input: "short\n")
                #expect(short.status == 1)
                try await stack.startServing(environment: ["BYOC_ADMIN_PASSWORD": hash])
                var admin = PageVisitor(stack)
                #expect(try await admin.signIn().status == 303)
                #expect(try await admin.get("").status == 200)
            }
        }
    }
}
