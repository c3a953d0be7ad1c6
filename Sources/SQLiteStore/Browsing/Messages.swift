import FoundationEssentials
import GRDB
package import RelayCore

extension SQLiteStore {
    package func messages(_ query: MessageQuery) async throws(StoreFailure) -> MessagePage {
        guard query.limit > 0 else { return MessagePage() }
        return try await read { db in try MessageSearch(query: query, db: db).page() }
    }

    package func message(_ id: DeliveryID) async throws(StoreFailure) -> BrowsedMessage? {
        try await read { db in try Self.browsed(id.rawValue, in: db) }
    }

    package func removedInstallations() async throws(StoreFailure) -> [RemovedInstallation] {
        try await read { db in
            let rows = try db.rows(
                """
                SELECT id, name, channel FROM installations
                WHERE state = 'removed' AND EXISTS (SELECT 1 FROM outbox WHERE outbox.installation = installations.id)
                ORDER BY number
                """)
            return try rows.map {
                RemovedInstallation(id: try $0.id(0), name: try $0.text(1), channel: try $0.id(2))
            }
        }
    }

    static func browsed(_ id: Int64, in db: Database) throws -> BrowsedMessage? {
        guard let row = try db.row("SELECT \(Delivery.columns) FROM outbox WHERE id = ?", [id]) else { return nil }
        let delivery = try Delivery(row)
        return BrowsedMessage(
            delivery: delivery, contact: try delivery.contact.flatMap { try Self.contact($0.rawValue, in: db) })
    }
}

/// One look for a page of messages.
///
/// What the indexes can choose by, installation, state and contact, is walked along them, each walk in the order of the
/// ids; the walks are merged, and what no index knows, direction and text, is looked at row by row, up to the limit of
/// the look. Rows that are not shown are never taken out of SQLite.
private struct MessageSearch {
    let query: MessageQuery
    let db: Database

    func page() throws -> MessagePage {
        guard let found = try choice() else { return MessagePage([], of: query, cut: nil, looked: 0) }
        let walks = try found.choices.map { try walk($0) }
        var shown: [BrowsedMessage] = []
        var looked = 0
        var last: Int64?
        var isCut = false
        while shown.count <= query.limit, let walk = next(of: walks), let head = walk.head {
            guard looked < query.scanLimit else {
                isCut = true
                break
            }
            looked += 1
            last = head.id
            // A row that is broken beyond its payload hides no other.
            if head.isHit, let message = try? SQLiteStore.browsed(head.id, in: db),
                MessageQuery.text(message.delivery.payload?.plainText ?? "", holds: query.text)
            {
                shown.append(message)
            }
            try walk.advance()
        }
        var page = MessagePage(
            shown, of: query, cut: isCut ? last.map(DeliveryID.init(rawValue:)) : nil, looked: looked)
        page.hasMoreContacts = found.hasMoreContacts
        return page
    }

    // MARK: Walking

    private struct Choice {
        var sql = ""
        var arguments = StatementArguments()
    }

    private func walk(_ choice: Choice) throws -> Walk {
        var hits: [String] = []
        var arguments = StatementArguments()
        if let direction = query.direction {
            hits.append("direction = ?")
            arguments += [direction.rawValue]
        }
        if !query.text.isEmpty {
            let patterns = try LikePattern.inJSON(query.text)
            let alternatives = patterns.map { _ in "CAST(payload AS TEXT) LIKE ? ESCAPE '\\'" }
            hits.append("(" + alternatives.joined(separator: " OR ") + ")")
            for pattern in patterns { arguments += [pattern] }
        }
        let end: (order: String, id: Int64) =
            switch query.place {
            case .newest: ("id < ? ORDER BY id DESC", .max)
            case .before(let id): ("id < ? ORDER BY id DESC", id.rawValue)
            case .after(let id): ("id > ? ORDER BY id", id.rawValue)
            }
        arguments += choice.arguments
        arguments += [end.id]
        let sql =
            "SELECT id, \(hits.isEmpty ? "1" : hits.joined(separator: " AND ")) FROM outbox \(choice.sql) \(end.order)"
        // Not a cached one: several walks of the same words go on at once.
        return try Walk(try Row.fetchCursor(try db.makeStatement(sql: sql), arguments: arguments))
    }

    private func next(of walks: [Walk]) -> Walk? {
        let live = walks.filter { $0.head != nil }
        if case .after = query.place { return live.min { ($0.head?.id ?? .max) < ($1.head?.id ?? .max) } }
        return live.max { ($0.head?.id ?? .min) < ($1.head?.id ?? .min) }
    }

    // MARK: Choosing

    /// The walks that together meet each wanted row once; `nil`: there can't be any.
    private func choice() throws -> (choices: [Choice], hasMoreContacts: Bool)? {
        let scope = try installations()
        if !query.contact.isEmpty {
            let found = try ContactSearch(query: query, installations: scope, db: db).contacts()
            return (try found.ids.flatMap { try contactChoices($0) }, found.hasMore)
        }
        guard query.standing != nil || query.installation != nil || query.channel != nil else {
            return ([Choice(sql: "WHERE")], false)
        }
        if query.standing == .inDoubt {
            let choices = scope.map { name in
                Choice(
                    sql: """
                        INDEXED BY outbox_in_doubt
                        WHERE installation = ? AND doubt_since IS NOT NULL AND +state = 'waiting' AND
                        """, arguments: [name])
            }
            return (choices, false)
        }
        let states = query.standing.map { [$0.state] } ?? Delivery.State.allCases
        let choices = scope.flatMap { name in
            states.map { state in
                Choice(
                    sql: "INDEXED BY outbox_by_state WHERE installation = ? AND state = ? AND",
                    arguments: [name, state.rawValue])
            }
        }
        return (choices, false)
    }

    /// Those that the query is about, also removed ones: their history stays. What nobody owns has the helpdesk account's name.
    private func installations() throws -> [String] {
        try db.rows(
            """
            SELECT id FROM installations WHERE (?1 IS NULL OR id = ?1) AND (?2 IS NULL OR channel = ?2)
            UNION ALL SELECT id FROM helpdesk_accounts WHERE (?1 IS NULL OR id = ?1) AND ?2 IS NULL
            """, [query.installation?.rawValue, query.channel?.rawValue]
        ).map { try $0.text(0) }
    }

    private func contactChoices(_ id: Int64) throws -> [Choice] {
        var choices: [Choice] = []
        let state = query.standing?.state
        if state != .waiting {
            var past = Choice(
                sql: "INDEXED BY outbox_by_contact WHERE contact = ? AND state <> 'waiting' AND", arguments: [id])
            if let state {
                past.sql += " state = ? AND"
                past.arguments += [state.rawValue]
            }
            choices.append(past)
        }
        guard state == nil || state == .waiting else { return choices }
        var keys: [OrderingKey] = [.inbound(id), .outbound(id)]
        for row in try db.rows("SELECT installation, id, helpdesk_account FROM conversations WHERE contact = ?", [id]) {
            let installation: InstallationID = try row.id(0)
            let account: HelpdeskAccountID = try row.id(2)
            keys.append(.outbound(installation, try row.id(1)))
            keys.append(.outbound(account, try row.id(1)))
            keys.append(.note(installation, try row.id(1)))
        }
        let doubt = query.standing == .inDoubt ? "doubt_since IS NOT NULL AND" : ""
        return choices
            + keys.map { key in
                Choice(
                    sql: """
                        INDEXED BY outbox_waiting
                        WHERE ordering_key = ? AND state = 'waiting' AND contact = ? AND \(doubt)
                        """, arguments: [key.rawValue, id])
            }
    }
}

/// The rows of one choice, one after the other.
private final class Walk {
    private let rows: RowCursor
    /// Where it stands; `nil`: at its end.
    private(set) var head: (id: Int64, isHit: Bool)?

    init(_ rows: RowCursor) throws {
        self.rows = rows
        try advance()
    }

    func advance() throws {
        head = try rows.next().map { (id: try $0.integer(0), isHit: try $0.integer(1) == 1) }
    }
}
