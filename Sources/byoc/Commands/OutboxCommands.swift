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
        attempts = delivery.attempts
        acceptedAt = delivery.acceptedAt
        nextAttemptAt = delivery.state == .waiting ? delivery.nextAttemptAt : nil
        self.contact = contact.map { $0.profile.name ?? $0.profile.userID.rawValue }
        reason = delivery.reason
        detail = delivery.detail
        switch delivery.payload {
        case .message(let incoming): text = incoming.message.plainText
        case .reply(let reply): text = reply.message.plainText
        case .note(let note, _): text = note
        case nil: text = "(can't be read)"
        }
    }
}

/// `byoc outbox`
struct Outbox: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List what waits, is in doubt, is held, or is dead, with the reasons.",
        discussion: "Without an option: everything that is not delivered or discarded.")

    @OptionGroup var options: StoreOptions
    @Flag(help: "What waits for its next attempt.") var waiting = false
    @Flag(help: "What may have been delivered, or not.") var inDoubt = false
    @Flag(help: "What waits for a person to decide.") var held = false
    @Flag(help: "What was given up on.") var dead = false
    @Flag(help: "What was delivered.") var delivered = false
    @Option(help: "Only of this installation.") var installation: String?
    @Option(help: "At most so many, the newest first.") var limit = 100
    @Option(help: "Only those before this id: for the next page.") var before: Int64?

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit takes 1 to 10000.") }
    }

    func run() async throws {
        let app = try options.open()
        defer { app.close() }
        var states: Set<Delivery.State> = []
        if waiting { states.insert(.waiting) }
        if held { states.insert(.held) }
        if dead { states.insert(.dead) }
        if delivered { states.insert(.delivered) }
        if states.isEmpty { states = inDoubt ? [] : [.waiting, .held, .dead] }
        let found = try await app.store.deliveries(
            DeliveryFilter(
                installation: installation.map { InstallationID($0) }, states: states, onlyInDoubt: inDoubt,
                before: before.map(DeliveryID.init(rawValue:)), limit: limit))
        var views: [DeliveryView] = []
        for delivery in found {
            var contact: Contact?
            if let id = delivery.contact { contact = try await app.store.contact(id) }
            views.append(DeliveryView(delivery, contact: contact))
        }
        if options.json { return try Terminal.printJSON(views) }
        guard !views.isEmpty else { return print("Nothing waits, is in doubt, or is dead.") }
        Terminal.printTable(
            ["ID", "AGE", "WAY", "STATE", "TRIES", "CONTACT", "TEXT", "REASON"],
            views.map { view in
                [
                    "\(view.id)", Terminal.age(view.acceptedAt), view.direction,
                    view.state + (view.inDoubt ? ", in doubt" : ""), "\(view.attempts)", view.contact ?? "–",
                    view.text.split(whereSeparator: \.isNewline).joined(separator: " ").truncated(to: 40),
                    view.reason + (view.detail.isEmpty ? "" : " (\(view.detail))"),
                ]
            })
        if views.count == limit, let last = views.last { print("More: byoc outbox --before \(last.id)") }
    }
}

/// `byoc retry ID …`
struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Try dead, held or waiting deliveries again, now.",
        discussion: "Each keeps its place in its conversation's order.")

    @OptionGroup var options: StoreOptions
    @Argument(help: "Ids, as byoc outbox shows them.") var ids: [Int64]

    func run() async throws {
        try await change(options, ids, "will be tried again") { store, id in try await store.redrive(id, now: Date()) }
    }
}

/// `byoc discard ID …`
struct Discard: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Give dead, held or waiting deliveries up for good.")

    @OptionGroup var options: StoreOptions
    @Argument(help: "Ids, as byoc outbox shows them.") var ids: [Int64]

    func run() async throws {
        try await change(options, ids, "is discarded") { store, id in try await store.discard(id, now: Date()) }
    }
}

private func change(
    _ options: StoreOptions, _ ids: [Int64], _ words: String, _ body: (any Store, DeliveryID) async throws -> Void
) async throws {
    let app = try options.open()
    defer { app.close() }
    var failures: [String] = []
    var done: [Int64] = []
    for id in ids {
        do {
            try await body(app.store, DeliveryID(rawValue: id))
            done.append(id)
            if !options.json { print("\(id) \(words).") }
        } catch {
            failures.append("\(id): \(error)")
        }
    }
    if options.json { try Terminal.printJSON(["done": done]) }
    if !failures.isEmpty { throw CommandFailure(failures.joined(separator: "\n")) }
}
