package import FoundationEssentials
package import HTTPTypes

/// The code for one kind of channel.
///
/// ``read(_:account:)`` runs on a request thread and touches no network; the rest runs in the relay. What a channel can
/// do besides is told by the protocols it also conforms to (``WebhookRegistering``) and by its ``descriptor``.
package protocol Channel: Sendable {
    /// What it is called, what it needs, what it takes.
    var descriptor: ChannelDescriptor { get }

    /// Verifies a webhook over its raw bytes and reads its events.
    ///
    /// Unknown events and unknown kinds of message are no refusal: they come back as `ignored` or as an unsupported
    /// part.
    func read(_ request: WebhookRequest, account: ChannelAccount) throws(WebhookRefusal) -> WebhookReading<ChannelEvent>

    /// The sends that a message takes, in order: split by kind and length. The same message gives the same pieces each
    /// time, for a delivery that was broken off goes on with the piece it had reached. Empty when nothing is left.
    ///
    /// The engine sends no more than ``Message/mostPieces``. An adapter makes one more of a longer message, which tells the
    /// engine that it is cut, and none behind it. Texts go without control characters
    /// (``Swift/String/withoutControlCharacters()``).
    func pieces(of message: Message, account: ChannelAccount) -> [Message]

    /// Makes one send. One request to the channel's API, no retries in here.
    func send(
        _ piece: OutboundPiece, account: ChannelAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> ChannelMessageID?

    /// Asks the channel whether the credentials are good, and whose they are.
    func check(_ account: ChannelAccount, over http: any HTTPSender) async throws(SetupFailure) -> ChannelCheck
}

/// A channel whose webhook is registered by API, not by hand.
package protocol WebhookRegistering: Channel {
    /// Registers the target URL. The channel may call it before this returns (viber.md §2.1).
    func register(
        targetURL: String, account: ChannelAccount, over http: any HTTPSender
    ) async throws(SetupFailure)

    func unregister(account: ChannelAccount, over http: any HTTPSender) async throws(SetupFailure)
}

/// What an adapter says of itself.
package struct ChannelDescriptor: Sendable {
    package var kind: ChannelKind
    /// As people write it: "Viber".
    package var name: String
    /// What an installation needs, in the order to ask for it.
    package var fields: [SettingField]
    /// The methods its webhook is called with.
    package var methods: [HTTPRequest.Method]
    /// What Freshchat knows its customers by.
    package var referenceForm: Reference.Form
    /// Whether a send that is repeated with the same ``OutboundPiece/idempotencyKey`` is certainly applied once.
    package var isIdempotent: Bool

    package init(
        kind: ChannelKind, name: String, fields: [SettingField], methods: [HTTPRequest.Method] = [.post],
        referenceForm: Reference.Form = .user, isIdempotent: Bool = false
    ) {
        self.kind = kind
        self.name = name
        self.fields = fields
        self.methods = methods
        self.referenceForm = referenceForm
        self.isIdempotent = isIdempotent
    }
}

/// One value that an installation of a channel needs.
package struct SettingField: Sendable {
    /// In the store and, with dashes and in capitals, in options and environment: `auth_token`.
    package var key: String
    package var label: String
    /// What it is and where to find it.
    package var help: String
    package var isSecret: Bool
    package var isRequired: Bool
    package var defaultValue: String?
    /// Says what is wrong with a value, `nil` when nothing is.
    package var problem: @Sendable (String) -> String?

    package init(
        key: String, label: String, help: String, isSecret: Bool = false, isRequired: Bool = true,
        defaultValue: String? = nil, problem: @escaping @Sendable (String) -> String? = { _ in nil }
    ) {
        self.key = key
        self.label = label
        self.help = help
        self.isSecret = isSecret
        self.isRequired = isRequired
        self.defaultValue = defaultValue
        self.problem = problem
    }
}

/// One send to a customer.
package struct OutboundPiece: Sendable {
    package var message: Message
    package var to: ChannelUserID
    /// The address that it leaves by.
    package var from: Address
    /// The agent's first name or the configured one; the adapter cuts it to what its channel takes.
    package var senderName: String?
    /// The same for each attempt at this piece, and for nothing else; printable ASCII, at most 64 bytes.
    package var idempotencyKey: String
    package var now: Date

    package init(
        message: Message, to: ChannelUserID, from: Address = .only, senderName: String?, idempotencyKey: String,
        now: Date
    ) {
        self.message = message
        self.to = to
        self.from = from
        self.senderName = senderName
        self.idempotencyKey = idempotencyKey
        self.now = now
    }
}

/// An address that an installation can be made for.
package struct AddressOffer: Hashable, Sendable {
    package var address: Address
    /// As people know it: "+30 210 1234567"; `nil` for ``Address/only``.
    package var name: String?

    package init(_ address: Address, name: String? = nil) {
        self.address = address
        self.name = name
    }
}

/// What a channel says of our credentials.
package struct ChannelCheck: Hashable, Sendable {
    /// The account's name, as the admin knows it.
    package var accountName: String
    /// What the channel calls the account; `nil` if it doesn't say.
    package var identity: RemoteIdentity?
    /// What customers can write to in this account, the one to offer first at the front. One without a name for an account
    /// that has only one.
    package var addresses: [AddressOffer]
    /// The webhook that is registered now; `nil` when there is none or the channel doesn't tell.
    package var webhookURL: String?

    package init(
        accountName: String, identity: RemoteIdentity? = nil, addresses: [AddressOffer] = [AddressOffer(.only)],
        webhookURL: String? = nil
    ) {
        self.accountName = accountName
        self.identity = identity
        self.addresses = addresses
        self.webhookURL = webhookURL
    }
}
