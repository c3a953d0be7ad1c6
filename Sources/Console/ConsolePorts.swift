package import RelayCore

/// What the pages need of the programme around them.
package protocol ConsoleProgramme: Examining {
    /// The channels that can be connected, in the order in which they are offered.
    var channels: [any Channel] { get }

    /// What the agents' side needs.
    var deskFields: DeskFields { get }

    /// Where an installation is called.
    func urls(of installation: Installation) -> InstallationURLs

    /// Freshchat's account with this address and token, the rest of it as configured.
    func deskAccount(address: String, token: Secret) throws(SetupFailure) -> HelpdeskAccount

    /// Asks the channel whether the credentials are good.
    func check(_ account: ChannelAccount, of channel: any Channel) async throws(SetupFailure) -> ChannelCheck

    /// Asks Freshchat whether the credentials are good, and which topics there are.
    func check(_ account: HelpdeskAccount) async throws(SetupFailure) -> HelpdeskCheck

    /// Checks everything once more, stores the installation, registers its target URL.
    func connect(_ plan: ConnectionPlan) async throws -> Connection

    /// Registers the target URL again.
    func register(_ installation: Installation) async throws

    /// Checks a new credential and puts it in the old one's place.
    func replace(_ credential: Credential, of installation: Installation, with value: String) async throws

    /// Unregisters the webhook and forgets the secrets.
    ///
    /// - Parameter insisting: goes on when the channel can't be reached or refuses.
    /// - Returns: what the channel said when it went on all the same.
    func remove(_ installation: Installation, keepingHistory: Bool, insisting: Bool) async throws -> String?

    /// Posts what the channel itself would post, to the installation's public target URL.
    func post(_ webhook: ImitatedWebhook, to targetURL: String) async throws(TransportFailure) -> HTTPReply
}

/// The public addresses of one installation.
package struct InstallationURLs: Hashable, Sendable {
    /// What the channel calls.
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

/// The settings of the agents' side.
package struct DeskFields: Sendable {
    package var address: SettingField
    package var token: SettingField
    package var webhookKey: SettingField

    package init(address: SettingField, token: SettingField, webhookKey: SettingField) {
        self.address = address
        self.token = token
        self.webhookKey = webhookKey
    }
}

/// An installation that is to be made.
package struct ConnectionPlan: Sendable {
    package var channel: ChannelAccount
    package var desk: HelpdeskAccount
    package var topic: TopicID
    /// `nil`: as the channel account is called.
    package var name: String?
    package var doubtPolicy: Installation.DoubtPolicy
}

/// An installation that was made.
package struct Connection: Sendable {
    package var installation: InstallationID
    /// What the admin should know of it.
    package var warnings: [String]

    package init(installation: InstallationID, warnings: [String]) {
        self.installation = installation
        self.warnings = warnings
    }
}

/// Keeps what sign-in must know in every worker and after a restart. Its functions block for a small file.
package protocol ConsoleMemory: Sendable {
    /// What is remembered now.
    func recall() throws -> SignInRecord

    /// Changes it, alone among all workers.
    func change<Result>(_ body: (inout SignInRecord) -> Result) throws -> Result
}
