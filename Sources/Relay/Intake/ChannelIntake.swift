import FoundationEssentials
import HTTPTypes
import Logging
import RelayCore

extension Intake {
    /// A channel's webhook: verified and parsed by its adapter, accepted in one commit for each address that it is about,
    /// answered after that.
    func accept(
        _ request: WebhookRequest, from channel: any Channel, for account: ChannelAccount,
        _ directory: InstallationDirectory, _ steps: WebhookSteps, _ logger: Logger
    ) throws -> HandledWebhook {
        let reading = try channel.read(request, account: account)
        steps.record(.verified) { step in
            if let first = reading.events.first { step.set(first.content) }
        }
        var about: Set<InstallationID> = []
        var groups: [(address: Address, arrivals: [Acceptance.Arrival])] = []
        for event in reading.events {
            let owner = directory.installation(of: account.id, at: event.address, now: request.receivedAt)
            if let owner { about.insert(owner.id) }
            guard let arrival = arrival(of: event, from: channel, for: owner, steps, logger) else { continue }
            if let index = groups.firstIndex(where: { $0.address == event.address }) {
                groups[index].arrivals.append(arrival)
            } else {
                groups.append((event.address, [arrival]))
            }
        }
        for (address, arrivals) in groups {
            if let owner = directory.installation(of: account.id, at: address, now: request.receivedAt) {
                let acceptance = Acceptance(
                    account: .channel(account.id), routes: [owner.route], arrivals: arrivals, at: request.receivedAt)
                try accept(acceptance, in: directory, steps, logger)
            } else {
                var parkable = arrivals
                if let draining = directory.drainingInstallation(of: account.id, at: address) {
                    // It waits for nothing new, but what becomes of its own messages is still its affair.
                    let receipts = arrivals.filter(\.isReceipt)
                    if !receipts.isEmpty { about.insert(draining.id) }
                    try accept(
                        Acceptance(
                            account: .channel(account.id), routes: [draining.route], arrivals: receipts,
                            at: request.receivedAt), in: directory, steps, logger)
                    parkable.removeAll(where: \.isReceipt)
                }
                guard !parkable.isEmpty else { continue }
                try park(parkable, at: address, of: account, request.receivedAt, directory, steps, logger)
            }
        }
        return HandledWebhook(response: reading.response ?? WebhookResponse(status: .ok), about: about)
    }

    private func arrival(
        of event: ChannelEvent, from channel: any Channel, for owner: Installation?, _ steps: WebhookSteps,
        _ logger: Logger
    ) -> Acceptance.Arrival? {
        switch event.content {
        case .message(let inbound):
            let payload = InboundPayload(id: inbound.id, profile: inbound.from, message: inbound.message)
            return .init(dedupeKey: event.dedupeKey, content: .message(payload))
        case .receipt(let receipt):
            let note =
                receipt.state == .failed
                ? AgentNote.failedLater(channel: channel.descriptor.name, reason: receipt.reason) : nil
            return .init(dedupeKey: event.dedupeKey, content: .receipt(receipt, note: note))
        case .subscription(let change):
            return .init(dedupeKey: event.dedupeKey, content: .subscription(change))
        case .ignored(let reason):
            let receiver: Logger.Metadata = owner.map { ["installation.id": "\($0.id)"] } ?? steps.receiver.metadata
            logger.info("webhook event ignored", metadata: receiver.merging(["reason": "\(reason)"]) { $1 })
            steps.record(.ignored, of: owner) { $0.detail = reason }
            return nil
        }
    }

    /// What is for an address without an installation is kept for a while if it once had one.
    private func park(
        _ arrivals: [Acceptance.Arrival], at address: Address, of account: ChannelAccount, _ instant: Date,
        _ directory: InstallationDirectory, _ steps: WebhookSteps, _ logger: Logger
    ) throws {
        if let strain = pressure.obstacle(to: arrivals) { throw PressureRefusal(strain: strain) }
        let fates = try store.park(arrivals, account: account.id, address: address, now: instant)
        steps.recordCommitted(arrivals, fates, in: directory)
        tellIgnored(arrivals, fates, in: directory, steps, logger)
        logger.warning(
            "webhook for an address without an installation",
            metadata: [
                "account.id": "\(account.id)", "address": "\(address)", "events": "\(arrivals.count)",
                "events.parked": "\(fates.count { $0 == .parked })",
            ])
    }

    /// - Returns: what became of each event.
    @discardableResult
    func accept(
        _ acceptance: Acceptance, in directory: InstallationDirectory, _ steps: WebhookSteps, _ logger: Logger
    ) throws -> [ArrivalFate] {
        let arrivals = acceptance.arrivals
        guard !arrivals.isEmpty else { return [] }
        if let strain = pressure.obstacle(to: arrivals) { throw PressureRefusal(strain: strain) }
        reach(.afterAccept)
        let result = try store.accept(acceptance)
        reach(.afterCommit, result.deliveries.map(\.description).joined(separator: " "))
        steps.recordCommitted(arrivals, result.fates, in: directory)
        tellIgnored(arrivals, result.fates, in: directory, steps, logger)
        if !result.deliveries.isEmpty { wakeUp.signal() }
        result.logWithheld(logger)
        guard result.accepted + result.repeated > 0 else { return result.fates }
        // Receipts come by the dozen; what becomes a delivery is worth a line.
        let owners = Set(result.fates.compactMap(\.installation))
        let owner: Logger.Metadata =
            owners.count == 1 ? ["installation.id": "\(owners.first ?? "")"] : steps.receiver.metadata
        logger.log(
            level: result.deliveries.isEmpty ? .debug : .info, "webhook accepted",
            metadata: [
                "events.accepted": "\(result.accepted)", "events.repeated": "\(result.repeated)",
                "deliveries": "\(result.deliveries.map(\.description).joined(separator: " "))",
            ].merging(owner) { $1 })
        return result.fates
    }

    private func tellIgnored(
        _ arrivals: [Acceptance.Arrival], _ fates: [ArrivalFate], in directory: InstallationDirectory,
        _ steps: WebhookSteps, _ logger: Logger
    ) {
        for (arrival, fate) in zip(arrivals, fates) {
            guard let reason = fate.ignoredReason else { continue }
            let owner = fate.installation.flatMap { directory[$0] }
            logger.debug(
                "webhook event ignored",
                metadata: ["event.key": "\(arrival.dedupeKey)", "reason": "\(reason)"]
                    .merging(owner.map { ["installation.id": "\($0.id)"] } ?? steps.receiver.metadata) { $1 })
            steps.record(.ignored, of: owner) { step in
                step.set(arrival.content)
                step.detail = reason
            }
        }
    }
}

extension Acceptance.Arrival {
    fileprivate var isReceipt: Bool {
        if case .receipt = content { true } else { false }
    }
}

extension AcceptanceResult {
    /// One line for each message that wasn't sent because its kind isn't known; the alarm refers to them.
    func logWithheld(_ logger: Logger) {
        for (installation, kind) in withheld {
            logger.warning(
                "message withheld", metadata: ["installation.id": "\(installation)", "message.kind": "\(kind)"])
        }
    }
}
