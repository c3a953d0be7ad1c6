import FoundationEssentials
import HTTPTypes
import RelayCore

extension Page {
    /// The list of messages, newest first.
    static let messages = Page(.get, "/messages", in: .messages) { request, context in
        let filter = MessageFilter(request.query)
        let known = try await KnownInstallations(context.store)
        let page = try await context.store.messages(filter.query)
        let waiting = page.messages.map(\.delivery).filter { $0.state == .waiting }.map(\.id)
        let waits = try await context.store.waitReasons(of: waiting, now: context.now)
        let view = MessagesView(page, waits, filter, known, context)
        return .page(
            PageContent(
                .messages, title: context.texts.messages.title, view,
                // An older page stays as it is.
                refreshSeconds: filter.place == .newest ? 5 : nil))
    }
}

/// The installations that messages may belong to, removed ones too.
struct KnownInstallations: Sendable {
    let present: [Installation]
    let removed: [RemovedInstallation]

    init(_ store: any Store) async throws {
        present = try await store.installations()
        removed = try await store.removedInstallations()
    }

    func name(of id: InstallationID, _ texts: Texts) -> String {
        if let found = present.first(where: { $0.id == id }) { return found.name }
        if let found = removed.first(where: { $0.id == id }) { return texts.messages.removed(found.name) }
        return isAccount(id) ? texts.accounts.undecidedOwner(id.rawValue) : id.rawValue
    }

    /// Whether a helpdesk account stands in an installation's place, because nobody knows yet whose a reply is.
    func isAccount(_ id: InstallationID) -> Bool { present.contains { $0.helpdesk.id.rawValue == id.rawValue } }

    /// The installation whose page tells how a message's installation, or the account in its place, is; `nil` if it is gone.
    func page(of id: InstallationID) -> InstallationID? {
        (present.first { $0.id == id } ?? present.first { $0.helpdesk.id.rawValue == id.rawValue })?.id
    }

    /// The kind of channel; `nil` for an installation that has left no trace.
    func channel(of id: InstallationID) -> ChannelKind? {
        present.first { $0.id == id }?.channel.kind ?? removed.first { $0.id == id }?.channel
    }
}

private struct MessagesView: Sendable {
    struct Option: Sendable {
        var value: String
        var label: String
        var isChosen: Bool
    }

    var action: String
    var standings: [Option]
    var installations: [Option]
    var channels: [Option]
    var hasChannels: Bool
    var directions: [Option]
    var contact: String
    var text: String
    var isNarrowed: Bool
    var rows: [MessageRowView]
    var hasRows: Bool
    /// The way on from an empty list; `nil` if the list isn't empty.
    var nothing: EmptyView?
    /// The limits of the search.
    var remarks: [String]
    var older: String?
    var olderLabel: String
    var newer: String?
    var newest: String?
    var isLive: Bool

    init(
        _ page: MessagePage, _ waits: [DeliveryID: WaitReason], _ filter: MessageFilter, _ known: KnownInstallations,
        _ context: PageContext
    ) {
        let texts = context.texts.messages
        func link(_ place: MessageQuery.Place) -> String {
            context.settings.link("/messages", filter.fields(at: place))
        }
        action = context.settings.link("/messages")
        standings = MessageQuery.Standing.allCases.map {
            Option(value: $0.rawValue, label: context.texts.message.standing($0), isChosen: $0 == filter.standing)
        }
        let ids = known.present.map(\.id) + known.removed.map(\.id)
        installations = ids.map {
            Option(value: $0.rawValue, label: known.name(of: $0, context.texts), isChosen: $0 == filter.installation)
        }
        let kinds = Set(ids.compactMap(known.channel)).sorted { $0.rawValue < $1.rawValue }
        channels = kinds.map { kind in
            Option(value: kind.rawValue, label: context.name(ofChannel: kind), isChosen: kind == filter.channel)
        }
        hasChannels = kinds.count > 1
        directions = Direction.allCases.map {
            Option(value: $0.rawValue, label: texts.direction($0), isChosen: $0 == filter.direction)
        }
        contact = filter.contact
        text = filter.text
        isNarrowed = filter.isNarrowed
        rows = page.messages.map { MessageRowView($0, waits[$0.delivery.id], known, context) }
        hasRows = !rows.isEmpty
        isLive = filter.place == .newest
        remarks = []
        if let looked = page.scannedCount { remarks.append(texts.scannedCount(looked, isNewest: isLive)) }
        if page.hasMoreContacts { remarks.append(texts.moreContacts(MessageQuery.contactLimit)) }
        older = page.older.map(link)
        olderLabel = page.scannedCount == nil ? texts.older : texts.searchOlder
        newer = page.newer.map(link)
        newest = filter.place == .newest ? nil : link(.newest)
        nothing =
            hasRows || page.scannedCount != nil
            ? nil : EmptyView(filter, isConnected: !ids.isEmpty, context)
    }
}

/// The words of an empty list.
private struct EmptyView: Sendable {
    var title: String
    var lead: String
    var href: String
    var action: String

    init(_ filter: MessageFilter, isConnected: Bool, _ context: PageContext) {
        let texts = context.texts.messages
        if !isConnected {
            (title, lead, action) = (texts.unconnectedTitle, texts.unconnectedLead, texts.connect)
            href = context.settings.link("/installations/new")
        } else if filter.isNarrowed {
            (title, lead, action) = (texts.nothingFoundTitle, texts.nothingFoundLead, texts.clear)
            href = context.settings.link("/messages")
        } else if filter.place != .newest {
            (title, lead, action) = (texts.endTitle, texts.endLead, texts.newest)
            href = context.settings.link("/messages")
        } else {
            (title, lead, action) = (texts.noneTitle, texts.noneLead, texts.toInstallations)
            href = context.settings.link("/installations")
        }
    }
}

extension MessageRowView {
    fileprivate init(
        _ message: BrowsedMessage, _ reason: WaitReason?, _ known: KnownInstallations, _ context: PageContext
    ) {
        let texts = context.texts.message
        let delivery = message.delivery
        id = texts.number(delivery.id)
        href = context.settings.link("/messages/\(delivery.id)")
        who = message.name(texts)
        way = message.way(texts)
        isOutbound = delivery.direction == .outbound
        installation = known.name(of: delivery.installation, context.texts)
        text = delivery.payload?.excerpt ?? texts.unreadable
        if text.isBlank { text = texts.blank }
        // Two lines are shown: the page needn't carry all of a long text for them.
        if text.count > 300 { text = text.prefix(300) + "…" }
        standing = StandingView(MessageQuery.Standing(of: delivery), texts)
        let channel = context.name(ofChannel: known.channel(of: delivery.installation))
        wait = reason.map { [WaitView($0, on: known.page(of: delivery.installation), channel: channel, context)] } ?? []
        let present = known.present.first { $0.id == delivery.installation }
        reasons =
            delivery.state == .delivered || delivery.reason.isEmpty ? [] : [context.masked(delivery.reason, present)]
        isLate = delivery.isOutOfOrder
        hasFoot = !wait.isEmpty || !reasons.isEmpty || isLate
        time = TimeView(delivery.acceptedAt)
    }
}

extension PageContext {
    /// Hides the installation's secrets, should another service's words ever hold one.
    func masked(_ words: String, _ installation: Installation?) -> String {
        guard let installation else { return words }
        let (channel, helpdesk) = (installation.channel, installation.helpdesk)
        let secrets =
            Array(channel.secrets.values) + [helpdesk.token] + helpdesk.spareTokens
            + (channel.endpoints + helpdesk.endpoints).map(\.token)
        return words.masking(secrets)
    }
}

extension Template {
    fileprivate static let messages = Template("messages", PackageResources.messages_mustache)
}
