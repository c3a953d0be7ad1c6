import FoundationEssentials
import HTTPTypes
import Logging
import RelayCore

extension Intake {
    /// What Freshchat told: the store finds the installation of each event.
    ///
    /// - Parameters:
    ///   - source: what kind of request it was.
    ///   - vouches: whether the request proves that the account of this installation has sent it.
    func accept(
        _ reading: WebhookReading<HelpdeskEvent>, from source: ReplySource, by account: HelpdeskAccount,
        at instant: Date, _ directory: InstallationDirectory, _ steps: WebhookSteps, _ logger: Logger,
        vouches: (Installation) -> Bool
    ) throws -> HandledWebhook {
        steps.record(.verified) { step in
            if let first = reading.events.first { step.set(first.content) }
        }
        // Whose topic an echo is of has been heard too.
        var about: Set<InstallationID> = []
        defer { meter.heard(steps.receiver.hearing(about), at: instant) }
        var groups: [(account: HelpdeskAccountID, routes: [Route], arrivals: [Acceptance.Arrival])] = []
        var foreign: [(installation: Installation, event: HelpdeskEvent)] = []
        withoutActuallyEscaping(vouches) { vouches in
            var routes = ReplyRoutes(account: account, directory: directory, vouches: vouches)
            for event in reading.events {
                switch routes.target(of: event.topic) {
                case .foreign(let installation): foreign.append((installation, event))
                case .account(let id, let routes):
                    if let topic = event.topic {
                        about.formUnion(routes.filter { $0.has(topic) }.map(\.installation))
                    }
                    let arrivals = [event].arrivals { ignored(because: $0, $1, nil, steps, logger) }
                    if let index = groups.firstIndex(where: { $0.account == id }) {
                        groups[index].arrivals += arrivals
                        groups[index].routes += routes.filter { !groups[index].routes.contains($0) }
                    } else {
                        groups.append((id, routes, arrivals))
                    }
                }
            }
        }
        for group in groups {
            let acceptance = Acceptance(
                account: .helpdesk(group.account), routes: group.routes, arrivals: group.arrivals, at: instant,
                source: source)
            let fates = try accept(acceptance, in: directory, steps, logger)
            about.formUnion(fates.compactMap(\.installation))
        }
        guard foreign.isEmpty else {
            return HandledWebhook(response: refuse(foreign, steps, logger), about: about)
        }
        return HandledWebhook(response: reading.response ?? WebhookResponse(status: .ok), about: about)
    }

    private func ignored(
        because reason: String, _ event: HelpdeskEvent, _ owner: Installation?, _ steps: WebhookSteps,
        _ logger: Logger
    ) {
        logger.debug(
            "helpdesk event ignored",
            metadata: ["event.key": "\(event.dedupeKey)", "reason": "\(reason)"]
                .merging(steps.receiver.metadata) { $1 })
        steps.record(.ignored, of: owner) { step in
            step.set(event.content)
            step.detail = reason
        }
    }

    private func refuse(
        _ foreign: [(installation: Installation, event: HelpdeskEvent)], _ steps: WebhookSteps, _ logger: Logger
    ) -> WebhookResponse {
        for (installation, event) in foreign {
            meter.refusedForeign(Flow(installation.id, .outbound))
            logger.warning(
                "helpdesk event of another account refused",
                metadata: [
                    "installation.id": "\(installation.id)", "came.by": "\(steps.receiver.name)",
                    "event.key": "\(event.dedupeKey)",
                ])
            steps.record(.refused, of: installation) { step in
                step.set(event.content)
                step.status = HTTPResponse.Status.forbidden.code
                step.outcome = "foreign"
                step.detail =
                    "came by the URL of \(steps.receiver.name), and isn't signed by this installation's account"
            }
        }
        return .text(.forbidden, "The topic belongs to another account. (request \(steps.request))")
    }
}
