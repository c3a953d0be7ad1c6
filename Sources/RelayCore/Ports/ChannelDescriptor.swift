package import HTTPTypes

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
