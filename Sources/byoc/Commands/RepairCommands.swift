import ArgumentParser
import Foundation
import RelayCore

/// `byoc retry ID …`, `byoc retry --dead`
struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Try dead, held or waiting deliveries again, now.",
        discussion: """
            Name them by id, or choose them: byoc retry --dead --installation ID. Each keeps its place in its \
            conversation's order; one that later messages have overtaken meanwhile goes out late, and is marked so. Safe \
            while workers run.
            """)

    @OptionGroup var options: StoreOptions
    @OptionGroup var choice: DeliveryChoice
    @Argument(help: "Ids, as byoc outbox shows them.") var ids: [Int64] = []

    func validate() throws { try Repair.check(ids, choice) }

    func run() async throws {
        try await Repair(options: options, ids: ids, choice: choice, done: "will be tried again").run { store, id in
            try await store.redrive(id, from: .command, now: Date())
        }
    }
}

/// `byoc discard ID …`, `byoc discard --dead`
struct Discard: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Give dead, held or waiting deliveries up for good.",
        discussion: "Name them by id, or choose them: byoc discard --dead --installation ID. Safe while workers run.")

    @OptionGroup var options: StoreOptions
    @OptionGroup var choice: DeliveryChoice
    @Argument(help: "Ids, as byoc outbox shows them.") var ids: [Int64] = []

    func validate() throws { try Repair.check(ids, choice) }

    func run() async throws {
        try await Repair(options: options, ids: ids, choice: choice, done: "is discarded").run { store, id in
            try await store.discard(id, from: .command, now: Date())
        }
    }
}

/// One decision about several deliveries.
private struct Repair {
    let options: StoreOptions
    let ids: [Int64]
    let choice: DeliveryChoice
    /// What a delivery is afterwards, in words.
    let done: String

    /// Everything at once is never meant by giving nothing.
    static func check(_ ids: [Int64], _ choice: DeliveryChoice) throws {
        guard ids.isEmpty == !choice.isEmpty else {
            throw ValidationError(
                "Name the deliveries by id, or choose them with --dead, --held, --in-doubt or --waiting.")
        }
        guard ids.isEmpty || choice.installation == nil else {
            throw ValidationError("--installation goes with --dead, --held, --in-doubt or --waiting.")
        }
    }

    func run(_ decide: (any Store, DeliveryID) async throws -> Void) async throws {
        let app = try options.open()
        defer { app.close() }
        var failures: [String] = []
        var changed: [Int64] = []
        func change(_ id: DeliveryID) async {
            do {
                try await decide(app.store, id)
                changed.append(id.rawValue)
                if !options.json { Terminal.print("\(id) \(done).") }
            } catch {
                failures.append("\(id): \(error)")
            }
        }
        for id in ids { await change(DeliveryID(rawValue: id)) }
        if ids.isEmpty {
            // Oldest first, so that those of one conversation become due in their order.
            for id in try await chosen(app).reversed() { await change(id) }
            if changed.isEmpty, failures.isEmpty, !options.json { Terminal.print("There is none.") }
        }
        if options.json { try Terminal.printJSON(["done": changed]) }
        if !failures.isEmpty { throw CommandFailure(failures.joined(separator: "\n")) }
    }

    /// Those that are there now, page by page; what comes meanwhile isn't touched.
    private func chosen(_ app: App) async throws -> [DeliveryID] {
        var filter = try await choice.filter(app)
        filter.limit = 1000
        var ids: [DeliveryID] = []
        while true {
            let page = try await app.store.deliveries(filter)
            ids += page.map(\.id)
            guard page.count == filter.limit, let last = page.last else { return ids }
            filter.before = last.id
        }
    }
}
