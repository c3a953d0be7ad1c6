import FoundationEssentials
import HTTPTypes
import RelayCore

extension Page {
    /// The list of messages, newest first.
    static let messages = Page(.get, "/messages", in: .messages) { request, desk in
        let filter = MessageFilter(request.query)
        let installations = try await desk.store.installations()
        let page = try await desk.store.messages(filter.query)
        let view = MessagesView(page, filter, installations, desk)
        return .page(
            PageContent(
                .messages, title: desk.texts.messages.title, view,
                // An older page stays as it is.
                refreshSeconds: filter.place == .newest ? 5 : nil))
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
    /// What to do when there is nothing; `nil`: there is something.
    var nothing: EmptyView?
    /// What the look left out.
    var remarks: [String]
    var older: String?
    var olderLabel: String
    var newer: String?
    var newest: String?
    var isLive: Bool

    init(_ page: MessagePage, _ filter: MessageFilter, _ all: [Installation], _ desk: Desk) {
        let texts = desk.texts.messages
        func link(_ place: MessageQuery.Place) -> String { desk.settings.link("/messages", filter.fields(at: place)) }
        action = desk.settings.link("/messages")
        standings = MessageQuery.Standing.allCases.map {
            Option(value: $0.rawValue, label: desk.texts.message.standing($0), isChosen: $0 == filter.standing)
        }
        installations = all.map {
            Option(value: $0.id.rawValue, label: $0.name, isChosen: $0.id == filter.installation)
        }
        let kinds = Set(all.map(\.channel.kind)).sorted { $0.rawValue < $1.rawValue }
        channels = kinds.map { kind in
            let name = desk.programme.channels.first { $0.descriptor.kind == kind }?.descriptor.name
            return Option(value: kind.rawValue, label: name ?? kind.rawValue, isChosen: kind == filter.channel)
        }
        hasChannels = kinds.count > 1
        directions = Direction.allCases.map {
            Option(value: $0.rawValue, label: texts.direction($0), isChosen: $0 == filter.direction)
        }
        contact = filter.contact
        text = filter.text
        isNarrowed = filter.isNarrowed
        rows = page.messages.map { MessageRowView($0, all, desk) }
        hasRows = !rows.isEmpty
        remarks = []
        if let looked = page.lookedThrough { remarks.append(texts.lookedThrough(looked)) }
        if page.hasMoreContacts { remarks.append(texts.moreContacts(MessageQuery.contactLimit)) }
        older = page.older.map(link)
        olderLabel = page.lookedThrough == nil ? texts.older : texts.lookOn
        newer = page.newer.map(link)
        newest = filter.place == .newest ? nil : link(.newest)
        isLive = filter.place == .newest
        nothing =
            hasRows || page.lookedThrough != nil
            ? nil : EmptyView(filter, isConnected: !all.isEmpty, desk)
    }
}

/// What a list without messages says.
private struct EmptyView: Sendable {
    var title: String
    var lead: String
    var href: String
    var action: String

    init(_ filter: MessageFilter, isConnected: Bool, _ desk: Desk) {
        let texts = desk.texts.messages
        if !isConnected {
            (title, lead, action) = (texts.unconnectedTitle, texts.unconnectedLead, texts.connect)
            href = desk.settings.link("/installations/new")
        } else if filter.isNarrowed {
            (title, lead, action) = (texts.nothingFoundTitle, texts.nothingFoundLead, texts.clear)
            href = desk.settings.link("/messages")
        } else if filter.place != .newest {
            (title, lead, action) = (texts.endTitle, texts.endLead, texts.newest)
            href = desk.settings.link("/messages")
        } else {
            (title, lead, action) = (texts.noneTitle, texts.noneLead, texts.toInstallations)
            href = desk.settings.link("/installations")
        }
    }
}

extension MessageRowView {
    fileprivate init(_ message: BrowsedMessage, _ all: [Installation], _ desk: Desk) {
        let texts = desk.texts.message
        let delivery = message.delivery
        id = delivery.id.description
        href = desk.settings.link("/messages/\(delivery.id)")
        who = message.name(texts)
        way = message.way(texts)
        isOutbound = delivery.direction == .outbound
        let installation = all.first { $0.id == delivery.installation }
        self.installation = installation?.name ?? delivery.installation.rawValue
        text = delivery.payload?.plainText ?? texts.unreadable
        if text.isBlank { text = texts.blank }
        // Two lines are shown; a page isn't to carry all of a long text for them.
        if text.count > 300 { text = text.prefix(300) + "…" }
        standing = StandingView(MessageQuery.Standing(of: delivery), texts)
        reasons =
            delivery.state == .delivered || delivery.reason.isEmpty ? [] : [desk.masked(delivery.reason, installation)]
        isLate = delivery.isLate
        time = TimeView(delivery.acceptedAt)
    }
}

extension Desk {
    /// Far sides' words never hold a secret; should one of them ever give ours back, it isn't shown either.
    func masked(_ words: String, _ installation: Installation?) -> String {
        guard let installation else { return words }
        let secrets =
            Array(installation.channel.secrets.values) + [
                installation.helpdesk.token, installation.targetToken, installation.helpdeskToken,
                installation.eventSecret,
            ]
        return secrets.reduce(words) { words, secret in
            secret.reveal().utf8.count < 4 ? words : words.replacing(secret.reveal(), with: secret.masked)
        }
    }
}

extension Template {
    fileprivate static let messages = Template("messages", PackageResources.messages_mustache)
}
