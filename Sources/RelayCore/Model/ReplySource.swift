import FoundationEssentials

/// How a message of Freshchat's came here. The raw values are the store's words.
package enum ReplySource: String, Sendable, CaseIterable {
    /// By the conversation webhook, whose signature was verified.
    case webhook
    /// By the Marketplace product event, which isn't signed: its URL holds a secret.
    case productEvent = "product_event"
    /// By the poll, before a webhook had brought it.
    case poll
}

extension Delivery {
    /// How long after Freshchat's time of a reply the reply was accepted, never less than zero: the two clocks may differ.
    /// `nil` for what isn't a reply, and for a reply without a time.
    package var acceptanceDelay: Duration? {
        guard case .reply(let reply) = payload, let written = reply.message.sentAt else { return nil }
        return .milliseconds(Int64((acceptedAt.timeIntervalSince(written) * 1000).rounded().asBoundedWait))
    }
}

extension Double {
    /// Within zero and a century of milliseconds.
    fileprivate var asBoundedWait: Double { isNaN ? 0 : Swift.min(Swift.max(self, 0), 3.2e12) }
}
