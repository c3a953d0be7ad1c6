import FoundationEssentials
import GRDB
import RelayCore

/// An installation as it is stored: its accounts are rows of their own.
struct InstallationRow {
    private static let columns = """
        id, channel_account, address, reference_form, helpdesk_account, topic, topic_name, former_topics, former,
        resolved_policy, forwards_system_lines, name, state, paused_reason, paused_since, paused_by, doubt_policy, origin,
        created_at
        """

    var id: InstallationID
    var channel: ChannelAccountID
    var address: Address
    var referenceForm: Reference.Form
    var helpdesk: HelpdeskAccountID
    var topic: TopicID
    var topicName: String?
    var formerTopics: [TopicID]
    var former: [FormerPlace]
    var resolvedPolicy: Installation.ResolvedPolicy
    var forwardsSystemLines: Bool
    var name: String
    var state: Installation.State
    var doubtPolicy: Installation.DoubtPolicy
    var origin: Installation.Origin
    var createdAt: Date

    init(_ installation: Installation) {
        id = installation.id
        channel = installation.channel.id
        address = installation.address
        referenceForm = installation.referenceForm
        helpdesk = installation.helpdesk.id
        topic = installation.topic
        topicName = installation.topicName
        formerTopics = installation.formerTopics
        former = installation.former
        resolvedPolicy = installation.resolvedPolicy
        forwardsSystemLines = installation.forwardsSystemLines
        name = installation.name
        state = installation.ownState
        doubtPolicy = installation.doubtPolicy
        origin = installation.origin
        createdAt = installation.createdAt
    }

    private init(_ row: some SQLColumns) throws {
        id = try row.id(0)
        channel = try row.id(1)
        address = try row.id(2)
        referenceForm = try row.word(3)
        helpdesk = try row.id(4)
        topic = try row.id(5)
        topicName = try row.textIfAny(6)
        formerTopics = try row.text(7).decodedList()
        former = try row.text(8).decodedList()
        resolvedPolicy = try row.word(9)
        forwardsSystemLines = try row.flag(10)
        name = try row.text(11)
        state = try Installation.State(row, from: 12)
        doubtPolicy = try row.word(16)
        origin = try row.word(17)
        createdAt = try row.date(18)
    }

    /// Those that aren't removed, in the order they were made.
    static func all(in db: Database) throws -> [InstallationRow] {
        try db.rows("SELECT \(columns) FROM installations WHERE state <> 'removed' ORDER BY number").map {
            try Self($0)
        }
    }

    /// - Throws: `notFound` if there is none, or it is removed.
    static func one(_ id: InstallationID, in db: Database) throws -> InstallationRow {
        guard
            let row = try db.row(
                "SELECT \(columns) FROM installations WHERE id = ? AND state <> 'removed'", [id.rawValue])
        else { throw StoreFailure(.notFound, "there is no installation \(id)") }
        return try Self(row)
    }

    /// - Returns: `nil` if one of the accounts isn't there.
    func installation(channel: ChannelAccount?, helpdesk: HelpdeskAccount?) -> Installation? {
        guard let channel, let helpdesk else { return nil }
        return Installation(
            id: id, channel: channel, address: address, referenceForm: referenceForm, helpdesk: helpdesk, topic: topic,
            topicName: topicName, formerTopics: formerTopics, former: former, name: name, ownState: state,
            resolvedPolicy: resolvedPolicy, forwardsSystemLines: forwardsSystemLines, doubtPolicy: doubtPolicy,
            origin: origin, createdAt: createdAt)
    }

    /// - Parameter kind: of the channel.
    func write(_ kind: ChannelKind, in db: Database) throws {
        var reason: String?
        var since: Date?
        var cause: Installation.PauseCause?
        switch state {
        case .active, .removed: break
        case .paused(let words, let date, let by): (reason, since, cause) = (words, date, by)
        case .draining(let date): since = date
        }
        try db.run(
            """
            INSERT INTO installations (id, channel_account, address, reference_form, helpdesk_account, topic, topic_name,
                former_topics, former, resolved_policy, forwards_system_lines, name, state, paused_reason, paused_since,
                doubt_policy, origin, created_at, channel, paused_by)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET channel_account = excluded.channel_account, address = excluded.address,
                reference_form = excluded.reference_form, helpdesk_account = excluded.helpdesk_account,
                topic = excluded.topic, topic_name = excluded.topic_name, former_topics = excluded.former_topics,
                former = excluded.former, resolved_policy = excluded.resolved_policy,
                forwards_system_lines = excluded.forwards_system_lines, name = excluded.name, state = excluded.state,
                paused_reason = excluded.paused_reason, paused_since = excluded.paused_since,
                doubt_policy = excluded.doubt_policy, origin = excluded.origin, created_at = excluded.created_at,
                channel = excluded.channel, paused_by = excluded.paused_by
            """,
            [
                id.rawValue, channel.rawValue, address.rawValue, referenceForm.rawValue, helpdesk.rawValue,
                topic.rawValue, topicName, try String(list: formerTopics), try String(list: former),
                resolvedPolicy.rawValue, forwardsSystemLines, name, state.name, reason, since?.milliseconds,
                doubtPolicy.rawValue, origin.rawValue, createdAt.milliseconds, kind.rawValue,
                cause?.rawValue,
            ])
    }
}

extension Installation.State {
    /// Reads state, reason, time and cause, which stand in this order from a column on.
    init(_ row: some SQLColumns, from index: Int) throws {
        let since = try row.dateIfAny(index + 2) ?? .distantPast
        self =
            switch try row.text(index) {
            case "active": .active
            case "paused":
                .paused(
                    reason: try row.textIfAny(index + 1) ?? "", since: since,
                    // An unknown cause, from a newer version, counts as a refused credential.
                    by: try row.textIfAny(index + 3).flatMap(Installation.PauseCause.init(rawValue:)) ?? .credential)
            case "draining": .draining(since: since)
            default: .removed
            }
    }
}

extension StoreFailure {
    static func wrongKey(wanted: String, given: String) -> StoreFailure {
        StoreFailure(
            .wrongKey,
            "the data store's secrets were encrypted with key \(wanted), and key \(given) was given. Give the key that they "
                + "were encrypted with; it is in secret.key of the data folder unless another was configured.")
    }
}

extension SecretSealing {
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
