import FoundationEssentials
import HTTPTypes
import RelayCore

extension Page {
    /// One installation: its status, its credentials, its actions, its URLs.
    static let installation = Page(.get, "/installations/{id}", in: .installations) { request, desk in
        let installation = try await desk.installation(request)
        let asks = request.query["check"] == "now"
        let checks = try await InstallationChecks(installation, desk: desk, isLive: asks).rows()
        return .page(
            PageContent(
                .installation, title: installation.name,
                InstallationView(installation, checks, wasAsked: asks, desk)))
    }

    static let pause = Page(.post, "/installations/{id}/pause", in: .installations) { request, desk in
        let installation = try await desk.installation(request)
        try await desk.store.pause(
            installation.id, by: .person, reason: desk.texts.installation.pausedByHand, now: desk.now)
        return try desk.back(to: installation, done: "paused")
    }

    static let resume = Page(.post, "/installations/{id}/resume", in: .installations) { request, desk in
        let installation = try await desk.installation(request)
        try await desk.store.resume(installation.id, now: desk.now)
        return try desk.back(to: installation, done: "resumed")
    }

    static let register = Page(.post, "/installations/{id}/register", in: .installations) { request, desk in
        let installation = try await desk.installation(request)
        try await desk.programme.register(installation)
        return try desk.back(to: installation, done: "registered")
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

    /// The installation, if it isn't the environment's.
    func editable(_ request: PageRequest) async throws -> Installation {
        let installation = try await installation(request)
        guard installation.origin == .installed else {
            throw StoreFailure(.conflict, texts.installation.fromEnvironment)
        }
        return installation
    }

    func back(to installation: Installation, done: String) throws -> Answer {
        try redirect("/installations/\(installation.id)", done: done)
    }
}
