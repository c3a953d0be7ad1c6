import HTTPTypes
import RelayCore

extension Page {
    /// Lists the effects of removing, and asks.
    static let removeForm = Page(.get, "/installations/{id}/remove", in: .installations) { request, context in
        let installation = try await context.editable(request)
        return .page(try await context.removePage(installation, nil))
    }

    static let remove = Page(.post, "/installations/{id}/remove", in: .installations) { request, context in
        let installation = try await context.editable(request)
        guard request.form["sure"] == "yes" else { return .page(try await context.removePage(installation, nil)) }
        do {
            let waiting = try await context.store.counts(of: installation.id).waiting
            let drains = waiting > 0 && !installation.isDraining && request.form["waiting"] != "discard"
            let warning = try await context.programme.remove(
                installation, keepingHistory: drains || request.form["forget"] != "yes",
                insisting: request.form["insist"] == "yes", draining: drains)
            if drains { return try context.back(to: installation, done: "") }
            return try context.redirect("/installations", done: "removed", warnings: warning.map { [$0] } ?? [])
        } catch let failure as SetupFailure {
            return .page(try await context.removePage(installation, failure))
        }
    }
}

extension PageContext {
    fileprivate func removePage(_ installation: Installation, _ failure: SetupFailure?) async throws -> PageContent {
        let counts = try await store.counts(of: installation.id)
        let channel = name(of: installation)
        let view = RemoveView(
            title: texts.remove.title(installation.name),
            effects: texts.remove.effects(channel, discarded: counts.waiting + counts.held),
            canDrain: counts.waiting > 0 && !installation.isDraining,
            deliverHelp: texts.drain.effect(counts.waiting),
            problem: failure.map { texts.remove.refused($0) },
            canInsist: failure != nil, action: settings.link("/installations/\(installation.id)/remove"),
            back: settings.link("/installations/\(installation.id)"), installation: installation.name)
        return PageContent(.remove, title: view.title, view, status: failure == nil ? .ok : .badGateway)
    }
}

private struct RemoveView: Sendable {
    var title: String
    var effects: [String]
    var canDrain: Bool
    var deliverHelp: String
    var problem: ProblemText?
    var hasWrong = false
    var canInsist: Bool
    var action: String
    var back: String
    var installation: String
}

extension Template {
    fileprivate static let remove = Template("remove", PackageResources.remove_mustache)
}
