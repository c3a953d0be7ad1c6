import Synchronization

// set_webhook (viber.md §2).
extension ViberSimulator {
    /// Registers the webhook after a handshake during this very call, or removes it when the URL is empty.
    func setWebhook(bot: Int, _ body: JSON) async -> JSON {
        guard let url = body["url"]?.string else { return refuse(4, "missingData: url") }
        if url.isEmpty {
            state.withLock { $0.accounts[bot].webhook = nil }
            log.record(.viber, .action, "webhook.removed")
            return ["status": 0, "status_message": "ok", "chat_hostname": "SN-CHAT-02_", "event_types": []]
        }
        let knobs = self.knobs
        guard knobs.allowsPlainHTTP.allows(url) else { return refuse(1, "invalidUrl") }
        let events: [String]
        do throws(ViberMessageRules.Violation) {
            events = try Self.events(body["event_types"])
            for flag in ["send_name", "send_photo", "is_inline"] {
                if let value = body[flag], value.bool == nil { throw .bad("badData: \(flag) is not a boolean") }
            }
        } catch {
            return refuse(error.status, error.message)
        }
        let webhook = ViberWebhook(
            url: knobs.dropsQueryString ? String(url.prefix { $0 != "?" }) : url, events: events,
            sendsName: body["send_name"]?.bool ?? false, sendsPhoto: body["send_photo"]?.bool ?? false)
        if let problem = await handshake(webhook.url, bot: bot, timeoutMilliseconds: knobs.handshakeTimeoutMilliseconds)
        {
            return refuse(1, problem)
        }
        state.withLock { $0.accounts[bot].webhook = webhook }
        log.record(.viber, .action, "webhook.set", text: webhook.url)
        return [
            "status": 0, "status_message": "ok", "chat_hostname": "SN-CHAT-02_",
            "event_types": .array(events.map { .string($0) }),
        ]
    }

    /// The events of a filter, with those that always come; all of them without a filter (§2).
    private static func events(_ filter: JSON?) throws(ViberMessageRules.Violation) -> [String] {
        guard let filter else { return ViberWebhook.allEvents }
        guard let names = filter.array?.map(\.string) else { throw .bad("badData: event_types is not an array") }
        for name in names where !ViberWebhook.allEvents.contains(name ?? "") {
            throw .bad("badData: unknown event type \(name ?? "")")
        }
        return ViberWebhook.allEvents.filter { names.contains($0) || ViberWebhook.mandatoryEvents.contains($0) }
    }

    /// POSTs the `webhook` event; returns what went wrong in the words of a Java client, nil when it was answered 200
    /// in time (§2.1).
    private func handshake(_ url: String, bot: Int, timeoutMilliseconds: Int) async -> String? {
        let (body, token) = state.withLock { state in
            (event("webhook", state.token(), state.knobs) { _ in }.bytes, state.accounts[bot].bot.token)
        }
        let answer = await client.post(
            body, to: url, headers: [("X-Viber-Content-Signature", Self.signature(of: body, token: token))],
            timeoutMilliseconds: timeoutMilliseconds)
        log.record(
            .viber, .webhook, "webhook", status: answer.status,
            text: "attempt 0\(answer.failure.map { ": \($0)" } ?? "")")
        let request = "Result[HttpRequest[POST  HTTP/1.1]@2a3ca559 > HttpResponse["
        switch answer.failure {
        case nil where answer.status == 200: return nil
        case nil: return "\(request)HTTP/1.1 \(answer.status) unknown status]@20d79eb3] null"
        case .timeout:
            return "\(request)null 0 null]@79fcd025] java.util.concurrent.TimeoutException: "
                + "Total timeout \(timeoutMilliseconds) ms elapsed"
        case .refused: return "\(request)null 0 null]@79fcd025] java.net.ConnectException: Connection refused"
        case .other:
            return "\(request)null 0 null]@79fcd025] javax.net.ssl.SSLHandshakeException: General SSLEngine problem"
        }
    }
}
