import Channels
import FoundationEssentials
import HTTPTypes
import RelayCore

@testable import Freshchat

extension FuzzTarget {
    /// The body of Freshchat's conversation webhook, and that of a product event.
    static let freshchat = FuzzTarget(name: "freshchat", longest: 4096) { input in
        let request = WebhookRequest(
            method: .post, path: "/", body: input, id: "fuzz", receivedAt: WebhookFront.noon)
        try check("a conversation webhook") { () throws(WebhookRefusal) in
            // Behind the signature, which nothing that a fuzzer makes up has.
            try ConversationWebhook.read(request)
        }
        try check("a product event") { () throws(WebhookRefusal) in
            try FreshchatHelpdesk().readProductEvent(request)
        }
        try checkUnreadable(input)
    }

    /// A message with a lone surrogate is never lost, whatever stands before that, in the text and in a field's name.
    private static func checkUnreadable(_ input: [UInt8]) throws(BrokenProperty) {
        let odd = input.endingInHalfAPair
        let message =
            Array(#"{"id":"M","conversation_id":"C","actor_type":"user","message_parts":[{"text":{"content":"x"#.utf8)
            + odd
            + Array(#"","y"#.utf8) + odd + Array(#"":1}}],"z"#.utf8) + odd + Array(#"":2}"#.utf8)
        let bodies = [
            Array(#"{"action":"message_create","data":{"message":"#.utf8) + message + Array("}}".utf8),
            Array(#"{"event":"onMessageCreate","data":{"message":{"messages":["#.utf8) + message + Array("]}}}".utf8),
        ]
        for body in bodies {
            let request = WebhookRequest(
                method: .post, path: "/", body: body, id: "fuzz", receivedAt: WebhookFront.noon)
            let events = [try? ConversationWebhook.read(request), try? ProductEvent.read(request)].compactMap(\.self)
                .flatMap(\.events)
            let messages = events.compactMap { if case .message(let message) = $0.content { message } else { nil } }
            guard let found = messages.first else {
                throw BrokenProperty(description: "A message with a lone surrogate is lost.")
            }
            try hold(found.message.plainText.unicodeScalars.last == "\u{FFFD}", "a lone surrogate is shown as U+FFFD")
        }
    }

    private static func check(
        _ what: String, _ read: () throws(WebhookRefusal) -> WebhookReading<HelpdeskEvent>
    ) throws(BrokenProperty) {
        let outcome = try twice(what) { () -> Result<[HelpdeskEvent], WebhookRefusal> in
            do throws(WebhookRefusal) { return .success(try read().events) } catch { return .failure(error) }
        }
        switch outcome {
        case .failure(let refusal):
            try hold(refusal.kind == .malformed, "\(what) is refused for its form only")
        case .success(let events):
            try hold(!events.isEmpty, "\(what) that is taken says something")
            for event in events {
                try hold(!event.dedupeKey.rawValue.isEmpty, "each event has a name")
                guard case .message(let message) = event.content else { continue }
                try hold(!message.id.rawValue.isEmpty, "a message has an id")
                try hold(!message.conversation.rawValue.isEmpty, "a message has its conversation")
                try checkPieces(of: message.message)
            }
        }
    }
}

/// Neither side loses text or breaks its limits when a message is cut into pieces.
func checkPieces(of message: Message) throws(BrokenProperty) {
    let helpdesk = HelpdeskAccount(baseURL: "", token: Secret(""), textLimit: 40)
    for piece in FreshchatHelpdesk().pieces(of: message, account: helpdesk) {
        try hold(piece.plainText.utf16.count <= 40 && !piece.isBlank, "a piece for Freshchat is within the limit")
    }
    let pieces = Viber().pieces(of: message, account: WebhookFront.account)
    let again = try twice("a message in pieces") { Viber().pieces(of: message, account: WebhookFront.account) }
    try hold(again == pieces, "a message has the same pieces each time")
    for piece in pieces {
        try hold(piece.plainText.utf16.count <= 7000 && !piece.isBlank, "a piece for Viber is within the limit")
    }
    // White space at a cut may go, and a giant grapheme is cut between its code points.
    func letters(_ text: String) -> [Unicode.Scalar] {
        text.filter { !$0.isWhitespace }.unicodeScalars.filter { !$0.properties.isWhitespace }
    }
    let joined = letters(pieces.map(\.plainText).joined())
    let whole = letters(
        message.parts.filter { !$0.isBlank }.map(\.plainText).joined(separator: "\n").withoutControlCharacters())
    try hold(joined == whole, "the pieces say all that the message says")
}
