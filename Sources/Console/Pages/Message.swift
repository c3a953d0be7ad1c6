import FoundationEssentials
import HTTPTypes
import RelayCore

extension Page {
    /// One message: what it says, its way, what can be done with it.
    static let message = Page(.get, "/messages/{id}", in: .messages) { request, desk in
        let message = try await desk.message(request)
        let view = MessageView(
            message, try await desk.store.installation(message.delivery.installation),
            attempts: try await desk.store.attempts(of: message.delivery.id),
            receipts: try await desk.store.receipts(of: message.delivery.id), done: request.query["done"], desk)
        let isOver = message.delivery.state == .discarded
        return .page(PageContent(.message, title: view.title, view, refreshSeconds: isOver ? nil : 5))
    }

    /// Says what a decision does, and asks.
    static let decide = Page(.get, "/messages/{id}/{decision}", in: .messages) { request, desk in
        let (message, decision) = try await desk.decision(request)
        let texts = desk.texts.message
        let view = DecideView(
            title: texts.button(decision), back: desk.settings.link("/messages/\(message.delivery.id)"),
            message: texts.title(message.way(texts), message.name(texts)),
            text: String((message.delivery.payload?.plainText ?? texts.unreadable).prefix(500)),
            effects: texts.effects(decision), isDangerous: decision.isDangerous,
            action: desk.settings.link("/messages/\(message.delivery.id)/\(decision.rawValue)"),
            version: message.delivery.version)
        return .page(PageContent(.decide, title: view.title, view))
    }

    static let decided = Page(.post, "/messages/{id}/{decision}", in: .messages) { request, desk in
        let (message, decision) = try await desk.decision(request)
        guard request.form["version"] == message.delivery.version else {
            throw StoreFailure(.conflict, desk.texts.message.changed)
        }
        try await decision.make(about: message.delivery.id, in: desk.store, from: request.address, desk: desk)
        return .redirect("/messages/\(message.delivery.id)", query: ["done": decision.rawValue])
    }
}

extension Desk {
    fileprivate func message(_ request: PageRequest) async throws -> BrowsedMessage {
        let id = request.parameters["id"] ?? ""
        let nothing = StoreFailure(.notFound, "there is no message “\(id)”")
        // Two guards, for Swift 6.3.1's optimiser crashes over the two in one.
        guard let key = MessageFilter.key(id) else { throw nothing }
        guard let found = try await store.message(key) else { throw nothing }
        return found
    }

    fileprivate func decision(_ request: PageRequest) async throws -> (BrowsedMessage, MessageDecision) {
        let message = try await message(request)
        guard let decision = MessageDecision(rawValue: request.parameters["decision"] ?? "") else {
            throw StoreFailure(.notFound, "nothing like that can be decided")
        }
        guard MessageDecision.all(for: message.delivery).contains(decision) else {
            throw StoreFailure(.conflict, texts.message.changed)
        }
        return (message, decision)
    }
}

private struct MessageView: Sendable {
    struct Choice: Sendable {
        var label: String
        var help: String
        var href: String
        var isDangerous: Bool
    }

    var title: String
    var way: String
    var who: String
    var standing: StandingView
    var meaning: String
    var notice: [String]
    var facts: [FactView]
    var isOutbound: Bool
    var isNote: Bool
    var parts: [PartView]
    var steps: [StageView]
    var choices: [Choice]
    var hasChoices: Bool
    var remarks: [String]
    var list: String
    var ofContact: [String]

    init(
        _ message: BrowsedMessage, _ installation: Installation?, attempts: [Attempt], receipts: [Receipt],
        done: String, _ desk: Desk
    ) {
        let texts = desk.texts.message
        let delivery = message.delivery
        way = message.way(texts)
        who = message.name(texts)
        title = texts.title(way, who)
        let standing = MessageQuery.Standing(of: delivery)
        self.standing = StandingView(standing, texts)
        meaning = texts.meaning(standing)
        notice = texts.done(done).map { [$0] } ?? []
        facts = [
            FactView(label: texts.number, text: delivery.id.description),
            FactView(label: texts.installation, text: installation?.name ?? delivery.installation.rawValue),
        ]
        if let contact = message.contact {
            facts.append(FactView(label: texts.customer, text: contact.profile.userID.rawValue))
        }
        isOutbound = delivery.direction == .outbound
        if case .note = delivery.payload { isNote = true } else { isNote = false }
        parts = delivery.payload?.parts(texts) ?? []
        steps = MessageWay(delivery, attempts, receipts) { desk.masked($0, installation) }.steps(texts)
        let isOurs = installation != nil
        choices =
            isOurs
            ? MessageDecision.all(for: delivery).map {
                Choice(
                    label: texts.button($0), help: texts.help($0),
                    href: desk.settings.link("/messages/\(delivery.id)/\($0.rawValue)"), isDangerous: $0.isDangerous)
            } : []
        hasChoices = !choices.isEmpty
        remarks = delivery.payload == nil ? [texts.unreadable] : parts.isEmpty ? [texts.blank] : []
        if !isOurs { remarks.append(texts.removedInstallation) }
        list = desk.settings.link("/messages")
        ofContact =
            message.contact.map {
                [
                    desk.settings.link(
                        "/messages",
                        ["contact": $0.profile.userID.rawValue, "installation": $0.installation.rawValue])
                ]
            } ?? []
    }
}

private struct DecideView: Sendable {
    var title: String
    var back: String
    var message: String
    var text: String
    var effects: [String]
    var isDangerous: Bool
    var action: String
    var version: String
}

extension Template {
    fileprivate static let message = Template("message", PackageResources.message_mustache)
    fileprivate static let decide = Template("decide", PackageResources.decide_mustache)
}
