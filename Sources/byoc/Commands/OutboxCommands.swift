import ArgumentParser
import Foundation
import RelayCore

/// `byoc outbox`
struct Outbox: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the deliveries that are waiting, in doubt, held or dead, with reasons.",
        discussion: """
            Lists all deliveries that are neither delivered nor discarded, unless an option selects some of them. TRIES \
            counts all attempts made.

            Examples:
              byoc outbox --dead --installation viber-x7k2
              byoc outbox --delivered --limit 20
              byoc outbox --json | jq '.[] | select(.state == "held")'
            """)

    @OptionGroup var options: StoreOptions
    @OptionGroup var choice: DeliveryChoice
    @Flag(help: "Delivered messages.") var delivered = false
    @Option(parsing: .unconditional, help: "Maximum number of deliveries, newest first.") var limit = 100
    @Option(parsing: .unconditional, help: "Only deliveries before this ID, for the next page.") var before: Int64?

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit takes 1 to 10000, not \(limit).") }
    }

    func run() async throws {
        let app = try options.open()
        defer { app.close() }
        var filter = try await choice.filter(app)
        if delivered {
            // Alone it selects only these; next to other choices, these as well.
            filter.states = choice.isEmpty ? [.delivered] : filter.states.union([.delivered])
        }
        filter.before = before.map(DeliveryID.init(rawValue:))
        filter.limit = limit
        let views = try await views(of: try await app.store.deliveries(filter), app)
        if options.json { return try Terminal.printJSON(views) }
        guard !views.isEmpty else { return Terminal.print("No matching deliveries.") }
        Terminal.printTable(
            ["ID", "AGE", "DIRECTION", "STATUS", "TRIES", "CONTACT", "TEXT", "REASON"],
            views.map { view in
                [
                    "\(view.id)", Terminal.age(view.acceptedAt), view.direction, view.status, "\(view.attempts)",
                    view.contact ?? "–", view.text.printableOnOneLine.truncated(to: 40), view.explanation,
                ]
            })
        if views.count == limit, let last = views.last {
            Terminal.print("Older deliveries: byoc outbox --before \(last.id)")
        }
    }

    private func views(of deliveries: [Delivery], _ app: App) async throws -> [DeliveryView] {
        let installations = Dictionary(
            try await app.store.installations().map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var views: [DeliveryView] = []
        for first in stride(from: 0, to: deliveries.count, by: Self.pageSize) {
            let page = deliveries[first..<min(first + Self.pageSize, deliveries.count)]
            let attempts = try await app.store.attemptCounts(of: page.map(\.id))
            let waits = try await app.store.waitReasons(of: page.map(\.id), now: Date())
            for delivery in page {
                var contact: Contact?
                if let id = delivery.contact { contact = try await app.store.contact(id) }
                let words = DeliveryWords(installations[delivery.installation], helpdesk: app.helpdesk.name)
                views.append(
                    DeliveryView(
                        delivery, contact: contact, attempts: attempts[delivery.id] ?? 0,
                        wait: waits[delivery.id].map(words.sentence)))
            }
        }
        return views
    }

    /// For so many deliveries the store is asked at once.
    private static let pageSize = 100
}
