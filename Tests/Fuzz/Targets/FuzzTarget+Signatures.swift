import Channels
import FoundationEssentials
import HTTPTypes
import RelayCore

@testable import Freshchat

extension FuzzTarget {
    /// The header of a signature, and from the second line on a public key as an admin might paste it.
    static let signatures = FuzzTarget(name: "signatures", longest: 4096) { input in
        let (header, rest) = input.cut(at: UInt8(ascii: "\n"))
        try checkFreshchat(header: header.text, key: rest.text)
        try checkViber(header: header.text)
    }

    private static func checkFreshchat(header: String, key text: String) throws(BrokenProperty) {
        let parsed = Result { () throws(SetupFailure) in try WebhookPublicKey(parsing: text) }
        if case .failure(let failure) = parsed {
            try hold(!failure.problem.isEmpty, "a refused key is told why")
            let words = Set(text.split(whereSeparator: \.isNewline).map(String.init).filter { $0.count > 30 })
            try hold(!words.contains { failure.description.contains($0) }, "what was pasted is not repeated")
        }
        let accepts = try twice("a key") {
            (try? WebhookPublicKey(parsing: text))?.isValid(signature: header, over: KnownSignature.body)
        }
        try hold((accepts != nil) == ((try? parsed.get()) != nil), "a key reads the same twice")
        func isOurs(_ text: String) -> Bool {
            Data(base64Encoded: text.trimmingWhiteSpace()) == Data(base64Encoded: KnownSignature.freshchat)
        }
        try hold(accepts != true || isOurs(header), "no signature is taken but the genuine one")

        // Against the right key, in a header.
        guard let name = HTTPField.Name("X-Freshchat-Signature") else { return }
        for (body, isGenuine) in [(KnownSignature.body, true), (KnownSignature.body + [0x20], false)] {
            var request = WebhookRequest(
                method: .post, path: "/", body: body, id: "fuzz", receivedAt: WebhookFront.noon)
            // HTTPFields makes blanks of what may not stand in a field.
            request.headers[name] = header
            let isOurs = isOurs(request.headers[name] ?? "")
            let account = HelpdeskAccount(
                baseURL: "", token: Secret(""), webhookPublicKey: KnownSignature.key)
            let outcome = Result { () throws(WebhookRefusal) in
                try helpdesk.readWebhook(request, account: account).events.count
            }
            if case .failure(let refusal) = outcome {
                try hold(refusal.kind == .notGenuine, "a webhook is refused for its signature only")
            }
            try hold(
                ((try? outcome.get()) != nil) == (isOurs && isGenuine), "a webhook is taken with its own signature only"
            )
        }
    }

    private static func checkViber(header: String) throws(BrokenProperty) {
        guard let name = HTTPField.Name("X-Viber-Content-Signature") else { return }
        var request = WebhookRequest(
            method: .post, path: "/", body: KnownSignature.body, id: "fuzz", receivedAt: WebhookFront.noon)
        request.headers[name] = header
        let digits = request.headers[name]?.trimmingWhiteSpace().lowercased()
        let isOurs = digits == KnownSignature.viber(over: KnownSignature.body)
        let isTaken: Bool
        do throws(WebhookRefusal) {
            _ = try Viber().read(request, account: WebhookFront.account)
            isTaken = true
        } catch {
            // The known body is no callback, so the genuine one is malformed.
            isTaken = error.kind == .malformed
        }
        try hold(isTaken == isOurs, "no callback is taken but with its own signature")
    }

    private static let helpdesk = FreshchatHelpdesk()
}
