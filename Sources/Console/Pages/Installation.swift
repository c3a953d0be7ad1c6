import FoundationEssentials
import HTTPTypes
import RelayCore

extension Page {
    /// One installation: its status, its credentials, its actions, its URLs.
    static let installation = Page(.get, "/installations/{id}", in: .installations) { request, context in
        let installation = try await context.installation(request)
        let asks = request.query["check"] == "now"
        let metrics = try await context.store.currentMetrics()
        let checks = await InstallationChecks(installation, metrics, context: context, isLive: asks).rows()
        let view = InstallationView(
            installation, among: try await context.store.installations(), metrics, checks, wasAsked: asks, context)
        return .page(
            PageContent(
                .installation, title: installation.name, view, refreshSeconds: installation.isDraining ? 5 : nil))
    }

    static let pause = Page(.post, "/installations/{id}/pause", in: .installations) { request, context in
        let installation = try await context.installation(request)
        try await context.store.pause(
            installation.id, by: .person, reason: context.texts.installation.pausedByHand, now: context.now)
        return try context.back(to: installation, done: "paused")
    }

    static let resume = Page(.post, "/installations/{id}/resume", in: .installations) { request, context in
        let installation = try await context.installation(request)
        try await context.store.resume(installation.id, now: context.now)
        return try context.back(to: installation, done: "resumed")
    }

    static let register = Page(.post, "/installations/{id}/register", in: .installations) { request, context in
        let installation = try await context.installation(request)
        try await context.programme.register(installation)
        return try context.back(to: installation, done: "registered")
    }
}

extension PageContext {
    func installation(_ request: PageRequest) async throws -> Installation {
        let id = InstallationID(request.parameters["id"] ?? "")
        guard let found = try await store.installation(id) else {
            throw StoreFailure(.notFound, "there is no installation “\(id)”")
        }
        return found
    }

    /// The installation, if it isn't the environment's.
    func editable(_ request: PageRequest) async throws -> Installation {
        let installation = try await installation(request)
        guard installation.origin == .installed else {
            throw StoreFailure(.conflict, texts.installation.fromEnvironment)
        }
        return installation
    }

    /// The installation, if it isn't being taken out of service.
    func inService(_ request: PageRequest) async throws -> Installation {
        let installation = try await installation(request)
        guard !installation.isDraining else { throw StoreFailure(.conflict, texts.drain.explanation) }
        return installation
    }

    func back(to installation: Installation, done: String) throws -> Answer {
        try redirect("/installations/\(installation.id)", done: done)
    }
}

extension Installation {
    /// Whether it is being taken out of service.
    var isDraining: Bool { if case .draining = ownState { true } else { false } }
}
