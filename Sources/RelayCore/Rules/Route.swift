/// What deciding about an event needs to know of an installation.
package struct Route: Hashable, Sendable {
    package var installation: InstallationID
    package var channel: ChannelKind
    package var address: Address
    package var referenceForm: Reference.Form
    package var topic: TopicID
    package var formerTopics: [TopicID]
    package var forwardsSystemLines: Bool
    /// Whether it takes in what is new. A conversation of one that doesn't is still its own.
    package var accepts: Bool

    package init(
        installation: InstallationID, channel: ChannelKind, address: Address = .only,
        referenceForm: Reference.Form = .user, topic: TopicID, formerTopics: [TopicID] = [],
        forwardsSystemLines: Bool = false, accepts: Bool = true
    ) {
        self.installation = installation
        self.channel = channel
        self.address = address
        self.referenceForm = referenceForm
        self.topic = topic
        self.formerTopics = formerTopics
        self.forwardsSystemLines = forwardsSystemLines
        self.accepts = accepts
    }

    package func has(_ topic: TopicID) -> Bool { self.topic == topic || formerTopics.contains(topic) }

    package func reference(of user: ChannelUserID) -> Reference {
        Reference(channel, address, user, form: referenceForm)
    }

    /// The customer's id on the channel, if the reference is one of this installation's.
    package func user(of reference: Reference) -> ChannelUserID? {
        reference.user(channel, address, form: referenceForm)
    }
}
