import ArgumentParser
import RelayCore

/// One decision about several deliveries: which, whether to go ahead, and what came of it.
struct Repair {
    /// In lower case: "retry".
    let verb: String
    /// How the report about one delivery begins: "Retrying", "Discarded".
    let done: String
    let options: StoreOptions
    let ids: [Int64]
    let choice: DeliveryChoice
    let consent: Consent
    /// Whether ``RetryAdvice`` is shown.
    let advises: Bool

    /// What a script reads.
    private struct Report: Encodable {
        var done: [Int64]
        /// The deliveries that a dry run would have changed.
        var planned: [Int64]?
    }

    /// Naming nothing never means everything.
    static func check(_ ids: [Int64], _ choice: DeliveryChoice) throws {
        guard ids.isEmpty == !choice.isEmpty else {
            throw ValidationError(
                "Either name the deliveries by ID, or choose them with --dead, --held, --in-doubt or --waiting.")
        }
        guard ids.isEmpty || choice.installation == nil else {
            throw ValidationError("--installation requires --dead, --held, --in-doubt or --waiting.")
        }
    }

    func run(_ decide: (any Store, DeliveryID) async throws -> Void) async throws {
        let app = try options.open()
        defer { app.close() }
        let found = try await ids.isEmpty ? chosen(app) : named(app)
        let targets = ids.isEmpty ? found.map(\.delivery.id) : ids.map(DeliveryID.init(rawValue:))
        if targets.isEmpty {
            if options.json { return try Terminal.printJSON(Report(done: [])) }
            return Terminal.print("No matching deliveries.")
        }
        let plan = RepairPlan(verb: verb, targets: found, advises: advises)
        if ids.isEmpty || plan.mayDouble || consent.dryRun {
            let isAgreed = try consent.asks(
                to: "\(verb) \(Terminal.count(targets.count, "delivery", "deliveries"))", showing: plan.lines,
                isQuiet: options.json)
            guard isAgreed else {
                if options.json {
                    try Terminal.printJSON(Report(done: [], planned: consent.dryRun ? targets.map(\.rawValue) : nil))
                }
                return
            }
        } else {
            for line in plan.advice { Terminal.note(line) }
        }
        var failures: [String] = []
        var changed: [Int64] = []
        for id in targets {
            do {
                try await decide(app.store, id)
                changed.append(id.rawValue)
                if !options.json { Terminal.print("\(done) #\(id).") }
            } catch {
                failures.append("#\(id): \(error)")
            }
        }
        if options.json { try Terminal.printJSON(Report(done: changed)) }
        if !failures.isEmpty {
            throw CommandFailure(
                "\(Terminal.count(failures.count, "delivery was", "deliveries were")) not changed:", details: failures,
                remedy: "To list the deliveries: byoc outbox")
        }
    }

    /// The named deliveries that exist. For the others, carrying the decision out reports what is wrong.
    private func named(_ app: App) async throws -> [RepairTarget] {
        var found: [RepairTarget] = []
        for id in ids {
            guard let message = try await app.store.message(DeliveryID(rawValue: id)) else { continue }
            found.append(RepairTarget(delivery: message.delivery, contact: message.contact))
        }
        return found
    }

    /// The chosen deliveries that exist now, page by page; those that come later aren't touched. The oldest come first, so
    /// that those of one conversation become due in their order.
    private func chosen(_ app: App) async throws -> [RepairTarget] {
        var filter = try await choice.filter(app)
        filter.limit = 1000
        var found: [Delivery] = []
        while true {
            let page = try await app.store.deliveries(filter)
            found += page
            guard page.count == filter.limit, let last = page.last else { break }
            filter.before = last.id
        }
        var contacts: [ContactID: Contact] = [:]
        for id in Set(found.compactMap(\.contact)) { contacts[id] = try await app.store.contact(id) }
        return found.reversed().map { RepairTarget(delivery: $0, contact: $0.contact.flatMap { contacts[$0] }) }
    }
}

/// A delivery to decide about.
struct RepairTarget {
    var delivery: Delivery
    var contact: Contact?
}
