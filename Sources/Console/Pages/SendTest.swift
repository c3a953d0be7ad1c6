import FoundationEssentials
import HTTPTypes
import RelayCore

/// Sending a test message: it is posted to the public target URL, signed as the channel signs, and becomes a conversation in
/// Freshchat.
extension Page {
    static let testForm = Page(.get, "/installations/{id}/test", in: .installations) { request, context in
        let installation = try await context.installation(request)
        let sent = ChannelMessageID(request.query["message"])
        let way = sent.rawValue.isEmpty ? nil : try await context.way(of: sent, installation)
        let texts = context.texts.test
        let view = TestView(
            title: texts.title(installation.name), effects: texts.effects(context.name(of: installation)),
            obstacles: texts.obstacle(installation).map { [$0] } ?? [],
            action: context.settings.link("/installations/\(installation.id)/test"),
            back: context.settings.link("/installations/\(installation.id)"), installation: installation.name,
            steps: way?.steps ?? [],
            isSent: way != nil, isOver: way?.isOver ?? false)
        return .page(
            PageContent(.test, title: view.title, view, refreshSeconds: way.map { $0.isOver ? nil : 1 } ?? nil))
    }

    static let testSent = Page(.post, "/installations/{id}/test", in: .installations) { request, context in
        let installation = try await context.installation(request)
        guard let channel = context.adapter(of: installation) as? any SampleEventMaking else {
            throw StoreFailure(.conflict, context.texts.test.impossible)
        }
        // The time in microseconds: no channel numbers its messages like that today.
        let number = Int64(context.now.timeIntervalSince1970 * 1_000_000)
        let event = SampleEvent(
            from: ContactProfile(userID: "byoc-test-contact", name: context.texts.test.contact),
            text: context.texts.test.message, messageID: number, at: context.now)
        guard let webhook = channel.sampleWebhook("message", event, account: installation.channel) else {
            throw StoreFailure(.conflict, context.texts.test.impossible)
        }
        let target = context.programme.urls(of: installation).target
        do throws(TransportFailure) {
            let reply = try await context.programme.post(webhook, to: target)
            guard reply.status.kind == .successful else {
                return .page(.problem(context.texts.test.refused(reply.status.code, reply.excerpt(200)), .badGateway))
            }
        } catch {
            return .page(
                .problem(context.texts.test.unreached(context.settings.baseURL, error.description), .badGateway))
        }
        return .redirect("/installations/\(installation.id)/test", query: ["message": String(number)])
    }
}

extension PageContext {
    /// The stages that the test message has passed.
    fileprivate func way(
        of message: ChannelMessageID, _ installation: Installation
    ) async throws -> (steps: [CheckView], isOver: Bool) {
        let latest = try await store.deliveries(DeliveryFilter(installation: installation.id, limit: 200))
        let found = latest.first { delivery in
            if case .message(let payload) = delivery.payload { payload.id == message } else { false }
        }
        let good = BadgeView(kind: "good", label: texts.checks.good)
        var steps = [CheckView(label: texts.test.posted, badge: good, text: texts.test.postedText)]
        guard let found else {
            steps.append(
                CheckView(
                    label: texts.test.accepted, badge: BadgeView(kind: "bad", label: texts.checks.bad),
                    text: texts.test.notAccepted))
            return (steps, true)
        }
        steps.append(
            CheckView(
                label: texts.test.accepted, badge: good, text: texts.test.acceptedText(found.id.description),
                time: [TimeView(found.acceptedAt)]))
        switch found.state {
        case .delivered:
            steps.append(
                CheckView(
                    label: texts.test.delivered, badge: good, text: texts.test.deliveredText,
                    time: found.finishedAt.map { [TimeView($0)] } ?? []))
        case .waiting:
            steps.append(
                CheckView(
                    label: texts.test.delivered, badge: BadgeView(kind: "warn", label: texts.test.waiting),
                    text: found.reason.isEmpty ? texts.test.waitingText : masked(found.reason, installation)))
        case .dead, .held, .discarded:
            steps.append(
                CheckView(
                    label: texts.test.delivered, badge: BadgeView(kind: "bad", label: texts.checks.bad),
                    text: masked(
                        [found.reason, found.detail].filter { !$0.isEmpty }.joined(separator: " – "), installation),
                    fix: [
                        LinkView(label: texts.test.viewMessage, href: settings.link("/messages/\(found.id)"))
                    ]))
        }
        return (steps, found.state != .waiting)
    }
}

private struct TestView: Sendable {
    var title: String
    var effects: [String]
    /// Why it doesn't go through now; one or none.
    var obstacles: [String]
    var action: String
    var back: String
    var installation: String
    var steps: [CheckView]
    var isSent: Bool
    var isOver: Bool
}

extension TestTexts {
    /// Why a test message isn't delivered now; `nil` if it is.
    fileprivate func obstacle(_ installation: Installation) -> String? {
        switch installation.ownState {
        case .active: installation.sends(to: .helpdesk) ? nil : accountPaused
        case .paused: paused
        case .draining, .removed: draining
        }
    }
}

extension Template {
    fileprivate static let test = Template("test", PackageResources.test_mustache)
}
