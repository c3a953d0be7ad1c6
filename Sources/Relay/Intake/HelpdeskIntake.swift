import FoundationEssentials
import HTTPTypes
import Logging
import RelayCore

extension Intake {
    /// What Freshchat told, sorted to the installations it is about: Freshchat has one webhook an account, so the URL of
    /// one installation hears of the topics of all.
    func accept(
        _ reading: WebhookReading<HelpdeskEvent>, by caller: Installation, at instant: Date, _ steps: WebhookSteps,
        _ logger: Logger
    ) throws -> WebhookResponse {
        steps.tell(.verified) { step in
            if let first = reading.events.first { step.set(first.content) }
        }
        let directory = try store.directory()
        let sorted = SortedReplies(
            reading.events,
            owner: { topic in topic.map { directory.installation(topic: $0, onAccountOf: caller) } ?? caller },
            ignore: { reason, event, owner in
                logger.debug(
                    "helpdesk event ignored",
                    metadata: [
                        "installation.id": "\((owner ?? caller).id)", "event.key": "\(event.dedupeKey)",
                        "reason": "\(reason)",
                    ])
                steps.tell(.ignored, of: owner) { step in
                    step.set(event.content)
                    step.detail = reason
                }
            })
        for group in sorted.groups {
            try accept(group.arrivals, for: group.installation, at: instant, steps, logger)
        }
        return reading.response ?? WebhookResponse(status: .ok)
    }
}
