import Foundation
import Simulators
import Testing

extension EndToEnd {
    @Suite("An installation wholly from the environment")
    struct EnvironmentInstallations {
        static func environment(_ about: SandboxAbout) -> [String: String] {
            [
                "BYOC_CHANNEL": "viber", "BYOC_VIBER_AUTH_TOKEN": about.viber.token,
                "BYOC_VIBER_API_BASE_URL": about.viber.url, "BYOC_FRESHCHAT_BASE_URL": about.freshchat.url,
                "BYOC_FRESHCHAT_TOKEN": about.freshchat.token, "BYOC_FRESHCHAT_TOPIC": about.freshchat.topics[0].id,
                "BYOC_FRESHCHAT_WEBHOOK_KEY": about.freshchat.webhookPublicKey.replacing("\n", with: "\\n"),
            ]
        }

        @Test("It registers itself once the workers run, relays both ways, and is the same after a restart")
        func relays() async throws {
            var options = ByocStack.Options()
            options.environment = Self.environment
            try await withByocStack(options) { stack in
                try await stack.waitForEntry("the registration") { $0.name == "webhook.set" }
                let shown = try Installed(try await stack.run("show", "environment", "--json"))
                #expect(stack.viber.webhook()?.url == shown.targetURL)
                stack.freshchat.setWebhook(shown.freshchatWebhookURL)
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "привіт")
                try await stack.agentRepliesAndArrives(conversation.id, "добрий день", to: customer)

                try await stack.restartServing()
                #expect(
                    try Installed(try await stack.run("show", "environment", "--json")).targetURL == shown.targetURL)
                try await stack.customerWritesAndArrives(customer, "ще раз")
                try await stack.agentRepliesAndArrives(conversation.id, "так", to: customer)
                #expect(stack.log.entries().count { $0.name == "webhook.set" } == 1, "two workers, one registration")
                #expect(stack.users(of: customer).count == 1)
                #expect(try await stack.installation("environment")["origin"]?.string == "environment")
            }
        }

        @Test("What is missing in the environment is told at the start, all at once, and byoc doesn't serve")
        func missing() async throws {
            var options = ByocStack.Options()
            options.serves = false
            try await withByocStack(options) { stack in
                let result = try await stack.run(
                    "serve", "--socket", stack.socket,
                    environment: ["BYOC_CHANNEL": "viber", "BYOC_FRESHCHAT_TOKN": "x"])
                #expect(result.status == 78)
                #expect(result.errors.contains("BYOC_FRESHCHAT_TOKN"))
                #expect(result.errors.contains("BYOC_FRESHCHAT_TOKEN"), "the nearest real one is named")
                let other = try await stack.run(
                    "serve", "--socket", stack.socket, environment: ["BYOC_CHANNEL": "viber"])
                #expect(other.status == 78)
                for key in [
                    "BYOC_VIBER_AUTH_TOKEN", "BYOC_FRESHCHAT_BASE_URL", "BYOC_FRESHCHAT_TOKEN", "BYOC_FRESHCHAT_TOPIC",
                ] {
                    #expect(other.errors.contains(key), "\(key)")
                }
            }
        }

        @Test("Without its description in the environment it is paused, and resumes when that is back")
        func undescribed() async throws {
            var options = ByocStack.Options()
            options.environment = Self.environment
            try await withByocStack(options) { stack in
                try await poll("the installation") { try await stack.state(of: "environment") == "active" }
                try await stack.stopServing()
                try await stack.startServing(environment: ["BYOC_CHANNEL": ""])
                #expect(try await stack.installation("environment")["pausedBy"]?.string == "environment")
                try await stack.restartServing()
                try await poll("the resumption") { try await stack.state(of: "environment") == "active" }
            }
        }

        @Test("A store that can't be read for a while before it is registered ends no worker")
        func unreadable() async throws {
            var options = ByocStack.Options()
            options.environment = { about in
                // Not the bot's.
                let token = String(about.viber.token.reversed())
                return Self.environment(about).merging(["BYOC_VIBER_AUTH_TOKEN": token]) { $1 }
            }
            try await withByocStack(options) { stack in
                /// How often it is told that it isn't connected yet, because the store or Viber refuses.
                @Sendable func failures(ofStore: Bool) -> Int {
                    stack.text(of: "byoc.log").split(separator: "\n").count {
                        $0.contains("is not connected yet") && $0.contains("doesn't have the tables") == ofStore
                    }
                }
                let database = "\(stack.dataFolder)/byoc.sqlite"
                try await poll("the first attempt") { failures(ofStore: false) > 0 }
                let workers = stack.workers
                try await stack.alter(
                    database, "PRAGMA legacy_alter_table=ON; ALTER TABLE installations RENAME TO away")
                try await poll("reading to fail") { failures(ofStore: true) >= 2 }
                try await stack.alter(
                    database, "PRAGMA legacy_alter_table=ON; ALTER TABLE away RENAME TO installations")
                let before = failures(ofStore: false)
                try await poll("the next attempt") { failures(ofStore: false) > before }
                #expect(stack.workers.filter(Processes.isAlive) == workers)
                #expect(try await stack.get("/readyz").status == 200)
            }
        }

        @Test("A mended token in the environment takes the installation up again")
        func changed() async throws {
            var options = ByocStack.Options()
            options.environment = Self.environment
            try await withByocStack(options) { stack in
                try await stack.waitForEntry("the registration") { $0.name == "webhook.set" }
                let customer = stack.viber.addCustomer()
                try await stack.customerWritesAndArrives(customer, "hello")
                stack.freshchat.replaceToken(with: "the-new-one")
                stack.viber.customerWrites(customer, "waits")
                try await poll("the pause") { try await stack.state(of: "environment") == "paused" }
                try await stack.stopServing()
                try await stack.startServing(environment: ["BYOC_FRESHCHAT_TOKEN": "the-new-one"])
                try await stack.waitForInbox(of: customer) { $0.count >= 2 }
                #expect(stack.inbox(of: customer) == ["hello", "waits"])
            }
        }
    }
}
