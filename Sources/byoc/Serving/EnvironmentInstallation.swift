import Channels
import Foundation
import Relay
import RelayCore
import Vault

/// The one installation that the environment describes.
enum EnvironmentInstallation {
    static let id: InstallationID = "environment"

    /// The installation that the environment describes, with everything it needs.
    ///
    /// - Throws: ``SettingsMistakes`` with each missing key.
    static func described(by settings: Settings, key: EncryptionKey) throws -> Installation? {
        guard let kind = settings.channelKind, let channel = ChannelRegistry.channel(kind) else { return nil }
        var mistakes: [SettingsMistake] = []
        func need<Value>(_ value: Value?, _ key: String, _ meaning: String) -> Value? {
            if value == nil {
                mistakes.append(
                    SettingsMistake(
                        key: key, value: nil, expected: "\(meaning), required because BYOC_CHANNEL is set", origin: ""))
            }
            return value
        }
        let account = settings.channelAccounts[kind] ?? ChannelAccount(kind: kind)
        for field in channel.descriptor.fields where field.isRequired {
            _ = need(
                account.settings[field.key] ?? account.secrets[field.key]?.reveal(), field.environmentKey(of: kind),
                field.label)
        }
        let baseURL = need(settings.desk.baseURL, "BYOC_FRESHCHAT_BASE_URL", "the Freshchat API URL")
        let token = need(settings.desk.token, "BYOC_FRESHCHAT_TOKEN", "the Freshchat API token")
        let topic = need(settings.desk.topic, "BYOC_FRESHCHAT_TOPIC", "the topic ID")
        guard let baseURL, let token, let topic, mistakes.isEmpty else { throw SettingsMistakes(all: mistakes) }
        return Installation(
            id: id, channel: account,
            helpdesk: HelpdeskAccount(
                baseURL: baseURL, token: token, topic: TopicID(topic),
                webhookPublicKey: settings.desk.webhookPublicKey ?? "",
                resolvedPolicy: settings.desk.resolvedPolicy, forwardsSystemLines: settings.desk.forwardsSystemLines,
                textLimit: settings.desk.textLimit),
            name: settings.installationName ?? channel.descriptor.name, doubtPolicy: settings.doubtPolicy,
            origin: .environment, targetToken: derivedToken(for: "target", key),
            helpdeskToken: derivedToken(for: "helpdesk", key),
            eventSecret: derivedToken(for: "event", key), createdAt: Date())
    }

    /// Updates the store to match the environment. Several workers may do so concurrently: the tokens are derived from the
    /// key, so all write the same. An installation that the environment no longer describes is paused.
    static func store(_ app: App) async throws {
        let existing = try await app.store.installations().first { $0.id == id }
        guard var wanted = try described(by: app.settings, key: app.key) else {
            if let existing, existing.isActive {
                try await app.store.pause(
                    id, by: .environment, reason: "BYOC_CHANNEL is no longer set", now: Date())
            }
            return
        }
        if let existing {
            let isSame = existing.channel == wanted.channel
            wanted.registeredURL = isSame ? existing.registeredURL : ""
            wanted.createdAt = existing.createdAt
            if existing.helpdesk.topic == wanted.helpdesk.topic {
                wanted.helpdesk.topicName = existing.helpdesk.topicName
            }
            // A replaced credential resumes it, and so does its description that is back; any other pause stays.
            if isSame, existing.helpdesk == wanted.helpdesk, existing.pauseCause != .environment {
                wanted.state = existing.state
            }
            if wanted == existing { return }
        }
        try await app.store.save(wanted, now: Date())
    }

    private static func derivedToken(for purpose: String, _ key: EncryptionKey) -> Secret {
        Secret(bytes: key.derive("installation \(id) \(purpose)"))
    }
}
