import ArgumentParser
import Foundation
import RelayCore

/// `byoc delivery ID`
struct DeliveryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delivery",
        abstract: "Show one delivery: its content, every attempt, decisions, and the channel's receipts.")

    @OptionGroup var options: StoreOptions
    @Argument(help: "The delivery's ID, as shown by byoc outbox.") var id: Int64

    func run() async throws {
        let app = try options.open()
        defer { app.close() }
        let wanted = DeliveryID(rawValue: id)
        guard let found = try await app.store.message(wanted) else {
            throw CommandFailure(
                "There is no delivery \(id).",
                remedy: "To list the unfinished deliveries: byoc outbox. Old deliveries are removed after "
                    + "BYOC_KEEP_DELIVERED_DAYS.")
        }
        let installation = try await app.store.installations().first { $0.id == found.delivery.installation }
        let words = DeliveryWords(installation, helpdesk: app.helpdesk.name)
        let story = DeliveryStory(
            found, words, attempts: try await app.store.attempts(of: wanted),
            receipts: try await app.store.receipts(of: wanted),
            decisions: try await app.store.decisions(of: wanted),
            wait: try await app.store.waitReasons(of: [wanted], now: Date())[wanted].map(words.sentence),
            isUndecided: try app.isHelpdeskAccount(found.delivery.installation))
        if options.json { return try Terminal.printJSON(story) }
        story.show()
    }
}
