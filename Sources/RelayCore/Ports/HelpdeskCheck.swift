/// What Freshchat says of our credentials.
package struct HelpdeskCheck: Hashable, Sendable {
    package struct Topic: Hashable, Sendable {
        package var id: TopicID
        package var name: String
        package var isEnabled: Bool

        package init(id: TopicID, name: String, isEnabled: Bool) {
            self.id = id
            self.name = name
            self.isEnabled = isEnabled
        }
    }

    package var accountName: String
    /// What Freshchat calls the account; `nil` if it doesn't say.
    package var identity: RemoteIdentity?
    package var topics: [Topic]

    package init(accountName: String, identity: RemoteIdentity? = nil, topics: [Topic]) {
        self.accountName = accountName
        self.identity = identity
        self.topics = topics
    }
}
