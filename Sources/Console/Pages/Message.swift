import FoundationEssentials
import HTTPTypes
import RelayCore

extension Page {
    /// One message: its content, its timeline, and the decisions that it allows.
    static let message = Page(.get, "/messages/{id}", in: .messages) { request, context in
        let message = try await context.message(request)
        let id = message.delivery.id
        let view = MessageView(
            message, try await KnownInstallations(context.store), attempts: try await context.store.attempts(of: id),
            decisions: try await context.store.decisions(of: id), receipts: try await context.store.receipts(of: id),
            wait: try await context.store.waitReasons(of: [id], now: context.now)[id], context)
        let isOver = message.delivery.state == .discarded
        return .page(PageContent(.message, title: view.title, view, refreshSeconds: isOver ? nil : 5))
    }

    /// Lists the effects of a decision, and asks.
    static let decide = Page(.get, "/messages/{id}/{decision}", in: .messages) { request, context in
        let (message, decision) = try await context.decision(request)
        let texts = context.texts.message
        let view = DecideView(
            title: context.texts.decisions.button(decision),
            back: context.settings.link("/messages/\(message.delivery.id)"),
            message: texts.title(message.way(texts), message.name(texts)),
            text: String((message.delivery.payload?.excerpt ?? texts.unreadable).prefix(500)),
            effects: context.texts.decisions.effects(decision, message.delivery), isDangerous: decision.isDangerous,
            action: context.settings.link("/messages/\(message.delivery.id)/\(decision.rawValue)"),
            version: message.delivery.version)
        return .page(PageContent(.decide, title: view.title, view))
    }

    static let decided = Page(.post, "/messages/{id}/{decision}", in: .messages) { request, context in
        let (message, decision) = try await context.decision(request)
        guard request.form["version"] == message.delivery.version else {
            throw StoreFailure(.conflict, context.texts.decisions.changed)
        }
        do {
            try await decision.make(about: message.delivery.id, context)
        } catch let error as StoreFailure where error.kind == .conflict {
            throw StoreFailure(.conflict, try await context.refusal(of: message.delivery.id))
        }
        return try context.redirect("/messages/\(message.delivery.id)", done: decision.rawValue)
    }
}

extension PageContext {
    fileprivate func message(_ request: PageRequest) async throws -> BrowsedMessage {
        let id = request.parameters["id"] ?? ""
        let nothing = StoreFailure(.notFound, "there is no message “\(id)”")
        // Two guards, because Swift 6.3.1's optimiser crashes over the two in one.
        guard let key = MessageFilter.key(id) else { throw nothing }
        guard let found = try await store.message(key) else { throw nothing }
        return found
    }

    fileprivate func decision(_ request: PageRequest) async throws -> (BrowsedMessage, MessageDecision) {
        let message = try await message(request)
        guard let decision = MessageDecision(rawValue: request.parameters["decision"] ?? "") else {
            throw StoreFailure(.notFound, "there is no such decision")
        }
        guard MessageDecision.all(for: message.delivery).contains(decision) else {
            throw StoreFailure(.conflict, texts.decisions.changed)
        }
        return (message, decision)
    }

    /// Why a message can't be decided about just now.
    fileprivate func refusal(of id: DeliveryID) async throws -> String {
        if case .underWay = try await store.waitReasons(of: [id], now: now)[id] { return texts.decisions.beingSent }
        return texts.decisions.changed
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
