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
            id: id,
            channel: ChannelAccount(
                id: ChannelAccountID("\(kind)-acct-environment"), kind: kind, settings: account.settings,
                secrets: account.secrets, endpoints: [Endpoint(.target, token: derivedToken(for: "target", key))]),
            referenceForm: channel.descriptor.referenceForm,
            helpdesk: HelpdeskAccount(
                id: "freshchat-environment", baseURL: baseURL, token: token,
                webhookPublicKey: settings.desk.webhookPublicKey ?? "", textLimit: settings.desk.textLimit,
                endpoints: [
                    Endpoint(.helpdesk, token: derivedToken(for: "helpdesk", key)),
                    Endpoint(.event, token: derivedToken(for: "event", key)),
                ]),
            topic: TopicID(topic), name: settings.installationName ?? channel.descriptor.name,
            resolvedPolicy: settings.desk.resolvedPolicy, forwardsSystemLines: settings.desk.forwardsSystemLines,
            doubtPolicy: settings.doubtPolicy, origin: .environment, createdAt: Date())
    }

    /// Updates the store to match the environment. Several workers may do so concurrently: the tokens are derived from the
    /// key, so all write the same. An installation that the environment no longer describes is paused.
    static func store(_ app: App) async throws {
        let existing = try await app.store.installations().first { $0.id == id }
        guard var wanted = try described(by: app.settings, key: app.key) else {
            if let existing, existing.ownState == .active {
                try await app.store.pause(
                    id, by: .environment, reason: "BYOC_CHANNEL is no longer set", now: Date())
            }
            return
        }
        if let existing {
            wanted.keep(existing)
            if wanted == existing { return }
        }
        try await app.store.save(wanted, now: Date())
        for side in Side.allCases where existing?.isResumed(by: wanted, on: side) == true {
            try await app.store.resume(wanted.account(of: side), now: Date())
        }
    }

    private static func derivedToken(for purpose: String, _ key: EncryptionKey) -> Secret {
        Secret(bytes: key.derive("installation \(id) \(purpose)"))
    }
}

extension Installation {
    /// Takes over what the environment doesn't say: what the store has given it, and what has happened to it since.
    ///
    /// - Parameter existing: the same installation as it is stored.
    fileprivate mutating func keep(_ existing: Installation) {
        createdAt = existing.createdAt
        former = existing.former
        formerTopics = existing.formerTopics.filter { $0 != topic }
        if existing.topic == topic {
            topicName = existing.topicName
        } else if !formerTopics.contains(existing.topic) {
            formerTopics.append(existing.topic)
        }
        let isSameDesk = helpdesk.hasSameCredentials(as: existing.helpdesk)
        helpdesk.id = existing.helpdesk.id
        helpdesk.identity = existing.helpdesk.identity
        helpdesk.endpoints = existing.helpdesk.endpoints.adopting(helpdesk.endpoints)
        helpdesk.spareTokens = existing.helpdesk.spareTokens
        helpdesk.sparePublicKeys = existing.helpdesk.sparePublicKeys
        if isSameDesk { helpdesk.state = existing.helpdesk.state }
        var isSame =
            isSameDesk && helpdesk.textLimit == existing.helpdesk.textLimit && existing.hasSamePolicies(as: self)
        if channel.kind == existing.channel.kind {
            let isSameChannel = channel.hasSameCredentials(as: existing.channel)
            address = existing.address
            referenceForm = existing.referenceForm
            channel.id = existing.channel.id
            channel.identity = existing.channel.identity
            channel.endpoints = existing.channel.endpoints.adopting(channel.endpoints)
            if isSameChannel {
                channel.registeredURL = existing.channel.registeredURL
                channel.state = existing.channel.state
            }
            isSame = isSame && isSameChannel
        } else {
            isSame = false
        }
        // A change resumes it, and so does its description that is back; any other pause stays.
        if isSame, existing.pauseCause != .environment { ownState = existing.ownState }
    }

    private func hasSamePolicies(as other: Installation) -> Bool {
        topic == other.topic && resolvedPolicy == other.resolvedPolicy
            && forwardsSystemLines == other.forwardsSystemLines
    }

    /// Whether the account of this side was paused and isn't any more.
    fileprivate func isResumed(by changed: Installation, on side: Side) -> Bool {
        guard account(of: side) == changed.account(of: side) else { return false }
        return switch side {
        case .channel: channel.state != .active && changed.channel.state == .active
        case .helpdesk: helpdesk.state != .active && changed.helpdesk.state == .active
        }
    }
}
