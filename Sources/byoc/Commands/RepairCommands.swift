import ArgumentParser
import Foundation
import RelayCore

/// `byoc retry ID …`, `byoc retry --dead`
struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Retry dead, held or waiting deliveries now.",
        discussion: """
            Name the deliveries by ID, or choose them: byoc retry --dead --installation ID. Each keeps its place in its \
            conversation; a delivery that later messages have overtaken is sent late, and marked so. Safe while workers \
            run.

            A choice is shown first and needs confirmation, as does a reply that may already have been delivered, because \
            the customer may get it twice. Scripts confirm with --yes.

            Examples:
              byoc retry 41 42
              byoc retry --dead --installation viber-x7k2 --dry-run
              byoc retry --dead --installation viber-x7k2 --yes
            """)

    @OptionGroup var options: StoreOptions
    @OptionGroup var choice: DeliveryChoice
    @OptionGroup var consent: Consent
    @Argument(help: "Delivery IDs, as shown by byoc outbox.") var ids: [Int64] = []

    func validate() throws { try Repair.check(ids, choice) }

    func run() async throws {
        let repair = Repair(
            verb: "retry", done: "Retrying", options: options, ids: ids, choice: choice, consent: consent,
            advises: true)
        try await repair.run { store, id in try await store.redrive(id, from: .command, now: Date()) }
    }
}

/// `byoc discard ID …`, `byoc discard --dead`
struct Discard: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Permanently discard deliveries.",
        discussion: """
            Name the deliveries by ID, or choose them: byoc discard --dead --installation ID. Later deliveries continue. \
            Safe while workers run.

            A choice is shown first and needs confirmation. Scripts confirm with --yes.
            """)

    @OptionGroup var options: StoreOptions
    @OptionGroup var choice: DeliveryChoice
    @OptionGroup var consent: Consent
    @Argument(help: "Delivery IDs, as shown by byoc outbox.") var ids: [Int64] = []

    func validate() throws { try Repair.check(ids, choice) }

    func run() async throws {
        let repair = Repair(
            verb: "discard", done: "Discarded", options: options, ids: ids, choice: choice, consent: consent,
            advises: false)
        try await repair.run { store, id in try await store.discard(id, from: .command, now: Date()) }
    }
}
