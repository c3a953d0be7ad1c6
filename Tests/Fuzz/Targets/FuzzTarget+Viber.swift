import Channels
import FoundationEssentials
import HTTPTypes
import RelayCore

extension FuzzTarget {
    /// The body of a Viber callback.
    static let viber = FuzzTarget(name: "viber", longest: 4096) { input in
        func read(_ signature: String?) -> Result<WebhookReading<ChannelEvent>, WebhookRefusal> {
            readViber(input, signature)
        }

        let signature = KnownSignature.viber(over: input)
        let others = [nil, "", String(signature.dropLast()), signature + "0", String(signature.reversed()) + " "]
        for other in others where other?.dropLast() != signature[...] {
            guard case .failure(let refusal) = read(other), refusal.kind == .notGenuine else {
                throw BrokenProperty(description: "A callback with a wrong signature was not refused.")
            }
        }

        switch read(signature) {
        case .failure(let refusal):
            try hold(refusal.kind == .malformed, "a signed callback is refused for its form only")
        case .success(let reading):
            try hold(reading.events.count == 1, "a callback is one event")
            let events = try twice("a callback") { (try? read(signature).get())?.events ?? [] }
            try hold(events == reading.events, "a callback reads the same twice")
            for event in events {
                try hold(!event.dedupeKey.rawValue.isEmpty, "each event has a name")
                guard case .message(let inbound) = event.content else { continue }
                try hold(!inbound.message.isBlank, "a message says something")
                try hold(!inbound.from.userID.rawValue.isEmpty, "a message is somebody's")
                try checkPieces(of: inbound.message)
            }
        }
        try checkUnreadable(input)
    }

    private static func readViber(
        _ body: [UInt8], _ signature: String?
    ) -> Result<WebhookReading<ChannelEvent>, WebhookRefusal> {
        var request = WebhookRequest(method: .post, path: "/", body: body, id: "fuzz", receivedAt: WebhookFront.noon)
        if let signature, let name = HTTPField.Name("X-Viber-Content-Signature") { request.headers[name] = signature }
        return Result { () throws(WebhookRefusal) in try Viber().read(request, account: WebhookFront.account) }
    }

    /// A message with a lone surrogate is never lost, whatever stands before that: in the text, in the name, and in a
    /// field's name.
    private static func checkUnreadable(_ input: [UInt8]) throws(BrokenProperty) {
        let odd = input.endingInHalfAPair
        let body =
            Array(#"{"event":"message","message_token":1,"sender":{"id":"u","name":"x"#.utf8) + odd
            + Array(#"","z"#.utf8) + odd
            + Array(#"":1},"message":{"type":"text","text":"x"#.utf8) + odd + Array(#""}}"#.utf8)
        guard case .success(let reading) = readViber(body, KnownSignature.viber(over: body)),
            case .message(let inbound) = reading.events.first?.content
        else { throw BrokenProperty(description: "A message with a lone surrogate is lost.") }
        try hold(inbound.message.plainText.unicodeScalars.last == "\u{FFFD}", "a lone surrogate is shown as U+FFFD")
        try hold(inbound.from.name?.unicodeScalars.last == "\u{FFFD}", "a name with a lone surrogate is a name")
    }
}
