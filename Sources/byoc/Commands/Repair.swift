import ArgumentParser
import Foundation
import RelayCore

/// One decision about several deliveries: which, whether to go ahead, and what came of it.
struct Repair {
    let decision: Decision
    let options: StoreOptions
    let ids: [Int64]
    let choice: DeliveryChoice
    let consent: Consent

    enum Decision {
        case retry, markDelivered, discard

        fileprivate var kind: DeliveryDecision.Kind {
            switch self {
            case .retry: .retry
            case .markDelivered: .confirmedArrival
            case .discard: .discard
            }
        }

        /// "retry 2 deliveries".
        fileprivate func action(_ count: Int) -> String {
            let deliveries = Terminal.count(count, "delivery", "deliveries")
            return switch self {
            case .retry: "retry \(deliveries)"
            case .markDelivered: "mark \(deliveries) as delivered"
            case .discard: "discard \(deliveries)"
            }
        }

        /// The report about one delivery.
        fileprivate func done(_ id: DeliveryID) -> String {
            switch self {
            case .retry: "Retrying #\(id)."
            case .markDelivered: "Marked #\(id) as delivered."
            case .discard: "Discarded #\(id)."
            }
        }

        fileprivate func make(about id: DeliveryID, in store: any Store) async throws(StoreFailure) {
            switch self {
            case .retry: try await store.redrive(id, from: .command, now: Date())
            case .markDelivered: try await store.confirmArrival(id, from: .command, now: Date())
            case .discard: try await store.discard(id, from: .command, now: Date())
            }
        }
    }

    /// What a script reads.
    private struct Report: Encodable {
        struct Refusal: Encodable {
            var id: Int64
            var reason: String
        }

        struct Wait: Encodable {
            var id: Int64
            var wait: String
        }

        var done: [Int64] = []
        /// The deliveries that a dry run would have changed; `nil` without one.
        var planned: [Int64]?
        /// The deliveries that can't be changed in this way.
        var refused: [Refusal] = []
        /// The retried deliveries that aren't sent yet, and why.
        var waiting: [Wait] = []
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

    func run() async throws {
        let app = try options.open()
        defer { app.close() }
        let found = try await ids.isEmpty ? chosen(app) : named(app)
        var seen: Set<DeliveryID> = []
        let targets = (ids.isEmpty ? found.map(\.delivery.id) : ids.map(DeliveryID.init(rawValue:))).filter {
            seen.insert($0).inserted
        }
        var report = Report()
        if consent.dryRun { report.planned = [] }
        if targets.isEmpty {
            if options.json { return try Terminal.printJSON(report) }
            return Terminal.print("No matching deliveries.")
        }
        // A dry run and the decisions themselves refuse by the same rules.
        let refusals = try await app.store.refusals(of: decision.kind, about: targets)
        for id in targets {
            if let refusal = refusals[id] { report.refused.append(.init(id: id.rawValue, reason: refusal.message)) }
        }
        let possible = targets.filter { refusals[$0] == nil }
        let installations = try await app.store.installations()
        guard try agrees(to: possible, of: found, installations, app) else {
            if consent.dryRun {
                report.planned = possible.map(\.rawValue)
                return try finish(report)
            }
            if options.json { try Terminal.printJSON(report) }
            return
        }
        for id in possible {
            do {
                try await decision.make(about: id, in: app.store)
                report.done.append(id.rawValue)
            } catch {
                report.refused.append(.init(id: id.rawValue, reason: error.message))
            }
        }
        try await show(&report, found, installations, app)
        try finish(report)
    }

    private func agrees(
        to possible: [DeliveryID], of found: [RepairTarget], _ installations: [Installation], _ app: App
    ) throws -> Bool {
        if possible.isEmpty {
            if consent.dryRun { Terminal.note("Dry run: nothing was changed.") }
            return !consent.dryRun
        }
        let wanted = Set(possible)
        let plan = RepairPlan(
            decision, decision.action(possible.count), targets: found.filter { wanted.contains($0.delivery.id) },
            installations, helpdesk: app.helpdesk.name)
        if ids.isEmpty || plan.mayDouble || consent.dryRun {
            return try consent.asks(
                to: decision.action(possible.count), showing: plan.lines, isQuiet: options.json)
        }
        for line in plan.advice { Terminal.note(line) }
        return true
    }

    /// Says of each delivery what happens now: a retried one may have to wait nevertheless.
    private func show(
        _ report: inout Report, _ found: [RepairTarget], _ installations: [Installation], _ app: App
    ) async throws {
        let done = report.done.map(DeliveryID.init(rawValue:))
        let waits = decision == .retry ? try await app.store.waitReasons(of: done, now: Date()) : [:]
        let own = Dictionary(found.map { ($0.delivery.id, $0.delivery.installation) }, uniquingKeysWith: { $1 })
        var advice: Set<String> = []
        for id in done {
            switch waits[id] {
            case nil, .due, .underWay:
                if !options.json { Terminal.print(decision.done(id)) }
            case let wait?:
                let installation = installations.first { $0.id == own[id] }
                if let installation, let line = wait.advice(about: installation) { advice.insert(line) }
                let sentence = DeliveryWords(installation, helpdesk: app.helpdesk.name).sentence(wait)
                report.waiting.append(.init(id: id.rawValue, wait: sentence))
                if !options.json { Terminal.print("#\(id) waits. \(sentence)".printableOnOneLine) }
            }
        }
        for line in advice.sorted() { Terminal.note(line) }
    }

    private func finish(_ report: Report) throws {
        if options.json { try Terminal.printJSON(report) }
        guard !report.refused.isEmpty else { return }
        let count = Terminal.count(report.refused.count, "delivery", "deliveries")
        let verb = consent.dryRun ? "would not be" : report.refused.count == 1 ? "was not" : "were not"
        throw CommandFailure(
            "\(count) \(verb) changed:", details: report.refused.map { "#\($0.id): \($0.reason)" },
            remedy: "To list the deliveries: byoc outbox")
    }

    /// The named deliveries that exist.
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
