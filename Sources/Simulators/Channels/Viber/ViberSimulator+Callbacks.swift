import Synchronization

// What Viber sends to the webhook (viber.md §3, §8).
extension ViberSimulator {
    /// An event with the members that all have, and those added.
    func event(_ name: String, _ token: Int64, _ knobs: ViberKnobs, _ fill: (inout JSON) -> Void) -> JSON {
        var event: JSON = [
            "event": .string(name),
            "timestamp": .integer(Timestamp.now.milliseconds),
            "chat_hostname": "SN-CALLBACK-04_",
            "message_token": tokenJSON(token, knobs),
        ]
        fill(&event)
        if knobs.addsUnknownMembers {
            event["chat_id"] = ""
            event["x_future"] = ["level": 2, "tags": ["a", "b"], "note": "нове"]
        }
        return event
    }

    func tokenJSON(_ token: Int64, _ knobs: ViberKnobs) -> JSON {
        knobs.quotesMessageTokens ? .string(String(token)) : .integer(token)
    }

    func receipt(_ name: String, _ token: Int64, _ customer: String, _ knobs: ViberKnobs) -> JSON {
        event(name, token, knobs) { $0["user_id"] = .string(customer) }
    }

    /// The sender or user of an event; names and photos only where the webhook asked for them (§2).
    func person(_ customer: ViberCustomer, _ webhook: ViberWebhook?) -> JSON {
        .object([
            "id": .string(customer.id),
            "name": webhook?.sendsName == true ? .string(customer.name) : nil,
            "avatar": webhook?.sendsPhoto == true && !customer.avatar.isEmpty ? .string(customer.avatar) : nil,
            "language": .string(customer.language),
            "country": .string(customer.country),
            "api_version": .integer(customer.apiVersion),
        ])
    }

    /// A customer's message in the variant that the knobs ask for (§3.1, §12).
    func adapted(_ message: JSON, _ knobs: ViberKnobs) -> JSON {
        var message = message
        if knobs.usesFileSize, let size = message["size"] {
            message["size"] = nil
            message["file_size"] = size
        }
        if knobs.quotesStickerIDs, let sticker = message["sticker_id"]?.integer {
            message["sticker_id"] = .string(String(sticker))
        }
        if knobs.quotesCoordinates, let location = message["location"] {
            message["location"] = .object([
                "lat": location["lat"].map { .string($0.text) }, "lon": location["lon"].map { .string($0.text) },
            ])
        }
        return message
    }

    /// Sends an event, if the webhook's filter lets it pass.
    func emit(
        _ event: JSON, about customer: String, bot: Int, _ state: inout State,
        onFirstAttempt: (@Sendable () -> Void)? = nil, onAccepted: (@Sendable ([UInt8]) -> Void)? = nil
    ) {
        let name = event["event"]?.string ?? ""
        let reference = event["message_token"]?.text ?? ""
        guard let webhook = state.accounts[bot].webhook, webhook.events.contains(name) else {
            let reason = state.accounts[bot].webhook == nil ? "no webhook is set" : "filtered"
            log.record(.viber, .unsent, name, subject: customer, reference: reference, text: reason)
            onFirstAttempt?()
            return
        }
        let token = state.accounts[bot].bot.token
        dispatcher.enqueue(
            WebhookDelivery(
                lane: "viber \(bot) \(customer)", side: .viber, name: name, subject: customer, reference: reference,
                target: { [weak self] in self?.webhook(bot: bot)?.url },
                headers: { [("X-Viber-Content-Signature", Self.signature(of: $0, token: token))] },
                attemptHeader: nil, body: event.bytes, policy: Self.retries(state.knobs),
                disturbance: state.knobs.callbacks.roll(&state.random), onAccepted: onAccepted,
                onFirstAttempt: onFirstAttempt))
    }

    /// One second a few times, then a minute each, up to an hour (§8); only 200 counts.
    private static func retries(_ knobs: ViberKnobs) -> RetryPolicy {
        let minutes = max(0, (knobs.retrySpanSeconds - knobs.quickRetries) / 60)
        let waits = Array(repeating: 1.0, count: knobs.quickRetries) + Array(repeating: 60.0, count: minutes)
        return RetryPolicy(
            timeoutMilliseconds: knobs.callbackTimeoutMilliseconds,
            waits: waits.map { .seconds($0 * knobs.timeScale) }, accepts: { $0 == 200 })
    }

    /// The answer to `conversation_started`: a message in it is the one welcome message (§3.2).
    func welcome(_ answer: [UInt8], token: Int64, customer: String, bot: Int) {
        guard let message = try? JSON(parsing: answer), message.object != nil, message != [:] else {
            if !answer.isEmpty {
                log.record(
                    .viber, .refused, "welcome", subject: customer, reference: String(token), text: "not a message")
            }
            return
        }
        state.withLock { state in
            guard state.accounts[bot].chats[customer]?.phone.contains(where: { $0.token == token }) == false else {
                return
            }
            do throws(ViberMessageRules.Violation) {
                try ViberMessageRules(knobs: state.knobs).check(message)
            } catch {
                log.record(
                    .viber, .refused, "welcome", subject: customer, reference: String(token), text: error.message)
                return
            }
            show(message, token: token, isWelcome: true, to: customer, bot: bot, &state)
        }
    }

    /// Puts a message on the phone and lets its receipts follow.
    func show(_ message: JSON, token: Int64, isWelcome: Bool, to customer: String, bot: Int, _ state: inout State) {
        var shown = message
        for member in ["receiver", "broadcast_list", "chat_id", "auth_token"] { shown[member] = nil }
        let entry = PhoneMessage(token: token, time: .now, isWelcome: isWelcome, message: shown)
        state.accounts[bot].chats[customer]?.phone.append(entry)
        state.accounts[bot].chats[customer]?.unread.append(token)
        state.accounts[bot].chats[customer]?.trackingData = message["tracking_data"]?.string
        log.record(
            .viber, .message, isWelcome ? "welcome" : entry.kind, subject: customer, reference: String(token),
            text: entry.text)
        let knobs = state.knobs
        if let problem = ViberKeyboardRules.clientProblem(message) {
            return schedule(knobs.deliveredAfterMilliseconds) { [weak self] in
                self?.fail(token, problem, customer, bot: bot)
            }
        }
        if !knobs.deliversBeforeAnswer || isWelcome {
            schedule(knobs.deliveredAfterMilliseconds) { [weak self] in self?.confirm(token, customer, bot: bot) }
        }
        schedule(knobs.seenAfterMilliseconds) { [weak self] in self?.see(token, customer, bot: bot) }
    }

    private func schedule(_ milliseconds: Int, _ action: @escaping @Sendable () -> Void) {
        guard milliseconds >= 0 else { return }
        dispatcher.schedule(after: .milliseconds(milliseconds), action)
    }

    private func fail(_ token: Int64, _ problem: String, _ customer: String, bot: Int) {
        state.withLock { state in
            // What a phone rejects it does not show.
            state.accounts[bot].chats[customer]?.phone.removeAll { $0.token == token }
            state.accounts[bot].chats[customer]?.unread.removeAll { $0 == token }
            var event = receipt("failed", token, customer, state.knobs)
            if state.knobs.omitsFailureDescription {
                event["udid"] = .null
            } else {
                event["desc"] = .string(problem)
            }
            emit(event, about: customer, bot: bot, &state)
        }
    }

    /// `delivered`, once for each device.
    func confirm(_ token: Int64, _ customer: String, bot: Int, onFirstAttempt: (@Sendable () -> Void)? = nil) {
        state.withLock { state in
            for device in 0..<max(1, state.knobs.devices) {
                emit(
                    receipt("delivered", token, customer, state.knobs), about: customer, bot: bot, &state,
                    onFirstAttempt: device == 0 ? onFirstAttempt : nil)
            }
        }
    }

    /// `seen`, once for all that is unread, with the newest token (§3.4).
    private func see(_ token: Int64, _ customer: String, bot: Int) {
        state.withLock { state in
            guard let unread = state.accounts[bot].chats[customer]?.unread, unread.contains(token),
                let newest = unread.last
            else { return }
            state.accounts[bot].chats[customer]?.unread = []
            emit(receipt("seen", newest, customer, state.knobs), about: customer, bot: bot, &state)
        }
    }
}
