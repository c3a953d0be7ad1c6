package import FoundationEssentials
import GRDB
package import RelayCore

/// Events for addresses that have no installation now.
extension SQLiteStore {
    package func park(
        _ arrivals: [Acceptance.Arrival], account: ChannelAccountID, address: Address, now: Date
    ) throws(StoreFailure) -> [ArrivalFate] {
        // Encoded before the queue, so that the one writing thread doesn't have to.
        var contents: [(key: DedupeKey, content: Data?)] = []
        for arrival in arrivals { contents.append((arrival.dedupeKey, try ParkedContent(arrival.content)?.stored())) }
        return try changeBlocking { [contents] db in
            guard try Accounts.exists(.channel(account), in: db) else {
                throw StoreFailure.noAccount(.channel(account))
            }
            let isKnown = try db.exists(
                "SELECT 1 FROM addresses WHERE account = ? AND address = ?", [account.rawValue, address.rawValue])
            guard isKnown else { return contents.map { _ in .foreign } }
            return try contents.map { key, content in
                guard let content else { return .foreign }
                // What was accepted before the address lost its installation is no news.
                try db.run(
                    """
                    INSERT OR IGNORE INTO parked (account, address, key, content, at)
                    SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM dedupe WHERE account = ?1 AND key = ?3)
                    """, [account.rawValue, address.rawValue, key.rawValue, content, now.milliseconds])
                return db.changesCount == 1 ? .parked : .repeated(nil)
            }
        }
    }

    package func parkedEvents() async throws(StoreFailure) -> [ParkedEvents] {
        try await read { db in
            let rows = try db.rows(
                """
                SELECT account, coalesce(kind, ''), address, count(*), min(at) FROM parked
                LEFT JOIN channel_accounts ON channel_accounts.id = parked.account
                GROUP BY account, address ORDER BY account, address
                """)
            return try rows.map { row in
                ParkedEvents(
                    account: try row.id(0), channel: try row.id(1), address: try row.id(2), count: try row.int(3),
                    since: try row.date(4))
            }
        }
    }

    /// Nobody came for these addresses in time: what is parked there is deleted, and nothing is parked there any more.
    static func endParking(now: Date, in db: Database) throws {
        let latest = now.milliseconds - Duration.seconds(Int64(Parking.time)).milliseconds
        for row in try db.rows(
            "SELECT account, address FROM parked GROUP BY account, address HAVING min(at) <= ?", [latest])
        {
            for table in ["parked", "addresses"] {
                try db.run(
                    "DELETE FROM \(table) WHERE account = ? AND address = ?", [try row.text(0), try row.text(1)])
            }
        }
    }

    /// Takes in what is parked for an installation's address, in the order in which it came.
    static func acceptParked(
        for installation: InstallationRow, now: Date, in db: Database, counting tally: inout CounterTally
    ) throws {
        let arguments: SQLArguments = [installation.channel.rawValue, installation.address.rawValue]
        let rows = try db.rows(
            "SELECT key, content FROM parked WHERE account = ? AND address = ? ORDER BY id", arguments)
        guard !rows.isEmpty else { return }
        var arrivals: [Acceptance.Arrival] = []
        for row in rows {
            guard let content = ParkedContent(stored: try row.blobIfAny(1))?.content else { continue }
            arrivals.append(.init(dedupeKey: try row.id(0), content: content))
        }
        let kind = try db.row("SELECT kind FROM channel_accounts WHERE id = ?", [installation.channel.rawValue])?.text(
            0)
        let route = Route(
            installation: installation.id, channel: ChannelKind(kind ?? ""), address: installation.address,
            referenceForm: installation.referenceForm, topic: installation.topic)
        let acceptance = Acceptance(
            account: .channel(installation.channel), routes: [route], arrivals: arrivals, at: now)
        _ = try intake(of: acceptance)(db, &tally)
        try db.run("DELETE FROM parked WHERE account = ? AND address = ?", arguments)
    }
}

/// The form in which an event is parked.
private struct ParkedContent: Codable {
    struct Report: Codable {
        var message: ChannelMessageID
        var state: Receipt.State
        var at: Date
        var reason: String?
        var note: String?
    }

    struct Subscription: Codable {
        var user: ContactProfile
        var kind: SubscriptionChange.Kind
        var at: Date
    }

    var message: InboundPayload?
    var receipt: Report?
    var subscription: Subscription?

    /// - Returns: `nil` for what no channel tells.
    init?(_ content: Acceptance.Content) {
        switch content {
        case .message(let message): self.message = message
        case .receipt(let receipt, let note):
            self.receipt = Report(
                message: receipt.messageID, state: receipt.state, at: receipt.at, reason: receipt.reason, note: note)
        case .subscription(let change):
            subscription = Subscription(user: change.user, kind: change.kind, at: change.at)
        case .reply, .status, .withheld: return nil
        }
    }

    /// - Returns: `nil` for what can't be read.
    init?(stored: Data?) {
        guard let stored, let content = try? JSONDecoder().decode(Self.self, from: stored) else { return nil }
        self = content
    }

    func stored() throws(StoreFailure) -> Data {
        do {
            return try JSONEncoder().encode(self)
        } catch {
            throw StoreFailure(.conflict, "an event can't be stored: \(error)")
        }
    }

    var content: Acceptance.Content? {
        if let message { return .message(message) }
        if let receipt {
            return .receipt(
                Receipt(messageID: receipt.message, state: receipt.state, at: receipt.at, reason: receipt.reason),
                note: receipt.note)
        }
        if let subscription {
            return .subscription(
                SubscriptionChange(user: subscription.user, kind: subscription.kind, at: subscription.at))
        }
        return nil
    }
}
