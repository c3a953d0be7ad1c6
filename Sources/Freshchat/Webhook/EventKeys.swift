import Crypto
import FoundationEssentials
import RelayCore

/// Dedupe keys of Freshchat's events, so that duplicates are ignored (freshchat.md §2.3).
enum EventKeys {
    /// The same for the conversation webhook and the product event.
    static func message(_ id: HelpdeskMessageID) -> DedupeKey { DedupeKey("message/\(id)") }

    /// For events without an id. Without a time as well, only the bytes identify an event, and a duplicate has the same.
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
