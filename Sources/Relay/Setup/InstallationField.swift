package import RelayCore

/// What can be changed of an installation, or of the accounts that it uses.
package enum InstallationField: Hashable, Sendable {
    case name, topic, address, helpdeskAccount, channelAccount, resolvedPolicy, doubtPolicy, systemLines, textLimit
    /// A setting of the channel that isn't secret, by its ``SettingField/key``.
    case setting(String)
    case credential(Credential)

    /// Whose it is; `nil`: the installation's own.
    var account: Side? {
        switch self {
        case .name, .topic, .address, .helpdeskAccount, .channelAccount, .resolvedPolicy, .doubtPolicy, .systemLines:
            nil
        case .textLimit, .credential(.helpdeskToken), .credential(.helpdeskKey): .helpdesk
        case .setting, .credential(.channel): .channel
        }
    }

    /// The key of the ``SettingField``, if it is one.
    fileprivate var key: String? {
        switch self {
        case .setting(let key), .credential(.channel(let key)): key
        default: nil
        }
    }

    /// As a sentence begins with it.
    fileprivate var words: String {
        switch self {
        case .name: "The name"
        case .topic: "The topic"
        case .address: "The address"
        case .helpdeskAccount: "The helpdesk account"
        case .channelAccount: "The channel account"
        case .resolvedPolicy: "What happens with resolved conversations"
        case .doubtPolicy: "What happens with replies in doubt"
        case .systemLines: "Whether system lines are forwarded"
        case .textLimit: "The text limit"
        case .setting(let key), .credential(.channel(let key)): "“\(key)”"
        case .credential(.helpdeskToken): "The API token"
        case .credential(.helpdeskKey): "The webhook's public key"
        }
    }
}

extension Installer {
    /// Refuses a change of what the environment says: the next start would undo it.
    func requireOwn(
        _ fields: [InstallationField], of installation: Installation, in directory: InstallationDirectory
    ) throws(SetupFailure) {
        for field in fields where environmentOwns(field) {
            let users: [Installation]
            switch field.account {
            case nil: users = [installation]
            case .channel: users = directory.installations(of: installation.channel.id)
            case .helpdesk: users = directory.installations(of: installation.helpdesk.id)
            }
            guard let owner = users.first(where: { $0.origin == .environment }) else { continue }
            throw SetupFailure(
                side: "byoc",
                problem: "\(field.words) of \(installation.id) comes from the environment"
                    + (owner.id == installation.id ? "." : ": it shares the account with \(owner.id)."),
                remedy: "Change it there and reload byoc.", field: field.key)
        }
    }
}

/// What happens in cases of doubt, and with what isn't a message.
package struct InstallationPolicies: Hashable, Sendable {
    package var doubt: Installation.DoubtPolicy
    package var resolved: Installation.ResolvedPolicy
    package var forwardsSystemLines: Bool

    package init(
        doubt: Installation.DoubtPolicy = .resend, resolved: Installation.ResolvedPolicy = .reopen,
        forwardsSystemLines: Bool = false
    ) {
        self.doubt = doubt
        self.resolved = resolved
        self.forwardsSystemLines = forwardsSystemLines
    }
}

extension InstallationEdit {
    var fields: [InstallationField] {
        var fields: [InstallationField] = settings.keys.sorted().map { .setting($0) }
        if name != nil { fields.append(.name) }
        if textLimit != nil { fields.append(.textLimit) }
        if resolvedPolicy != nil { fields.append(.resolvedPolicy) }
        if doubtPolicy != nil { fields.append(.doubtPolicy) }
        if forwardsSystemLines != nil { fields.append(.systemLines) }
        return fields
    }
}

/// Where an installation is to be moved. What is `nil` stays as it is.
package struct MoveRequest: Hashable, Sendable {
    /// The topic's id or its name.
    package var topic: String?
    package var helpdesk: HelpdeskAccountID?
    package var channel: ChannelAccountID?
    package var address: Address?

    package init(
        topic: String? = nil, helpdesk: HelpdeskAccountID? = nil, channel: ChannelAccountID? = nil,
        address: Address? = nil
    ) {
        self.topic = topic
        self.helpdesk = helpdesk
        self.channel = channel
        self.address = address
    }

    var fields: [InstallationField] {
        var fields: [InstallationField] = []
        if topic != nil { fields.append(.topic) }
        if helpdesk != nil { fields.append(.helpdeskAccount) }
        if channel != nil { fields.append(.channelAccount) }
        if address != nil { fields.append(.address) }
        return fields
    }
}

/// An address of an account, and which installation has it.
package struct AddressChoice: Hashable, Sendable {
    package var offer: AddressOffer
    /// `nil` if it is free.
    package var installation: InstallationID?

    package init(offer: AddressOffer, installation: InstallationID?) {
        self.offer = offer
        self.installation = installation
    }
}
