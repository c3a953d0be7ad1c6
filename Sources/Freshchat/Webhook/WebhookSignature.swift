import HTTPTypes
import RelayCore

/// Verifies that a conversation webhook comes from Freshchat (freshchat.md §2.2).
enum WebhookSignature {
    /// - Throws: `notGenuine` for a missing or wrong signature. `notReady` while there is no usable key: then Freshchat
    ///   sends it again later, and by then the admin may have pasted one.
    static func verify(_ request: WebhookRequest, key text: String, keys: WebhookKeyCache) throws(WebhookRefusal) {
        guard !text.isBlank else {
            throw WebhookRefusal(
                .notReady,
                """
                This installation has no public key yet for Freshchat's conversation webhook. Paste it from Freshchat's \
                webhook settings.
                """
            )
        }
        let key: WebhookPublicKey
        do {
            key = try keys.key(parsing: text)
        } catch {
            throw WebhookRefusal(.notReady, error.problem)
        }
        guard let name = HTTPField.Name("X-Freshchat-Signature"), let signature = request.headers[name] else {
            throw WebhookRefusal(.notGenuine, "The X-Freshchat-Signature header is missing.")
        }
        guard key.isValid(signature: signature, over: request.body) else {
            throw WebhookRefusal(.notGenuine, "The signature doesn't match this body.")
        }
    }
}
