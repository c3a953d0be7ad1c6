package import RelayCore

/// Viber's REST Bot API (viber.md).
///
/// Webhooks are read in `ViberWebhook.swift`, messages sent in `ViberSend.swift`, accounts checked and webhooks
/// registered in `ViberSetup.swift`. Viber has no idempotency key (viber.md §6).
package struct Viber: Channel {
    package init() {}

    package var descriptor: ChannelDescriptor {
        ChannelDescriptor(kind: "viber", name: "Viber", fields: ViberSettings.fields)
    }
}
