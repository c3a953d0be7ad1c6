import ArgumentParser
import Foundation
import Relay
import RelayCore

/// `byoc uninstall ID`
struct Uninstall: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Disconnect an installation: unregister its webhook and delete its secrets.",
        discussion: """
            If deliveries are waiting, the installation first drains: it accepts nothing new, delivers what waits, and \
            is then removed by the workers. With --now, it is removed at once and discards what waits. Asks for \
            confirmation first; scripts need --yes.

            The webhook is unregistered at removal. If the channel can't be reached then, a removal at once fails unless \
            --force is given; one that has drained succeeds, and the log names the webhook that stays set.
            """)

    @OptionGroup var options: StoreOptions
    @OptionGroup var consent: Consent
    @Argument(help: "The installation's ID.", completion: .installation) var id: String
    @Flag(help: "Remove at once, and discard what waits.") var now = false
    @Flag(help: "Also delete its contacts, conversations and messages.") var forgetHistory = false
    @Flag(help: "Remove at once even if the channel can't be reached. Draining doesn't need it.") var force = false

    func run() async throws {
        let app = try options.open(.baseURL)
        defer { app.close() }
        let installation = try await app.installation(id)
        let counts = try await app.store.counts(of: installation.id)
        let drains = counts.waiting > 0 && !now
        guard !drains || !forgetHistory else {
            throw CommandFailure(
                "\(id) has \(Terminal.count(counts.waiting, "waiting delivery", "waiting deliveries")), which --forget-history "
                    + "would lose.",
                remedy: "Uninstall without --forget-history to deliver them first, or add --now to discard them.")
        }
        let isAgreed = try consent.asks(
            to: "uninstall \(id)", showing: plan(installation, counts, drains: drains), isQuiet: options.json)
        guard isAgreed else {
            if options.json { try Terminal.printJSON(["id": id, "state": installation.state.name]) }
            return
        }
        let warning = try await App.withHTTP { http in
            try await app.installer(over: http).uninstall(
                installation, from: App.channel(installation.channel.kind), keepingHistory: !forgetHistory,
                insisting: force, draining: drains)
        }
        if let warning { Terminal.note("Warning: \(warning)") }
        if options.json { return try Terminal.printJSON(["id": id, "state": drains ? "draining" : "removed"]) }
        if drains {
            if force {
                Terminal.note(
                    "--force isn't needed: \(id) is removed when it has drained, whether or not the channel can be reached."
                )
            }
            Terminal.print("Draining \(id): it accepts nothing new and is removed once nothing waits.")
            return Terminal.print("Progress: byoc installations. To discard the rest: byoc uninstall \(id) --now")
        }
        Terminal.print("Uninstalled \(id) and deleted its secrets.")
        Terminal.print("Remove its URL from Freshchat's webhook settings too, unless another installation uses it.")
    }

    private func outcome(of counts: OutboxCounts, drains: Bool) -> [String] {
        var lines: [String] = []
        if counts.waiting > 0 {
            let verb = drains ? "First delivers" : "Discards"
            lines.append("  \(verb) \(Terminal.count(counts.waiting, "waiting delivery", "waiting deliveries")).")
        }
        if counts.needsAttention > 0 {
            let kinds = [(counts.held, "held"), (counts.dead, "dead")].filter { $0.0 > 0 }
            let numbers = kinds.map { "\($0.0) \($0.1)" }.joined(separator: " and ")
            let deliveries = counts.needsAttention == 1 ? "delivery" : "deliveries"
            lines.append("  Its \(numbers) \(deliveries) can't be retried afterwards.")
        }
        return lines
    }

    private func plan(_ installation: Installation, _ counts: OutboxCounts, drains: Bool) -> [String] {
        let name = App.channel(installation.channel.kind)?.descriptor.name ?? installation.channel.kind.rawValue
        return [
            "\(id): \(name) account “\(installation.name)”, topic \(installation.topic)",
            "  Unregisters its webhook with \(name) and deletes its secrets.",
        ] + outcome(of: counts, drains: drains) + [
            forgetHistory
                ? "  Deletes its contacts, conversations and messages."
                : "  Keeps its contacts, conversations and messages."
        ]
    }
}
