import FoundationEssentials
import GRDB
import RelayCore

/// The rows of accounts.
enum Accounts {
    private static let channelColumns =
        "id, kind, identity, settings, state, paused_reason, paused_since, \(SealedSecrets.columns)"
    private static let helpdeskColumns = """
        id, identity, base_url, webhook_public_key, spare_public_keys, text_limit, state, paused_reason, paused_since,
        \(SealedSecrets.columns)
        """

    // MARK: Reading

    static func channels(key: any SecretSealing, in db: Database) throws -> [ChannelAccount] {
        try db.rows("SELECT \(channelColumns) FROM channel_accounts ORDER BY number").map { try channel($0, key: key) }
    }

    static func helpdesks(key: any SecretSealing, in db: Database) throws -> [HelpdeskAccount] {
        try db.rows("SELECT \(helpdeskColumns) FROM helpdesk_accounts WHERE state <> 'removed' ORDER BY number")
            .map { try helpdesk($0, key: key) }
    }

    /// - Throws: `notFound` if there is none.
    static func channel(_ id: ChannelAccountID, key: any SecretSealing, in db: Database) throws -> ChannelAccount {
        guard let row = try db.row("SELECT \(channelColumns) FROM channel_accounts WHERE id = ?", [id.rawValue]) else {
            throw StoreFailure.noAccount(.channel(id))
        }
        return try channel(row, key: key)
    }

    /// - Throws: `notFound` if there is none.
    static func helpdesk(_ id: HelpdeskAccountID, key: any SecretSealing, in db: Database) throws -> HelpdeskAccount {
        guard
            let row = try db.row(
                "SELECT \(helpdeskColumns) FROM helpdesk_accounts WHERE id = ? AND state <> 'removed'", [id.rawValue])
        else { throw StoreFailure.noAccount(.helpdesk(id)) }
        return try helpdesk(row, key: key)
    }

    static func exists(_ account: AccountID, in db: Database) throws -> Bool {
        switch account {
        case .channel(let id): try db.exists("SELECT 1 FROM channel_accounts WHERE id = ?", [id.rawValue])
        case .helpdesk(let id):
            try db.exists("SELECT 1 FROM helpdesk_accounts WHERE id = ? AND state <> 'removed'", [id.rawValue])
        }
    }

    private static func channel(_ row: SQLRow, key: any SecretSealing) throws -> ChannelAccount {
        let id: ChannelAccountID = try row.id(0)
        let sealed = try SealedSecrets(row, of: id.rawValue, from: 7)
        let secrets = try sealed.earlier(key: key)?.ofChannel ?? sealed.open(ChannelSecrets.self, key: key)
        return ChannelAccount(
            id: id, kind: try row.id(1), identity: try row.textIfAny(2).map(RemoteIdentity.init(rawValue:)),
            settings: (try? JSONDecoder().decode([String: String].self, from: Data(try row.text(3).utf8))) ?? [:],
            secrets: secrets.secrets, endpoints: secrets.endpoints, registeredURL: secrets.registeredURL,
            state: try AccountState(row, from: 4))
    }

    private static func helpdesk(_ row: SQLRow, key: any SecretSealing) throws -> HelpdeskAccount {
        let id: HelpdeskAccountID = try row.id(0)
        let sealed = try SealedSecrets(row, of: id.rawValue, from: 9)
        let secrets = try sealed.earlier(key: key)?.ofHelpdesk ?? sealed.open(HelpdeskSecrets.self, key: key)
        return HelpdeskAccount(
            id: id, identity: try row.textIfAny(1).map(RemoteIdentity.init(rawValue:)), baseURL: try row.text(2),
            token: secrets.token, spareTokens: secrets.spareTokens, webhookPublicKey: try row.text(3),
            sparePublicKeys: try row.text(4).decodedList(), textLimit: try row.int(5), endpoints: secrets.endpoints,
            state: try AccountState(row, from: 6))
    }

    /// Names of topics that stand in the secrets as versions before accounts sealed them.
    static func earlierTopicNames(key: any SecretSealing, in db: Database) throws -> [InstallationID: String] {
        let rows = try db.rows(
            "SELECT id, \(SealedSecrets.columns) FROM helpdesk_accounts WHERE seal_context <> id AND state <> 'removed'"
        )
        var names: [InstallationID: String] = [:]
        for row in rows {
            let sealed = try SealedSecrets(row, of: try row.text(0), from: 1)
            names[InstallationID(sealed.context)] = try sealed.earlier(key: key)?.topicName
        }
        return names
    }

    // MARK: Writing

    static func write(_ account: ChannelAccount, key: any SecretSealing, in db: Database) throws {
        let secrets = ChannelSecrets(
            secrets: account.secrets, endpoints: account.endpoints, registeredURL: account.registeredURL)
        let sealed = try SealedSecrets(sealing: secrets, of: account.id.rawValue, with: key)
        let settings = String(decoding: try JSONEncoder().encode(account.settings), as: UTF8.self)
        try db.run(
            """
            INSERT INTO channel_accounts (id, kind, identity, settings, state, paused_reason, paused_since, secrets, key_id,
                seal_context)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, identity = coalesce(excluded.identity, identity),
                settings = excluded.settings, state = excluded.state, paused_reason = excluded.paused_reason,
                paused_since = excluded.paused_since, secrets = excluded.secrets, key_id = excluded.key_id,
                seal_context = excluded.seal_context
            """,
            [
                account.id.rawValue, account.kind.rawValue, account.identity?.rawValue, settings, account.state.word,
                account.state.reason, account.state.since?.milliseconds, sealed.sealed, sealed.keyID, sealed.context,
            ])
    }

    static func write(_ account: HelpdeskAccount, key: any SecretSealing, in db: Database) throws {
        let id = account.id.rawValue
        // What else an earlier version sealed with its secrets gets a place of its own.
        if let row = try db.row("SELECT \(SealedSecrets.columns) FROM helpdesk_accounts WHERE id = ?", [id]) {
            let sealed = try SealedSecrets(row, of: id, from: 0)
            if let name = try? sealed.earlier(key: key)?.topicName {
                try db.run(
                    "UPDATE installations SET topic_name = ? WHERE id = ? AND topic_name IS NULL",
                    [name, sealed.context])
            }
        }
        let secrets = HelpdeskSecrets(
            token: account.token, spareTokens: account.spareTokens, endpoints: account.endpoints)
        let sealed = try SealedSecrets(sealing: secrets, of: id, with: key)
        try db.run(
            """
            INSERT INTO helpdesk_accounts (id, identity, base_url, webhook_public_key, spare_public_keys, text_limit, state,
                paused_reason, paused_since, secrets, key_id, seal_context)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET identity = coalesce(excluded.identity, identity), base_url = excluded.base_url,
                webhook_public_key = excluded.webhook_public_key, spare_public_keys = excluded.spare_public_keys,
                text_limit = excluded.text_limit, state = excluded.state, paused_reason = excluded.paused_reason,
                paused_since = excluded.paused_since, secrets = excluded.secrets, key_id = excluded.key_id,
                seal_context = excluded.seal_context
            """,
            [
                id, account.identity?.rawValue, account.baseURL, account.webhookPublicKey,
                String(list: account.sparePublicKeys), account.textLimit, account.state.word, account.state.reason,
                account.state.since?.milliseconds, sealed.sealed, sealed.keyID, sealed.context,
            ])
    }

    /// One that is nobody's, nor was an installation's that is removed.
    static func freshChannel(_ kind: ChannelKind, in db: Database) throws -> ChannelAccountID {
        while true {
            let id = ChannelAccountID.fresh(kind)
            if try !db.exists("SELECT 1 FROM installations WHERE channel_account = ?", [id.rawValue]),
                try !exists(.channel(id), in: db)
            {
                return id
            }
        }
    }

    static func freshHelpdesk(in db: Database) throws -> HelpdeskAccountID {
        while true {
            let id = HelpdeskAccountID.fresh()
            if try !db.exists("SELECT 1 FROM helpdesk_accounts WHERE id = ?", [id.rawValue]),
                try !db.exists("SELECT 1 FROM installations WHERE helpdesk_account = ?", [id.rawValue])
            {
                return id
            }
        }
    }
}

extension AccountState {
    /// Reads state, reason and time, which stand in this order from a column on.
    init(_ row: some SQLColumns, from index: Int) throws {
        self =
            try row.text(index) == "paused"
            ? .paused(reason: try row.textIfAny(index + 1) ?? "", since: try row.dateIfAny(index + 2) ?? .distantPast)
            : .active
    }

    fileprivate var word: String { self == .active ? "active" : "paused" }

    fileprivate var reason: String? {
        guard case .paused(let reason, _) = self else { return nil }
        return reason
    }

    fileprivate var since: Date? {
        guard case .paused(_, let since) = self else { return nil }
        return since
    }
}

extension AccountID {
    /// The table that its row is in.
    var table: String {
        switch self {
        case .channel: "channel_accounts"
        case .helpdesk: "helpdesk_accounts"
        }
    }

    /// The column of an installation that names it.
    var column: String {
        switch self {
        case .channel: "channel_account"
        case .helpdesk: "helpdesk_account"
        }
    }
}

extension GateScope {
    /// As the gates are stored.
    var stored: String {
        switch self {
        case .account(.channel(let id)): "channel/\(id)"
        case .account(.helpdesk(let id)): "helpdesk/\(id)"
        case .address(let id, let address): "address/\(id)/\(address)"
        }
    }
}

extension String {
    /// A list as it is stored in a column.
    init(list: some Encodable) throws {
        self = String(decoding: try JSONEncoder().encode(list), as: UTF8.self)
    }

    /// Empty if it can't be read.
    func decodedList<Element: Decodable>() -> [Element] {
        (try? JSONDecoder().decode([Element].self, from: Data(utf8))) ?? []
    }
}

extension StoreFailure {
    static func noAccount(_ account: AccountID) -> StoreFailure {
        StoreFailure(.notFound, "there is no account \(account)")
    }
}
