/// A topic, which the API calls a channel (freshchat.md §1.8).
package struct FreshchatTopic: Sendable, Equatable {
    package var id: String
    package var name: String
    /// The numeric id of Omni accounts (§1.6).
    package var numericID: Int64 = 818_162
    var updated = Timestamp(milliseconds: 1_735_787_045_678)
}

package struct FreshchatAgent: Sendable, Equatable {
    package var id: String
    package var firstName: String
    package var lastName: String
    package var email: String
    package var isDeactivated = false
    var created = Timestamp(milliseconds: 1_730_797_811_123)
}

package struct FreshchatGroup: Sendable, Equatable {
    package var id: String
    package var name: String
}

/// A customer in Freshchat. Its `reference_id` need not be unique (§1.7).
package struct FreshchatUser: Sendable, Equatable {
    package var id: String
    /// All that the API was given: `first_name`, `reference_id`, `properties`, …
    package var fields: JSON
    package var created: Timestamp
    package var updated: Timestamp

    package var referenceID: String? { fields["reference_id"]?.string }
    package var firstName: String? { fields["first_name"]?.string }
}

package struct FreshchatConversation: Sendable, Equatable {
    package var id: String
    /// The other id, a number (§1.6).
    package var internalID: Int64
    package var userID: String
    package var topicID: String
    package var status: String
    package var assignedAgentID: String?
    package var assignedGroupID: String?
    package var properties: JSON
    package var interactionID: String
    package var created: Timestamp
    package var updated: Timestamp
    /// Resolved where conversations are closed for good.
    package internal(set) var isClosed = false
}

package struct FreshchatMessage: Sendable, Equatable {
    package var id: String
    package var conversationID: String
    /// `user`, `agent`, `bot` or `system`.
    package var actorType: String
    /// Empty for a bot's or the system's own.
    package var actorID: String
    /// `normal`, `private` or `system`.
    package var messageType: String
    package var parts: [JSON]
    package var replyParts: [JSON]
    /// `api` for what the API was given, `web` for what an agent wrote.
    package var source: String
    package var metaData: JSON?
    package var created: Timestamp

    /// A line of the system: it tells what happened, in the guise of a message.
    package var isSystemLine: Bool { metaData != nil }
    /// The text parts, one a line.
    package var text: String { parts.compactMap { $0["text"]?["content"]?.string }.joined(separator: "\n") }
}

/// Something that was uploaded (§1.10, media rules).
struct FreshchatUpload: Sendable {
    var bytes: [UInt8]
    var contentType: String
    var name: String
    /// When the virus scan is over.
    var safeFrom: Timestamp
}
