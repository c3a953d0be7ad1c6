import FoundationEssentials
import GRDB
import RelayCore

/// An installation as it is stored: its secrets sealed.
struct InstallationRow: Sendable {
    /// What is encrypted together.
    private struct Secrets: Codable {
        var channel: [String: Secret]
        var helpdesk: Secret
        var targetToken: Secret
        var helpdeskToken: Secret
        var eventSecret: Secret
        /// In here because the target token is a part of it.
        var registeredURL: String
        /// In here because it was added without a column of its own; `nil` if an earlier version stored the installation.
        var topicName: String?
    }

    static let selection = """
        SELECT id, channel, channel_settings, base_url, topic, webhook_public_key, resolved_policy, forwards_system_lines,
            text_limit, name, state, paused_reason, paused_since, doubt_policy, origin, created_at, secrets, key_id
        FROM installations WHERE state <> 'removed' ORDER BY number
        """

    /// Without secrets, and with the settings of the channel in it.
    private var plain: Installation
    private var settings: String
    private var sealed: Data?
    private var keyID: String?

    init(_ installation: Installation, key: EncryptionKey) throws(StoreFailure) {
        let secrets = Secrets(
            channel: installation.channel.secrets, helpdesk: installation.helpdesk.token,
            targetToken: installation.targetToken, helpdeskToken: installation.helpdeskToken,
            eventSecret: installation.eventSecret, registeredURL: installation.registeredURL,
            topicName: installation.helpdesk.topicName)
        plain = installation
        do {
            settings = String(decoding: try JSONEncoder().encode(installation.channel.settings), as: UTF8.self)
            sealed = try key.seal(try JSONEncoder().encode(secrets), context: installation.id.rawValue)
        } catch {
            throw StoreFailure(error, path: installation.id.rawValue)
        }
        keyID = key.id
        plain.channel.secrets = [:]
        plain.helpdesk.token = Secret("")
    }

    init(_ row: some Columns) throws {
        settings = try row.text(2)
        sealed = try row.blobIfAny(16)
        keyID = try row.textIfAny(17)
        let state: Installation.State =
            switch try row.text(10) {
            case "active": .active
            case "paused": .paused(reason: try row.textIfAny(11) ?? "", since: try row.dateIfAny(12) ?? .distantPast)
            default: .removed
            }
        let nothing = Secret("")
        plain = Installation(
            id: try row.id(0),
            channel: ChannelAccount(
                kind: try row.id(1),
                settings: (try? JSONDecoder().decode([String: String].self, from: Data(settings.utf8))) ?? [:]),
            helpdesk: HelpdeskAccount(
                baseURL: try row.text(3), token: nothing, topic: try row.id(4), webhookPublicKey: try row.text(5),
                resolvedPolicy: try row.word(6), forwardsSystemLines: try row.flag(7), textLimit: try row.int(8)),
            name: try row.text(9), state: state, doubtPolicy: try row.word(13), origin: try row.word(14),
            targetToken: nothing, helpdeskToken: nothing, eventSecret: nothing, createdAt: try row.date(15))
    }

    /// The installation with its secrets opened.
    func installation(key: EncryptionKey) throws(StoreFailure) -> Installation {
        guard let sealed, let clear = key.open(sealed, context: plain.id.rawValue) else {
            guard let keyID, keyID != key.id else {
                throw StoreFailure(
                    .damaged,
                    "the secrets of installation \(plain.id) can't be decrypted: the row was changed or is damaged. "
                        + "Install it again, or put a backup in place.")
            }
            throw .wrongKey(wanted: keyID, given: key.id)
        }
        guard let secrets = try? JSONDecoder().decode(Secrets.self, from: clear) else {
            throw StoreFailure(
                .damaged, "the secrets of installation \(plain.id) are in a form that this version can't read")
        }
        var installation = plain
        installation.channel.secrets = secrets.channel
        installation.helpdesk.token = secrets.helpdesk
        installation.targetToken = secrets.targetToken
        installation.helpdeskToken = secrets.helpdeskToken
        installation.eventSecret = secrets.eventSecret
        installation.registeredURL = secrets.registeredURL
        installation.helpdesk.topicName = secrets.topicName
        return installation
    }

    func write(_ db: Database) throws {
        var pausedReason: String?
        var pausedSince: Int64?
        if case .paused(let reason, let since) = plain.state {
            pausedReason = reason
            pausedSince = since.milliseconds
        }
        try db.run(
            """
            INSERT INTO installations (id, channel, channel_settings, base_url, topic, webhook_public_key,
                resolved_policy, forwards_system_lines, text_limit, name, state, paused_reason, paused_since, doubt_policy,
                origin, created_at, secrets, key_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET channel = excluded.channel, channel_settings = excluded.channel_settings,
                base_url = excluded.base_url, topic = excluded.topic, webhook_public_key = excluded.webhook_public_key,
                resolved_policy = excluded.resolved_policy, forwards_system_lines = excluded.forwards_system_lines,
                text_limit = excluded.text_limit, name = excluded.name, state = excluded.state,
                paused_reason = excluded.paused_reason, paused_since = excluded.paused_since,
                doubt_policy = excluded.doubt_policy, origin = excluded.origin, created_at = excluded.created_at,
                secrets = excluded.secrets, key_id = excluded.key_id
            """,
            [
                plain.id.rawValue, plain.channel.kind.rawValue, settings, plain.helpdesk.baseURL,
                plain.helpdesk.topic.rawValue, plain.helpdesk.webhookPublicKey, plain.helpdesk.resolvedPolicy.rawValue,
                plain.helpdesk.forwardsSystemLines, plain.helpdesk.textLimit, plain.name, plain.state.name,
                pausedReason,
                pausedSince, plain.doubtPolicy.rawValue, plain.origin.rawValue, plain.createdAt.milliseconds, sealed,
                keyID,
            ])
    }
}

extension StoreFailure {
    static func wrongKey(wanted: String, given: String) -> StoreFailure {
        StoreFailure(
            .wrongKey,
            "the data store's secrets were encrypted with key \(wanted), and key \(given) was given. Give the key that they "
                + "were encrypted with; it is in secret.key of the data directory unless another was configured.")
    }
}

extension EncryptionKey {
    /// Makes sure that this is the key the store was made with; the first key is remembered.
    func check(in db: Database) throws {
        let name = "key"
        let content = Data(name.utf8)
        guard let row = try db.row("SELECT content FROM meta WHERE name = 'key'"), let mark = try row.blobIfAny(0)
        else {
            let mark = Data(id.utf8) + (try seal(content, context: name))
            try db.run("INSERT INTO meta (name, content) VALUES ('key', ?)", [mark])
            return
        }
        let wanted = String(decoding: mark.prefix(8), as: UTF8.self)
        guard wanted == id, open(Data(mark.dropFirst(8)), context: name) == content else {
            throw StoreFailure.wrongKey(wanted: wanted, given: id)
        }
    }

    /// Whether it is the one that the store's secrets are encrypted with; of a store without a mark it may become that.
    func matches(in db: Database) throws -> Bool {
        let name = "key"
        guard let mark = try db.row("SELECT content FROM meta WHERE name = ?", [name])?.blobIfAny(0) else {
            return true
        }
        return String(decoding: mark.prefix(8), as: UTF8.self) == id
            && open(Data(mark.dropFirst(8)), context: name) == Data(name.utf8)
    }
}
