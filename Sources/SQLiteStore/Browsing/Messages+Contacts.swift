import GRDB
import RelayCore

/// Finds whom a person means.
struct ContactSearch {
    let query: MessageQuery
    let installations: [String]
    let db: Database

    /// Those with that id, else those with that in their names, the newest first.
    func contacts() throws -> (ids: [Int64], hasMore: Bool) {
        var ids: Set<Int64> = []
        for installation in installations {
            for row in try db.rows(
                """
                SELECT id FROM contacts WHERE installation = ?1 AND channel_user = ?2
                UNION ALL
                SELECT id FROM contacts WHERE installation = ?1 AND helpdesk_user = ?2
                """, [installation, query.contact])
            {
                ids.insert(try row.integer(0))
            }
        }
        return ids.isEmpty ? try named() : (ids.sorted(by: >), false)
    }

    private func named() throws -> (ids: [Int64], hasMore: Bool) {
        let scope = Set(installations)
        let patterns = Pattern.inText(query.contact)
        let isHit = patterns.map { _ in "name LIKE ? ESCAPE '\\'" }.joined(separator: " OR ")
        let rows = try Row.fetchCursor(
            try db.makeStatement(
                sql: "SELECT id, coalesce(\(isHit), 0), name, installation FROM contacts ORDER BY id DESC"),
            arguments: StatementArguments(patterns))
        var ids: [Int64] = []
        var looked = 0
        while let row = try rows.next() {
            if looked == query.lookLimit { return (ids, true) }
            looked += 1
            guard try row.integer(1) == 1, scope.contains(try row.text(3)),
                MessageQuery.text(try row.textIfAny(2) ?? "", holds: query.contact)
            else { continue }
            if ids.count == MessageQuery.contactLimit { return (ids, true) }
            ids.append(try row.integer(0))
        }
        return (ids, false)
    }
}
