import Foundation
import Relay
import RelayCore

/// An installation as the commands show it. Never a secret: only `show` prints the URLs with a token in them, because they
/// are to be pasted.
struct InstallationView: Encodable {
    var id: String
    var name: String
    var channel: String
    var state: String
    var reason: String?
    /// A word of ``Installation/PauseCause``; `nil` if it isn't paused.
    var pausedBy: String?
    var channelAccount: String
    /// `nil` for an account's only one.
    var address: String?
    var topic: String
    var topicName: String?
    var formerTopics: [String]
    var freshchat: String
    var freshchatAccount: String
    var textLimit: Int
    var resolvedPolicy: String
    var doubtPolicy: String
    var forwardsSystemLines: Bool
    var origin: String
    var createdAt: Date
    var settings: [String: String]
    var secrets: [String: String]
    var webhookKey: Bool
    var targetURL: String?
    var registered: Bool?
    var freshchatWebhookURL: String?
    var productEventURL: String?
    var waiting: Int?
    var inDoubt: Int?
    var held: Int?
    var dead: Int?
    var delivered: Int?

    init(_ installation: Installation) {
        id = installation.id.rawValue
        name = installation.name
        channel = installation.channel.kind.rawValue
        state = installation.state.name
        if case .paused(let why, _, let cause) = installation.state {
            reason = why
            pausedBy = cause.rawValue
        }
        channelAccount = installation.channel.id.rawValue
        address = installation.address == .only ? nil : installation.address.rawValue
        freshchatAccount = installation.helpdesk.id.rawValue
        textLimit = installation.helpdesk.textLimit
        resolvedPolicy = installation.resolvedPolicy.rawValue
        doubtPolicy = installation.doubtPolicy.rawValue
        forwardsSystemLines = installation.forwardsSystemLines
        topic = installation.topic.rawValue
        topicName = installation.topicName
        formerTopics = installation.formerTopics.map(\.rawValue)
        freshchat = installation.helpdesk.baseURL
        origin = installation.origin.rawValue
        createdAt = installation.createdAt
        settings = installation.channel.settings
        secrets = installation.channel.secrets.mapValues(\.masked)
        secrets["freshchat_token"] = installation.helpdesk.token.masked
        webhookKey = !installation.helpdesk.webhookPublicKey.isEmpty
    }

    mutating func add(_ counts: OutboxCounts) {
        waiting = counts.waiting
        inDoubt = counts.inDoubt
        held = counts.held
        dead = counts.dead
        delivered = counts.delivered
    }

    mutating func add(_ endpoints: Endpoints, _ installation: Installation) {
        targetURL = endpoints.targetURL(of: installation)
        registered = installation.channel.registeredURL == targetURL
        freshchatWebhookURL = endpoints.helpdeskURL(of: installation)
        productEventURL = endpoints.productEventURL(of: installation)
    }
}
