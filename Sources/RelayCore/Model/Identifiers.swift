/// An id that a system outside gave us, or that we gave out: never parsed, never compared across kinds.
///
/// Each kind of id has a type of its own, so that a channel's user id can't be passed where Freshchat's is meant.
/// Ids of 64 bits stay text all the way: a `Double` would lose their last digits.
package protocol OpaqueID: RawRepresentable<String>, Hashable, Codable, Sendable, CustomStringConvertible,
    ExpressibleByStringLiteral
{
    init(rawValue: String)
}

extension OpaqueID {
    package init(_ text: String) { self.init(rawValue: text) }
    package init(stringLiteral value: String) { self.init(rawValue: value) }
    package var description: String { rawValue }
}

/// One channel account connected to one Freshchat account and topic.
package struct InstallationID: OpaqueID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// A kind of messaging service, as written in settings and in the store: `viber`, `telegram`, …
package struct ChannelKind: OpaqueID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// The customer's id on the channel. Opaque bytes; Viber's contain `/`, `+` and `=` (viber.md §1).
package struct ChannelUserID: OpaqueID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// A message's id on the channel, such as Viber's 64-bit `message_token`.
package struct ChannelMessageID: OpaqueID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// The customer's id in Freshchat. Not always a UUID (freshchat.md §1.6).
package struct HelpdeskUserID: OpaqueID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// A conversation's id in Freshchat.
package struct HelpdeskConversationID: OpaqueID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// A message's id in Freshchat.
package struct HelpdeskMessageID: OpaqueID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// An agent's (or bot's) id in Freshchat.
package struct AgentID: OpaqueID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// What Freshchat's API calls a channel (`channel_id`): the inbox that our conversations go to.
package struct TopicID: OpaqueID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// The name under which one event is known for ever, so that a provider's repeats are absorbed.
package struct DedupeKey: OpaqueID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// Deliveries with the same key are made strictly in order, one at a time, across all workers.
package struct OrderingKey: OpaqueID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// One running worker process. Never used again after that process has ended.
package struct WorkerID: OpaqueID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// A row of the outbox. Grows with the order of acceptance.
package struct DeliveryID: RawRepresentable, Hashable, Codable, Sendable, Comparable, CustomStringConvertible {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package var description: String { String(rawValue) }
    package static func < (left: DeliveryID, right: DeliveryID) -> Bool { left.rawValue < right.rawValue }
}

/// A contact's row in the store.
package struct ContactID: RawRepresentable, Hashable, Codable, Sendable, CustomStringConvertible {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package var description: String { String(rawValue) }
}
