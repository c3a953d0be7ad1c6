/// One customer on one installation.
package struct Contact: Hashable, Sendable {
    package var id: ContactID
    package var installation: InstallationID
    package var profile: ContactProfile
    /// The contact's subscription; `nil` before anything was told.
    package var subscription: SubscriptionChange.Kind?
    package var user: HelpdeskUserID?
    /// What Freshchat knows them by, since they became a contact.
    package var reference: Reference
    /// Their newest conversation on the installation's present topic.
    package var conversation: HelpdeskConversationID?
    /// Whether Freshchat said of that conversation that it is resolved.
    package var isResolved: Bool

    package init(
        id: ContactID, installation: InstallationID, profile: ContactProfile,
        subscription: SubscriptionChange.Kind? = nil, user: HelpdeskUserID? = nil, reference: Reference,
        conversation: HelpdeskConversationID? = nil, isResolved: Bool = false
    ) {
        self.id = id
        self.installation = installation
        self.profile = profile
        self.subscription = subscription
        self.user = user
        self.reference = reference
        self.conversation = conversation
        self.isResolved = isResolved
    }
}
