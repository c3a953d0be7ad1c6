import FoundationEssentials
import RelayCore

/// A message as Freshchat gives it, in answers, webhooks and product events (freshchat.md §1.10, §2.1, §3.5).
struct MessageObject: Sendable {
    var id: HelpdeskMessageID?
    var conversation: HelpdeskConversationID?
    var topic: TopicID?
    var user: HelpdeskUserID?
    var actor: HelpdeskMessage.Actor
    var actorID: AgentID?
    /// Whether the message itself says what wrote it. Rows of bots and of the system may not (freshchat.md §1.10).
    private var namesActor: Bool
    private var isFromSystem: Bool
    /// Whether it is a line of Freshchat's own in the guise of a message ("Conversation was reopened by …").
    private var isStatusLine: Bool
    var isPrivate: Bool
    /// The kind it is of, if that is none of the API's.
    var unknownKind: String?
    var createdAt: Date?
    /// Texts as they came, and after the message's own parts the answers that it offers.
    var parts: [Part]
    /// Why Freshchat didn't take it, though it lists it; `nil` for a message that is none the worse.
    var failure: String?

    init(_ fields: JSONFields) {
        id = fields.firstID("id", "message_id").map { .init($0) }
        conversation = fields.id("conversation_id").map { .init($0) }
        topic = fields.id("channel_id").map { .init($0) }
        user = fields.id("user_id").map { .init($0) }
        actorID = fields.id("actor_id").map { .init($0) }
        createdAt = fields.date("created_time")
        failure = Refusal.words(ofMessage: fields)

        let kind = Kind(fields)
        isPrivate = kind == .private || fields.flag("botsPrivateNote") == true
        if case .unknown(let name) = kind { unknownKind = name }
        let type = fields.id("actor_type")
        let actor = type.flatMap { HelpdeskMessage.Actor(rawValue: $0.lowercased()) } ?? .system
        let isFromSystem = fields.text("message_source")?.lowercased() == "system"
        isStatusLine = Self.isStatusLine(fields, kind, by: actor, isFromSystem: isFromSystem)
        // What nobody is named for is nobody's message.
        self.actor = isStatusLine ? .system : actor
        namesActor = type != nil
        self.isFromSystem = isFromSystem

        parts = ["message_parts", "msg_parts", "reply_parts"]
            .flatMap { (name: StaticString) in fields.objects(name) }.flatMap { MessagePart($0).parts }
    }

    private enum Kind: Equatable {
        case normal, `private`, system
        case unknown(String)

        /// The payloads of 2022 say nothing but whether it is a note (freshchat.md §2.1); in all others a message without a
        /// type is of an unknown kind, and so is anything but exactly the API's words.
        init(_ fields: JSONFields) {
            // A mark that can't be read may be that of a note.
            if fields.has("botsPrivateNote"), fields.flag("botsPrivateNote") == nil {
                self = .unknown("botsPrivateNote that is neither true nor false")
                return
            }
            guard fields.has("message_type") else {
                let isOf2022 = fields.has("botsPrivateNote") || fields.has("restrictResponse")
                self = isOf2022 || fields.has("restrict_response") ? .normal : .unknown("none")
                return
            }
            guard let name = fields.text("message_type") else {
                self = .unknown("not a text")
                return
            }
            self =
                switch name.lowercased() {
                case "normal": .normal
                case "private": .private
                case "system": .system
                default: .unknown(name.truncated(to: 60))
                }
        }
    }

    /// Freshworks' own readers take any `meta_data` for the mark of such a line; an agent is named as its author. The
    /// source `system` alone is no mark, because welcome messages have it too (freshchat.md §1.10); with it an empty
    /// `meta_data` is one.
    private static func isStatusLine(
        _ fields: JSONFields, _ kind: Kind, by actor: HelpdeskMessage.Actor, isFromSystem: Bool
    ) -> Bool {
        if kind == .system { return true }
        guard fields.has("meta_data") else { return false }
        if let marks = fields.object("meta_data") {
            if marks.flag("isResolved") == true || marks.flag("isReopen") == true { return true }
            return actor != .user && (isFromSystem || marks.hasContent)
        }
        return actor != .user && (isFromSystem || fields.hasContent("meta_data"))
    }

    /// Takes what the event says of its actor where the message doesn't (freshchat.md §2.1, §3.5).
    ///
    /// A line of Freshchat's own stays nobody's, and so does what another than the event's actor wrote.
    mutating func take(_ eventActor: EventActor) {
        guard !isStatusLine, actorID == nil || eventActor.id == nil || actorID == eventActor.id else { return }
        if namesActor {
            guard eventActor.kind == actor else { return }
        } else {
            guard !isFromSystem, let kind = eventActor.kind else { return }
            actor = kind
        }
        actorID = actorID ?? eventActor.id
    }

    /// The customer it belongs to: older payloads leave `user_id` out of customers' own messages (freshchat.md §2.1).
    var customer: HelpdeskUserID? {
        user ?? (actor == .user ? actorID.map { HelpdeskUserID($0.rawValue) } : nil)
    }

    var text: String {
        parts.compactMap { if case .text(let text) = $0 { text } else { nil } }.joined(separator: "\n")
    }
}

/// The actor of an event.
struct EventActor: Sendable {
    /// `nil` if it is missing, or none that the API lists.
    var kind: HelpdeskMessage.Actor?
    var id: AgentID?
    /// Only product events tell it.
    var firstName: String?

    /// Reads the spellings of both ways in (freshchat.md §2.1, §3.5).
    init(_ fields: JSONFields) {
        kind = fields.firstID("type", "actor_type").flatMap { .init(rawValue: $0.lowercased()) }
        id = fields.firstID("id", "actor_id").map { .init($0) }
        firstName = fields.text("first_name")?.asName
    }
}
