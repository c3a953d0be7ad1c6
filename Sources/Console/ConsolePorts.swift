package import RelayCore

/// What the pages need of the programme around them.
package protocol ConsoleProgramme: Sendable {
    /// The channels that can be connected, in the order in which they are offered.
    var channels: [any Channel] { get }

    /// Where an installation is called.
    func urls(of installation: Installation) -> InstallationURLs
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

/// Keeps what sign-in must know in every worker and after a restart. Its functions block for a small file.
package protocol ConsoleMemory: Sendable {
    /// What is remembered now.
    func recall() throws -> SignInRecord

    /// Changes it, alone among all workers.
    func change<Result>(_ body: (inout SignInRecord) -> Result) throws -> Result
}
