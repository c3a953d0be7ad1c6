import HTTPTypes
package import Logging
package import RelayCore

/// The front half: route, verify, parse, accept. Runs on request threads, blocks them for one commit, and never touches
/// the network.
package struct Intake: Sendable {
    let store: any IntakeStore & MetricsStore
    let channels: @Sendable (ChannelKind) -> (any Channel)?
    let helpdesk: any Helpdesk
    let pulse: Pulse?
    let wakeUp: WakeUp
    let meter: IntakeMeter
    let pressure: Pressure
    let stalls: Stalls
    let trace: any Trace
    let logger: Logger

    /// - Parameters:
    ///   - channels: the adapter for a kind.
    ///   - pulse: the relay's, for readiness; `nil` when this process doesn't relay.
    ///   - wakeUp: is signalled when there is something new to deliver.
    ///   - meter: counts the webhooks; its counts get into the store by a ``HealthKeeper``.
    ///   - pressure: says when nothing is to be taken in; kept up to date by a ``HealthKeeper``.
    ///   - stalls: says why the relay stands still, for readiness; kept up to date by a ``HealthKeeper``.
    ///   - trace: is told of each step, for people who watch.
    package init(
        store: any IntakeStore & MetricsStore, channels: @escaping @Sendable (ChannelKind) -> (any Channel)?,
        helpdesk: any Helpdesk, pulse: Pulse?, wakeUp: WakeUp, meter: IntakeMeter = IntakeMeter(),
        pressure: Pressure = Pressure(), stalls: Stalls = Stalls(), trace: any Trace = NoTrace(), logger: Logger
    ) {
        self.store = store
        self.channels = channels
        self.helpdesk = helpdesk
        self.pulse = pulse
        self.wakeUp = wakeUp
        self.meter = meter
        self.pressure = pressure
        self.stalls = stalls
        self.trace = trace
        self.logger = logger
    }

    /// Answers one request. Never a secret in the answer or in the log, the path's tokens among them.
    package func respond(to request: WebhookRequest) -> WebhookResponse {
        let start = ContinuousClock.now
        var logger = logger
        logger[metadataKey: "request.id"] = "\(request.id)"
        // Whose webhook it is, for the log, once the token has shown it.
        var caller: WebhookReceiver?
        guard let route = Endpoints.route(request.path) else {
            return .text(.notFound, "There is nothing here.")
        }
        do {
            switch route {
            case .health:
                return try allowing([.get, .head], request) { .text(.ok, "ok") }
            case .readiness:
                return try allowing([.get, .head], request) { readiness() }
            case .metrics:
                return try allowing([.get, .head], request) { try metrics(for: request) }
            case .channel(let token):
                let directory = try store.directory()
                guard let account = directory.channelAccount(targetToken: token, now: request.receivedAt),
                    let channel = channels(account.kind)
                else { return unknown(logger) }
                let receiver = WebhookReceiver(
                    account: .channel(account.id), installations: directory.installations(of: account.id))
                caller = receiver
                return try allowing(channel.descriptor.methods, request) {
                    let steps = steps(of: request, receiver, .inbound, since: start)
                    return try metered(request, steps, isSigned: true) {
                        try accept(request, from: channel, for: account, directory, steps, logger)
                    }
                }
            case .helpdesk(let token):
                let directory = try store.directory()
                guard let account = directory.helpdeskAccount(helpdeskToken: token, now: request.receivedAt) else {
                    return unknown(logger)
                }
                let receiver = WebhookReceiver(
                    account: .helpdesk(account.id), installations: directory.installations(of: account.id))
                caller = receiver
                return try allowing([.post], request) {
                    let steps = steps(of: request, receiver, .outbound, since: start)
                    return try metered(request, steps, isSigned: true) {
                        let reading = try helpdesk.readWebhook(request, account: account)
                        return try accept(
                            reading, from: .webhook, by: account, at: request.receivedAt, directory, steps, logger
                        ) { owner in
                            // Without a key of its own it hears by the webhook of another one on its account.
                            owner.helpdesk.publicKeys.isEmpty
                                ? owner.helpdesk.isSameAccount(as: account)
                                : (try? helpdesk.readWebhook(request, account: owner.helpdesk)) != nil
                        }
                    }
                }
            case .productEvent(let secret):
                let directory = try store.directory()
                guard let account = directory.helpdeskAccount(eventSecret: secret, now: request.receivedAt) else {
                    return unknown(logger)
                }
                let receiver = WebhookReceiver(
                    account: .helpdesk(account.id), installations: directory.installations(of: account.id))
                caller = receiver
                return try allowing([.post], request) {
                    let steps = steps(of: request, receiver, .outbound, since: start)
                    return try metered(request, steps, isSigned: false) {
                        let reading = try helpdesk.readProductEvent(request)
                        // It isn't signed: all that it proves is that the account's own secret is known.
                        return try accept(
                            reading, from: .productEvent, by: account, at: request.receivedAt, directory, steps, logger
                        ) { owner in
                            owner.helpdesk.isSameAccount(as: account)
                        }
                    }
                }
            }
        } catch let refusal as WebhookRefusal {
            logger.warning(
                "webhook refused",
                metadata: ["refusal": "\(refusal.kind.rawValue)", "reason": "\(refusal.reason)"]
                    .merging(caller?.metadata ?? [:]) { $1 })
            return .text(refusal.status, "\(refusal.reason) (request \(request.id))")
        } catch let refusal as PressureRefusal {
            // One line each would fill the disk; that it began and that it ended is told by an alarm.
            logger.debug("webhook not accepted", metadata: ["strain": "\(refusal.strain.rawValue)"])
            return .text(
                .serviceUnavailable, "\(refusal.sentence) (request \(request.id))",
                headers: [.retryAfter: "\(PressureRefusal.retryAfter)"])
        } catch {
            logger.error(
                "webhook not accepted", metadata: ["error": "\(error)"].merging(caller?.metadata ?? [:]) { $1 })
            return .text(
                .serviceUnavailable, "Not accepted now; please send it again. (request \(request.id))",
                headers: [.retryAfter: "5"])
        }
    }

    private func allowing(
        _ methods: [HTTPRequest.Method], _ request: WebhookRequest, _ body: () throws -> WebhookResponse
    ) throws -> WebhookResponse {
        guard methods.contains(request.method) else {
            let allowed = methods.map(\.rawValue).joined(separator: ", ")
            return .text(.methodNotAllowed, "This takes \(allowed).", headers: [.allow: allowed])
        }
        return try body()
    }

    private func steps(
        of request: WebhookRequest, _ receiver: WebhookReceiver, _ direction: Direction,
        since start: ContinuousClock.Instant
    ) -> WebhookSteps {
        WebhookSteps(trace: trace, request: request.id, receiver: receiver, direction: direction, start: start)
    }

    private func unknown(_ logger: Logger) -> WebhookResponse {
        logger.notice("webhook for no installation")
        return .text(.notFound, "There is no such installation.")
    }

    private func readiness() -> WebhookResponse {
        var problems: [String] = []
        do {
            try store.probe()
        } catch {
            problems.append("store: \(error.message)")
        }
        if let pulse, !pulse.isBeating { problems.append("relay: it hasn't looked at the outbox for too long") }
        problems += pressure.surroundings.present.map { "\($0.alarm.name.rawValue): \($0.reason)" }
        problems += pressure.present.sorted { $0.key < $1.key }.map { "\($0.rawValue): \($1)" }
        problems += stalls.present
        return problems.isEmpty
            ? .text(.ok, "ready")
            : .text(.serviceUnavailable, problems.joined(separator: "\n"), headers: [.retryAfter: "5"])
    }
}
