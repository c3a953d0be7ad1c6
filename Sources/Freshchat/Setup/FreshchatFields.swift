package import RelayCore

/// What Freshchat's side of an installation needs, as commands and pages ask for it.
package enum FreshchatFields {
    package static let address = SettingField(
        key: "freshchat_url", label: "Freshchat API address",
        help: """
            "Your chat URL" with https:// before and /v2 behind it, such as https://acme.freshchat.com/v2. In Freshchat \
            under Admin > Website Tracking and APIs > API Settings.
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
        help:
            "On the same page. An account has one at a time: making a new one ends the old one for every integration.",
        isSecret: true)

    package static let webhookKey = SettingField(
        key: "webhook_key", label: "Freshchat's webhook public key",
        help: "Freshchat shows it beside its webhook setting once that is saved. It can be added later.",
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
