import ArgumentParser
import Foundation
import RelayCore

/// A delivery as the commands show it.
struct DeliveryView: Encodable {
    var id: Int64
    var installation: String
    var direction: String
    var state: String
    var inDoubt: Bool
    var late: Bool
    var attempts: Int
    var acceptedAt: Date
    var nextAttemptAt: Date?
    var contact: String?
    var reason: String
    var detail: String
    var text: String

    init(_ delivery: Delivery, contact: Contact?) {
        id = delivery.id.rawValue
        installation = delivery.installation.rawValue
        direction = delivery.direction.rawValue
        state = delivery.state.rawValue
        inDoubt = delivery.doubtSince != nil
        late = delivery.isLate
        attempts = delivery.attempts
        acceptedAt = delivery.acceptedAt
        nextAttemptAt = delivery.state == .waiting ? delivery.nextAttemptAt : nil
        self.contact = contact.map { $0.profile.name ?? $0.profile.userID.rawValue }
        reason = delivery.reason
        detail = delivery.detail
        text = delivery.payload?.plainText ?? "(can't be read)"
    }
}

/// `byoc outbox`
struct Outbox: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List what waits, is in doubt, is held, or is dead, with the reasons.",
        discussion: "Without an option: everything that is not delivered or discarded.")

    @OptionGroup var options: StoreOptions
    @OptionGroup var choice: DeliveryChoice
    @Flag(help: "What was delivered.") var delivered = false
    @Option(help: "At most so many, the newest first.") var limit = 100
    @Option(help: "Only those before this id: for the next page.") var before: Int64?

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit takes 1 to 10000.") }
    }

    func run() async throws {
        let app = try options.open()
        defer { app.close() }
        var filter = try await choice.filter(app)
        if delivered {
            // Beside other choices it is one more, alone it is the only one.
            filter.states = choice.isEmpty ? [.delivered] : filter.states.union([.delivered])
        }
        filter.before = before.map(DeliveryID.init(rawValue:))
        filter.limit = limit
        let found = try await app.store.deliveries(filter)
        var views: [DeliveryView] = []
        for delivery in found {
            var contact: Contact?
            if let id = delivery.contact { contact = try await app.store.contact(id) }
            views.append(DeliveryView(delivery, contact: contact))
        }
        if options.json { return try Terminal.printJSON(views) }
        guard !views.isEmpty else { return Terminal.print("Nothing waits, is in doubt, or is dead.") }
        Terminal.printTable(
            ["ID", "AGE", "WAY", "STATE", "TRIES", "CONTACT", "TEXT", "REASON"],
            views.map { view in
                [
                    "\(view.id)", Terminal.age(view.acceptedAt), view.direction,
                    view.state + (view.inDoubt ? ", in doubt" : "") + (view.late ? ", late" : ""), "\(view.attempts)",
                    view.contact ?? "–",
                    view.text.printableOnOneLine.truncated(to: 40),
                    view.reason + (view.detail.isEmpty ? "" : " (\(view.detail))"),
                ]
            })
        if views.count == limit, let last = views.last { Terminal.print("More: byoc outbox --before \(last.id)") }
    }
}
