package import RelayCore

/// Freshchat's fields of an installation, as commands and pages ask for them.
package enum FreshchatFields {
    package static let address = SettingField(
        key: "freshchat_url", label: "Freshchat API address",
        help: """
            Your Freshchat URL followed by /v2, such as https://acme.freshchat.com/v2. Freshchat shows it as "Your chat \
            URL" under Admin > Website Tracking and APIs > API Settings.
            """,
        problem: { text in
            do throws(SetupFailure) {
                _ = try FreshchatBaseURL(parsing: text)
                return nil
            } catch {
                return error.problem
            }
        })

    package static let token = SettingField(
        key: "freshchat_token", label: "Freshchat API token",
        help: """
            Freshchat shows it under Admin > Website Tracking and APIs > API Settings. Each account has one API token. \
            Generating a new one disconnects every integration that uses the old one.
            """,
        isSecret: true)

    package static let webhookKey = SettingField(
        key: "webhook_key", label: "Freshchat's webhook public key",
        help: "Freshchat shows it next to the webhook's URL once that is saved. You can add it later.",
        isRequired: false,
        problem: { text in
            guard !text.isEmpty else { return nil }
            do throws(SetupFailure) {
                _ = try WebhookPublicKey(parsing: text)
                return nil
            } catch {
                return error.problem
            }
        })
}
