package import FoundationEssentials
import GRDB
package import RelayCore

/// What becomes of the accounts that installations share.
extension SQLiteStore {
    package func resume(_ account: AccountID, now: Date) async throws(StoreFailure) {
        try await change { db in
            guard try Accounts.exists(account, in: db) else { throw StoreFailure.noAccount(account) }
            try Self.resume(account, now: now.milliseconds, in: db)
            try Self.bumpInstallations(db)
        }
    }

    @discardableResult
    package func refuse(
        _ account: UsedAccount, reason: String, now: Date
    ) async throws(StoreFailure) -> AccountRefusal {
        try await change { [key] db in
            guard try Accounts.exists(account.id, in: db) else { return .outdated }
            switch account {
            case .channel(let used):
                guard try Accounts.channel(used.id, key: key, in: db).hasSameCredentials(as: used) else {
                    return .outdated
                }
            case .helpdesk(let used):
                var present = try Accounts.helpdesk(used.id, key: key, in: db)
                guard present.hasSameCredentials(as: used) else { return .outdated }
                if present.state == .active, present.takeSpareToken() {
                    try Accounts.write(present, key: key, in: db)
                    try Self.bumpInstallations(db)
                    return .spareTakesOver
                }
            }
            let account = account.id
            if try Self.isPaused(account, in: db) { return .paused }
            try db.run(
                "UPDATE \(account.table) SET state = 'paused', paused_reason = ?, paused_since = ? WHERE id = ?",
                [reason, now.milliseconds, account.rawValue])
            try Self.bumpInstallations(db)
            return .paused
        }
    }

    @discardableResult
    package func identify(
        _ account: AccountID, as identity: RemoteIdentity, now: Date
    ) async throws(StoreFailure) -> AccountIdentification {
        try await changeCounting { [key] db, tally in
            guard try Accounts.exists(account, in: db) else { throw StoreFailure.noAccount(account) }
            try db.run(
                "UPDATE \(account.table) SET identity = ?1 WHERE id = ?2 AND identity IS NOT ?1",
                [identity.rawValue, account.rawValue])
            if db.changesCount > 0 { try Self.bumpInstallations(db) }
            guard let (older, other) = try Self.equals(of: account, in: db) else { return .alone }
            if let (first, second) = try Self.clash(of: older, with: other, in: db) {
                return .sharesAddress(first, second)
            }
            var merge = AccountMerge(older: older, other: other, proven: account, db: db)
            try merge.run(key: key, now: now)
            for installation in merge.moved { try Self.settle(installation, now: now, in: db, counting: &tally) }
            try Self.bumpInstallations(db)
            return .merged(other)
        }
    }

    /// Two accounts that are one to their service, the older first; `nil` if there is no other.
    private static func equals(of account: AccountID, in db: Database) throws -> (AccountID, AccountID)? {
        let sameKind = account.side == .channel ? "AND other.kind = this.kind" : ""
        let row = try db.row(
            """
            SELECT other.id, other.number < this.number FROM \(account.table) AS this
            JOIN \(account.table) AS other ON other.identity = this.identity AND other.id <> this.id \(sameKind)
            WHERE this.id = ? ORDER BY other.number LIMIT 1
            """, [account.rawValue])
        guard let row else { return nil }
        let other: AccountID =
            switch account {
            case .channel: .channel(try row.id(0))
            case .helpdesk: .helpdesk(try row.id(0))
            }
        return try row.flag(1) ? (other, account) : (account, other)
    }

    /// Two installations that would have one address if the accounts became one; `nil` if there are none.
    private static func clash(
        of older: AccountID, with other: AccountID, in db: Database
    ) throws -> (InstallationID, InstallationID)? {
        guard older.side == .channel else { return nil }
        let row = try db.row(
            """
            SELECT ours.id, theirs.id FROM installations AS ours JOIN installations AS theirs ON theirs.address = ours.address
            WHERE ours.channel_account = ? AND theirs.channel_account = ?
                AND ours.state IN ('active', 'paused') AND theirs.state IN ('active', 'paused')
            """, [older.rawValue, other.rawValue])
        return try row.map { (try $0.id(0), try $0.id(1)) }
    }

    // MARK: Parts of these

    static func isPaused(_ account: AccountID, in db: Database) throws -> Bool {
        try db.exists("SELECT 1 FROM \(account.table) WHERE id = ? AND state = 'paused'", [account.rawValue])
    }

    /// It is active, its gates are open, and all that waits on its installations is due.
    static func resume(_ account: AccountID, now: Int64, in db: Database) throws {
        try db.run(
            """
            UPDATE \(account.table) SET state = 'active', paused_reason = NULL, paused_since = NULL
            WHERE id = ? AND state = 'paused'
            """, [account.rawValue])
        try openGates(of: account, in: db)
        try makeDue(onAccount: account, now: now, in: db)
    }

    /// All that waits on its installations, in both directions, is due.
    static func makeDue(onAccount account: AccountID, now: Int64, in db: Database) throws {
        for row in try db.rows(
            "SELECT id FROM installations WHERE \(account.column) = ? AND state <> 'removed'", [account.rawValue])
        {
            try makeDue(try row.text(0), now: now, in: db)
        }
        if account.side == .helpdesk { try makeDue(account.rawValue, now: now, in: db) }
    }

    static func openGate(_ scope: GateScope, in db: Database) throws {
        try db.run("DELETE FROM gates WHERE scope = ?", [scope.stored])
    }

    /// Those of its addresses too.
    static func openGates(of account: AccountID, in db: Database) throws {
        try openGate(.account(account), in: db)
        guard case .channel(let id) = account else { return }
        let prefix = GateScope.address(id, .only).stored
        try db.run("DELETE FROM gates WHERE substr(scope, 1, length(?1)) = ?1", [prefix])
    }
}
