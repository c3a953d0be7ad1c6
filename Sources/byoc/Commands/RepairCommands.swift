import ArgumentParser
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
        try await Repair(decision: .retry, options: options, ids: ids, choice: choice, consent: consent).run()
    }
}

/// `byoc mark-delivered ID …`, `byoc mark-delivered --held`
struct MarkDelivered: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mark-delivered",
        abstract: "Mark replies in doubt as delivered.",
        discussion: """
            For a held reply that has reached the customer: it isn't sent again. If it was split, the remaining parts are \
            sent now. If it wasn't delivered, the customer never gets it: check with the customer or on a phone first.

            Name the deliveries by ID, or choose them: byoc mark-delivered --held --installation ID. A choice is shown \
            first and needs confirmation. Scripts confirm with --yes.
            """)

    @OptionGroup var options: StoreOptions
    @OptionGroup var choice: DeliveryChoice
    @OptionGroup var consent: Consent
    @Argument(help: "Delivery IDs, as shown by byoc outbox.") var ids: [Int64] = []

    func validate() throws { try Repair.check(ids, choice) }

    func run() async throws {
        try await Repair(decision: .markDelivered, options: options, ids: ids, choice: choice, consent: consent).run()
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
        try await Repair(decision: .discard, options: options, ids: ids, choice: choice, consent: consent).run()
    }
}
