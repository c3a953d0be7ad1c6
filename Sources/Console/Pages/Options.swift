import RelayCore

/// A topic to choose, as `{{> topics}}` draws it.
struct TopicOptionView: Sendable {
    var id: String
    var name: String
    var isEnabled: Bool
    var isChosen: Bool
    /// Whether the installation is on it now.
    var isCurrent: Bool

    init(_ topic: HelpdeskCheck.Topic, isChosen: Bool, isCurrent: Bool = false) {
        id = topic.id.rawValue
        name = topic.name
        isEnabled = topic.isEnabled
        self.isChosen = isChosen
        self.isCurrent = isCurrent
    }
}

/// An address to choose, as `{{> addresses}}` draws it.
struct AddressOptionView: Sendable {
    var id: String
    var name: String
    var isChosen = false

    init(_ offer: AddressOffer) {
        id = offer.address.rawValue
        name = offer.name ?? offer.address.rawValue
    }
}

/// The addresses of a channel account, with the installations that have them.
struct AddressChoices: Sendable {
    struct Choice: Sendable {
        var offer: AddressOffer
        /// `nil` if it can be connected.
        var installation: Installation?
    }

    var all: [Choice]
    /// The installations of the account.
    var sharers: [Installation]

    var free: [AddressOffer] { all.filter { $0.installation == nil }.map(\.offer) }

    /// - Parameter account: as it was checked just now; it may not be stored yet.
    init(_ check: ChannelCheck, of account: ChannelAccount, among installations: [Installation]) {
        let sharers = installations.filter { installation in
            let other = installation.channel
            guard other.kind == account.kind else { return false }
            if !account.id.rawValue.isEmpty { return other.id == account.id }
            if let identity = check.identity, let theirs = other.identity { return identity == theirs }
            return other.secrets == account.secrets
        }
        self.sharers = sharers
        all = check.addresses.map { offer in
            Choice(
                offer: offer,
                // One without a webhook is what an interrupted attempt left behind: connecting replaces it.
                installation: sharers.first {
                    $0.address == offer.address && $0.accepts
                        && !($0.channel.registeredURL.isEmpty && $0.origin == .installed)
                })
        }
    }
}
