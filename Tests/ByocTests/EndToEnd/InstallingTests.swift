import Logging
import NIOHTTP1
import Simulators
import Testing

extension EndToEnd {
    @Suite("When installing fails")
    struct Installing {
        /// Nothing half-installed stays behind.
        private static func expectNothingLeft(_ stack: ByocStack) async throws {
            #expect(try await stack.json("installations") == [])
            #expect(stack.viber.webhook() == nil)
        }

        @Test("A wrong Viber token: Viber's words, what to do, nothing left behind")
        func viberToken() async throws {
            try await withByocStack { stack in
                let token = "0000000000000000-1111111111111111-2222222222222222"
                let result = try await stack.installCommand(secrets: ["auth_token": token])
                #expect(result.status == 1)
                #expect(result.errors.contains("Viber"))
                #expect(result.errors.contains("invalidAuthToken"))
                #expect(result.errors.contains("partners.viber.com"))
                #expect(!result.errors.contains(token))
                #expect(result.output.isEmpty)
                try await Self.expectNothingLeft(stack)
            }
        }

        @Test("A wrong Freshchat token: Freshchat's words, what to do, nothing left behind")
        func freshchatToken() async throws {
            try await withByocStack { stack in
                let result = try await stack.installCommand(secrets: ["freshchat_token": "a-wrong-token-of-some-length"]
                )
                #expect(result.status == 1)
                #expect(result.errors.contains("Freshchat"))
                #expect(result.errors.contains("UNAUTHENTICATED") || result.errors.contains("invalid token"))
                #expect(result.errors.contains("API Settings"))
                #expect(!result.errors.contains("a-wrong-token-of-some-length"))
                try await Self.expectNothingLeft(stack)
            }
        }

        @Test("An unknown topic: the topics there are")
        func topic() async throws {
            try await withByocStack { stack in
                let result = try await stack.installCommand(topic: "Telegraph")
                #expect(result.status == 1)
                #expect(result.errors.contains("Freshchat"))
                #expect(result.errors.contains("Telegraph"))
                for topic in stack.about.freshchat.topics {
                    #expect(result.errors.contains(topic.id))
                    #expect(result.errors.contains(topic.name))
                }
                try await Self.expectNothingLeft(stack)
            }
        }

        @Test("A topic is found by its name as well")
        func topicByName() async throws {
            try await withByocStack { stack in
                let result = try await stack.installCommand(topic: "viber")
                #expect(result.status == 0, "\(result)")
                #expect(try result.json["topic"]?.string == stack.topic)
            }
        }

        @Test("Byoc doesn't run: Viber can't reach the webhook, and the command says so")
        func notServing() async throws {
            var options = ByocStack.Options()
            options.serves = false
            try await withByocStack(options) { stack in
                let result = try await stack.installCommand()
                #expect(result.status == 1)
                #expect(result.errors.contains("Viber"))
                #expect(result.errors.contains("502"))
                #expect(result.errors.contains("workers"))
                try await Self.expectNothingLeft(stack)

                // Once byoc runs, the same command is all there is to do.
                try await stack.startServing()
                let again = try await stack.installCommand()
                #expect(again.status == 0, "\(again)")
            }
        }

        @Test("Nothing listens at the public address: Viber's connection is refused, and the command says so")
        func wrongAddress() async throws {
            try await withByocStack { stack in
                let port = try NginxConfiguration.freePort()
                let result = try await stack.installCommand(environment: ["BYOC_BASE_URL": "http://127.0.0.1:\(port)"])
                #expect(result.status == 1)
                #expect(result.errors.contains("Viber could not reach"))
                #expect(!result.errors.contains("/hook/"), "the target URL is a secret")
                try await Self.expectNothingLeft(stack)
            }
        }

        @Test("Neither side is there: each is named")
        func unreachable() async throws {
            try await withByocStack { stack in
                let port = try NginxConfiguration.freePort()
                let viber = try await stack.installCommand(settings: ["api_base_url": "http://127.0.0.1:\(port)/pa"])
                #expect(viber.status == 1)
                #expect(viber.errors.contains("Viber"))
                #expect(viber.errors.contains("could not be reached"))
                let result = try await stack.run(
                    "install", "viber", "--json", "--secrets", "-", "--freshchat-url", "http://127.0.0.1:\(port)/v2",
                    "--topic", stack.topic, "--set", "api_base_url=\(stack.about.viber.url)",
                    input: "auth_token=\(stack.about.viber.token)\nfreshchat_token=x\n")
                #expect(result.status == 1)
                #expect(result.errors.contains("Freshchat"))
                #expect(result.errors.contains("can't be reached"))
                try await Self.expectNothingLeft(stack)
            }
        }

        @Test("Everything that is missing or wrong is told at once")
        func missing() async throws {
            try await withByocStack { stack in
                let result = try await stack.run(
                    "install", "viber", "--json", "--secrets", "-", "--set", "no_such_setting=1",
                    input: "webhook_key=nonsense\n")
                #expect(result.status == 1)
                for word in [
                    "auth_token", "freshchat_url", "freshchat_token", "topic", "webhook_key", "no_such_setting",
                ] {
                    #expect(result.errors.contains(word), "\(word)")
                }
                try await Self.expectNothingLeft(stack)
                #expect(try await stack.run("install", "telegraph").status == 64)
            }
        }

        @Test("A webhook that belongs to somebody else is warned about, and replaced")
        func foreignWebhook() async throws {
            try await withByocStack { stack in
                let server = LoopbackServer(logger: Logger(label: "foreign")) { _ in APIResponse(status: 200) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await server.run { _ in stack.log.noteChange() } }
                    defer { group.cancelAll() }
                    try await stack.wait(for: "the other service") { server.port != nil }
                    let url = "http://127.0.0.1:\(server.port ?? 0)/their-bot"
                    let body: JSON = ["url": .string(url)]
                    _ = try await stack.request(
                        .POST, "\(stack.about.viber.url)/set_webhook",
                        headers: [("X-Viber-Auth-Token", stack.about.viber.token)], body: body.bytes)
                    #expect(stack.viber.webhook()?.url == url)
                    let installed = try await stack.installViber()
                    #expect(installed.notes.contains("Warning"))
                    #expect(installed.notes.contains(url))
                    #expect(stack.viber.webhook()?.url == installed.targetURL)
                }
            }
        }

        @Test("The same bot can't be installed twice")
        func twice() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let again = try await stack.installCommand()
                #expect(again.status == 1)
                #expect(again.errors.contains(installed.id))
                #expect(try await stack.json("installations").array?.count == 1)
                #expect(stack.viber.webhook()?.url == installed.targetURL)
            }
        }

        @Test("Uninstalling while Viber can't be told fails and keeps the installation, until it is insisted on")
        func uninstallRefused() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                stack.viber.inject(.status(500, route: "POST /set_webhook", count: 0))
                let refused = try await stack.run("uninstall", installed.id, "--yes")
                #expect(refused.status == 1)
                #expect(refused.errors.contains("Viber"))
                #expect(refused.errors.contains("--force"))
                #expect(try await stack.json("installations").array?.count == 1)
                let forced = try await stack.run("uninstall", installed.id, "--force", "--yes")
                #expect(forced.status == 0, "\(forced)")
                #expect(forced.errors.contains("Warning"))
                #expect(try await stack.json("installations") == [])
                #expect(try await stack.postViber([], to: installed.targetURL).status == 404)
            }
        }
    }
}
