import HTTPTypes
import RelayCore

/// Verifies that a conversation webhook comes from Freshchat (freshchat.md §2.2).
enum WebhookSignature {
    /// - Parameter texts: the keys as they were pasted, the likeliest first; one of them has to verify it.
    /// - Throws: `notGenuine` for a missing or wrong signature. `notReady` while there is no usable key: then Freshchat
    ///   sends it again later, and by then the admin may have pasted one.
    static func verify(_ request: WebhookRequest, texts: [String], keys: WebhookKeyCache) throws(WebhookRefusal) {
        let texts = texts.filter { !$0.isBlank }
        guard !texts.isEmpty else {
            throw WebhookRefusal(
                .notReady,
                """
                There is no public key yet for Freshchat's conversation webhook. Paste it from Freshchat's \
                webhook settings.
                """
            )
        }
        var problem: String?
        let usable = texts.compactMap { text in
            do throws(SetupFailure) {
                return try keys.key(parsing: text)
            } catch {
                problem = problem ?? error.problem
                return nil
            }
        }
        if usable.isEmpty, let problem { throw WebhookRefusal(.notReady, problem) }
        guard let name = HTTPField.Name("X-Freshchat-Signature"), let signature = request.headers[name] else {
            throw WebhookRefusal(.notGenuine, "The X-Freshchat-Signature header is missing.")
        }
        guard usable.contains(where: { $0.isValid(signature: signature, over: request.body) }) else {
            throw WebhookRefusal(.notGenuine, "The signature doesn't match this body.")
        }
    }
}
