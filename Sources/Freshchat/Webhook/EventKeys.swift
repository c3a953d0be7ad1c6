import Crypto
import FoundationEssentials
import RelayCore

/// The names under which Freshchat's events are known, so that repeats are absorbed (freshchat.md §2.3).
enum EventKeys {
    /// The same whichever way a message comes in, by the conversation webhook or by the product event.
    static func message(_ id: HelpdeskMessageID) -> DedupeKey { DedupeKey("message/\(id)") }

    /// For events without an id. Where the payload has no time either, nothing tells one event from the next but its
    /// bytes, which a repeat has in common.
    static func event(
        _ name: String, conversation: String?, interaction: String?, time: String?, body: [UInt8]
    ) -> DedupeKey {
        guard let time, !time.isEmpty else { return unnamed(name, body: body) }
        return DedupeKey("\(name)/\(conversation ?? "")/\(interaction ?? "")/\(time)")
    }

    static func unnamed(_ name: String, body: [UInt8]) -> DedupeKey {
        DedupeKey("\(name)/\(SHA256.hash(data: body).prefix(16).hexadecimal)")
    }
}
