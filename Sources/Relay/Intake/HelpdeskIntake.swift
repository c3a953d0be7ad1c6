import FoundationEssentials
import HTTPTypes
import Logging
import RelayCore

extension Intake {
    /// What Freshchat told, sorted to the installations it is about: Freshchat has one webhook an account, so the URL of
    /// one installation hears of the topics of all.
    func accept(
        _ reading: WebhookReading<HelpdeskEvent>, by caller: Installation, at instant: Date, _ logger: Logger
    ) throws -> WebhookResponse {
        let directory = try store.directory()
        var order: [Installation] = []
        var arrivals: [InstallationID: [Acceptance.Arrival]] = [:]
        for event in reading.events {
            let owner = event.topic.map { directory.installation(topic: $0, onAccountOf: caller) } ?? caller
            guard let owner else {
                ignore("of a topic that isn't ours", event, caller, logger)
                continue
            }
            switch event.content {
            case .message(let message):
                if let reason = ReplyFilter.reasonToKeep(message, account: owner.helpdesk) {
                    ignore(reason, event, owner, logger)
                    continue
                }
                arrivals[owner.id, default: []].append(
                    .init(dedupeKey: event.dedupeKey, content: .reply(message)))
            case .status(let conversation, let isResolved, _):
                arrivals[owner.id, default: []].append(
                    .init(
                        dedupeKey: event.dedupeKey,
                        content: .status(conversation: conversation, isResolved: isResolved)))
            case .ignored(let reason):
                ignore(reason, event, owner, logger)
                continue
            }
            if !order.contains(where: { $0.id == owner.id }) { order.append(owner) }
        }
        for installation in order {
            try accept(arrivals[installation.id] ?? [], for: installation, at: instant, logger)
        }
        return reading.response ?? WebhookResponse(status: .ok)
    }

    private func ignore(_ reason: String, _ event: HelpdeskEvent, _ installation: Installation, _ logger: Logger) {
        logger.debug(
            "helpdesk event ignored",
            metadata: [
                "installation.id": "\(installation.id)", "event.key": "\(event.dedupeKey)", "reason": "\(reason)",
            ])
    }
}
