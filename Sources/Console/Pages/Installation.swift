import FoundationEssentials
import HTTPTypes
import RelayCore

extension Page {
    /// One installation: its addresses, how it fares, what can be done with it.
    static let installation = Page(.get, "/installations/{id}", in: .installations) { request, desk in
        let installation = try await desk.installation(request)
        let asks = request.query["check"] == "now"
        let checks = try await InstallationChecks(installation, desk: desk, isLive: asks).rows()
        let channel = desk.name(of: installation)
        let texts = desk.texts.installation
        let urls = desk.programme.urls(of: installation)
        let isRegistering = desk.adapter(of: installation) is any WebhookRegistering
        let hasKey = !installation.helpdesk.webhookPublicKey.isEmpty
        var reason: String?
        if case .paused(let why, _) = installation.state { reason = why }
        let isEditable = installation.origin == .installed
        let view = InstallationView(
            name: installation.name, id: installation.id.rawValue, channel: channel,
            facts: texts.facts(channel, installation), state: desk.badge(of: installation),
            href: desk.settings.link("/installations/\(installation.id)"),
            notice: texts.notice(request.query["done"]), said: desk.said(in: request), pausedBecause: reason,
            isPaused: reason != nil,
            urls: [
                URLView(
                    id: "target-url", label: texts.targetURL, value: urls.target,
                    help: isRegistering ? texts.targetRegistered(channel) : texts.targetToPaste(channel)),
                URLView(
                    id: "helpdesk-url", label: texts.helpdeskURL, value: urls.helpdesk, help: texts.helpdeskHelp),
            ],
            productEvent: URLView(
                id: "event-url", label: texts.eventURL, value: urls.productEvent, help: texts.eventHelp),
            hasKey: hasKey, needsKey: !hasKey && isEditable, checks: checks, wasAsked: asks,
            credentials: isEditable ? desk.credentials(of: installation) : [], isEditable: isEditable,
            canTest: desk.adapter(of: installation) is any WebhookImitating, isRegistering: isRegistering)
        return .page(PageContent(.installation, title: installation.name, view))
    }

    static let pause = Page(.post, "/installations/{id}/pause", in: .installations) { request, desk in
        let installation = try await desk.installation(request)
        try await desk.store.pause(installation.id, reason: desk.texts.installation.pausedByHand, now: desk.now)
        return desk.back(to: installation, done: "paused")
    }

    static let resume = Page(.post, "/installations/{id}/resume", in: .installations) { request, desk in
        let installation = try await desk.installation(request)
        try await desk.store.resume(installation.id, now: desk.now)
        return desk.back(to: installation, done: "resumed")
    }

    static let register = Page(.post, "/installations/{id}/register", in: .installations) { request, desk in
        let installation = try await desk.installation(request)
        try await desk.programme.register(installation)
        return desk.back(to: installation, done: "registered")
    }
}

extension Desk {
    func installation(_ request: PageRequest) async throws -> Installation {
        let id = InstallationID(request.parameters["id"] ?? "")
        guard let found = try await store.installation(id) else {
            throw StoreFailure(.notFound, "there is no installation “\(id)”")
        }
        return found
    }

    /// One that isn't kept in the environment.
    func editable(_ request: PageRequest) async throws -> Installation {
        let installation = try await installation(request)
        guard installation.origin == .installed else {
            throw StoreFailure(.conflict, texts.installation.fromEnvironment)
        }
        return installation
    }

    func back(to installation: Installation, done: String) -> Answer {
        .redirect("/installations/\(installation.id)", query: ["done": done])
    }
}

private struct URLView: Sendable {
    var id: String
    var label: String
    var value: String
    var help: String
}

private struct InstallationView: Sendable {
    var name: String
    var id: String
    var channel: String
    var facts: [FactView]
    var state: BadgeView
    var href: String
    var notice: String?
    var said: [String]
    var pausedBecause: String?
    var isPaused: Bool
    var urls: [URLView]
    var productEvent: URLView
    var hasKey: Bool
    var needsKey: Bool
    var checks: [CheckView]
    var wasAsked: Bool
    var credentials: [CredentialView]
    var isEditable: Bool
    var canTest: Bool
    var isRegistering: Bool
}

/// A name and what is known under it.
struct FactView: Sendable {
    var label: String
    var text: String
}

extension Template {
    fileprivate static let installation = Template("installation", PackageResources.installation_mustache)
}
