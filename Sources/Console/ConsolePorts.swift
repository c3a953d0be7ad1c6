package import RelayCore

/// The programme around the pages, as far as they need it.
package protocol ConsoleProgramme: Examining {
    /// The channels that can be connected, in the order in which they are offered.
    var channels: [any Channel] { get }

    /// Freshchat's settings.
    var helpdeskFields: HelpdeskFields { get }

    /// The URLs at which an installation is called.
    func urls(of installation: Installation) -> InstallationURLs

    /// Freshchat's account with this address and token, the rest of it as configured.
    func helpdeskAccount(address: String, token: Secret) throws(SetupFailure) -> HelpdeskAccount

    /// Checks the credentials with the channel.
    func check(_ account: ChannelAccount, of channel: any Channel) async throws(SetupFailure) -> ChannelCheck

    /// Checks the credentials with Freshchat and lists its topics.
    func check(_ account: HelpdeskAccount) async throws(SetupFailure) -> HelpdeskCheck

    /// Checks everything once more, stores the installation, registers its target URL.
    func connect(_ plan: ConnectionPlan) async throws -> Connection

    /// Registers the target URL again.
    func register(_ installation: Installation) async throws

    /// Checks a new credential and puts it in the old one's place.
    func replace(_ credential: Credential, of installation: Installation, with value: String) async throws

    /// Changes its settings, and those of its accounts.
    func change(_ installation: Installation, by change: InstallationEdit) async throws

    /// Connects it to another topic.
    func move(_ installation: Installation, to topic: TopicID) async throws

    /// Connects another address of its channel account.
    func add(_ plan: AddressPlan) async throws -> Connection

    /// Unregisters the webhook and forgets the secrets.
    ///
    /// - Parameters:
    ///   - insisting: whether to remove it even if the channel can't be reached or refuses.
    ///   - draining: whether to deliver first what waits.
    /// - Returns: the channel's refusal, if the installation was removed nevertheless.
    func remove(
        _ installation: Installation, keepingHistory: Bool, insisting: Bool, draining: Bool
    ) async throws -> String?

    /// Posts what the channel itself would post, to the installation's public target URL.
    func post(_ webhook: SampleWebhook, to targetURL: String) async throws(TransportFailure) -> HTTPReply
}

/// The public addresses of one installation.
package struct InstallationURLs: Hashable, Sendable {
    /// The URL that the channel calls.
    package var target: String
    /// For Freshchat's conversation webhook.
    package var helpdesk: String
    /// For the Marketplace product event.
    package var productEvent: String

    package init(target: String, helpdesk: String, productEvent: String) {
        self.target = target
        self.helpdesk = helpdesk
        self.productEvent = productEvent
    }
}

/// The settings of Freshchat's account.
package struct HelpdeskFields: Sendable {
    package var address: SettingField
    package var token: SettingField
    package var webhookKey: SettingField

    package init(address: SettingField, token: SettingField, webhookKey: SettingField) {
        self.address = address
        self.token = token
        self.webhookKey = webhookKey
    }
}

/// An installation to create.
package struct ConnectionPlan: Sendable {
    package var channel: ChannelAccount
    /// `nil` for the only one that the account has.
    package var address: Address?
    package var helpdesk: HelpdeskAccount
    package var topic: TopicID
    /// `nil` for the channel account's own name.
    package var name: String?
    package var doubtPolicy: Installation.DoubtPolicy
}

/// A created installation.
package struct Connection: Sendable {
    package var installation: InstallationID
    /// Warnings for the admin.
    package var warnings: [String]

    package init(installation: InstallationID, warnings: [String]) {
        self.installation = installation
        self.warnings = warnings
    }
}

/// Keeps what sign-in must know in every worker and after a restart. Its functions block for a small file.
package protocol ConsoleMemory: Sendable {
    /// The present record.
    func recall() throws -> SignInRecord

    /// Changes it, alone among all workers.
    func change<Result>(_ body: (inout SignInRecord) -> Result) throws -> Result
}
