import FoundationEssentials
import HTTPTypes
import Logging
import RelayCore

extension Intake {
    /// What Freshchat told, sorted to the installations it is about: Freshchat has one webhook an account, so the URL of
    /// one installation hears of the topics of all on its account. Accounts share an address, so a topic alone doesn't tell
    /// that another installation is on the same one.
    ///
    /// - Parameters:
    ///   - source: what kind of request it was.
    ///   - vouches: whether the request proves that the account of this installation has sent it.
    func accept(
        _ reading: WebhookReading<HelpdeskEvent>, from source: ReplySource, by caller: Installation, at instant: Date,
        _ steps: WebhookSteps, _ logger: Logger, vouches: (Installation) -> Bool
    ) throws -> WebhookResponse {
        steps.record(.verified) { step in
            if let first = reading.events.first { step.set(first.content) }
        }
        let directory = try store.directory()
        // Whose topic an echo is of has been heard too, whichever installation's URL the account's webhook has.
        var heard: Set = [caller.id]
        defer { meter.heard(heard, at: instant) }
        let sorted = SortedReplies(
            reading.events,
            owner: { topic in
                guard let topic, topic != caller.helpdesk.topic else { return .installation(caller) }
                let owners = directory.installations(topic: topic, atAddressOf: caller)
                if let owner = owners.first(where: vouches) {
                    heard.insert(owner.id)
                    return .installation(owner)
                }
                return owners.first.map { .foreign($0) } ?? .nobody
            },
            ignore: { reason, event, owner in
                logger.debug(
                    "helpdesk event ignored",
                    metadata: [
                        "installation.id": "\((owner ?? caller).id)", "event.key": "\(event.dedupeKey)",
                        "reason": "\(reason)",
                    ])
                steps.record(.ignored, of: owner) { step in
                    step.set(event.content)
                    step.detail = reason
                }
            })
        for group in sorted.groups {
            try accept(group.arrivals, for: group.installation, at: instant, from: source, steps, logger)
        }
        guard sorted.foreign.isEmpty else { return refuse(sorted.foreign, by: caller, steps, logger) }
        return reading.response ?? WebhookResponse(status: .ok)
    }

    private func refuse(
        _ foreign: [(installation: Installation, event: HelpdeskEvent)], by caller: Installation,
        _ steps: WebhookSteps, _ logger: Logger
    ) -> WebhookResponse {
        for (installation, event) in foreign {
            meter.refusedForeign(Flow(installation.id, .outbound))
            logger.warning(
                "helpdesk event of another account refused",
                metadata: [
                    "installation.id": "\(installation.id)", "came.by": "\(caller.id)",
                    "event.key": "\(event.dedupeKey)",
                ])
            steps.record(.refused, of: installation) { step in
                step.set(event.content)
                step.status = HTTPResponse.Status.forbidden.code
                step.outcome = "foreign"
                step.detail = "came by the URL of \(caller.id), and isn't signed by this installation's account"
            }
        }
        return .text(.forbidden, "The topic belongs to another account. (request \(steps.request))")
    }
}
