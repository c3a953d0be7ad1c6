import HTTPTypes
import RelayCore

/// Moving an installation to another topic of its Freshchat account.
extension Page {
    static let moveForm = Page(.get, "/installations/{id}/move", in: .installations) { request, context in
        try await context.movePage(try await context.movable(request))
    }

    static let moveSent = Page(.post, "/installations/{id}/move", in: .installations) { request, context in
        let installation = try await context.movable(request)
        let topic = TopicID(request.form["topic"])
        guard !topic.rawValue.isEmpty else {
            return try await context.movePage(installation, context.texts.connect.noTopic)
        }
        do {
            try await context.programme.move(installation, to: topic)
        } catch let failure as SetupFailure {
            return try await context.movePage(installation, ProblemText(failure))
        }
        return try context.back(to: installation, done: "moved")
    }
}

extension PageContext {
    fileprivate func movable(_ request: PageRequest) async throws -> Installation {
        _ = try await inService(request)
        return try await editable(request)
    }

    fileprivate func movePage(_ installation: Installation, _ problem: ProblemText? = nil) async throws -> Answer {
        let topics = try await programme.check(installation.helpdesk).topics
        let view = MoveView(
            title: texts.move.title(installation.name), effects: texts.move.effects, problem: problem,
            legend: texts.move.legend,
            topics: topics.map {
                TopicOptionView($0, isChosen: $0.id == installation.topic, isCurrent: $0.id == installation.topic)
            }, hasTopics: !topics.isEmpty, action: settings.link("/installations/\(installation.id)/move"),
            back: settings.link("/installations/\(installation.id)"), installation: installation.name)
        return .page(
            PageContent(.move, title: view.title, view, status: problem == nil ? .ok : .unprocessableContent))
    }
}

private struct MoveView: Sendable {
    var title: String
    var effects: [String]
    var problem: ProblemText?
    var hasWrong = false
    var legend: String
    var topics: [TopicOptionView]
    var hasTopics: Bool
    var action: String
    var back: String
    var installation: String
}

extension Template {
    fileprivate static let move = Template("move", PackageResources.move_mustache)
}
