import Simulators

/// Who is who on both sides, as the logs tell.
struct People {
    /// Users with a reference that another had before, and conversations of somebody who had one on the topic.
    private(set) var surplusUsers: [LogEntry] = []
    private(set) var surplusConversations: [LogEntry] = []

    private var customersByUser: [String: String] = [:]
    private var customersByConversation: [String: String] = [:]
    private var known: Set<String> = []

    init(_ log: [LogEntry], topic: String) {
        for entry in log where entry.side == .freshchat && entry.kind == .action { learn(entry, topic: topic) }
    }

    /// - Returns: the customer whose conversation on the topic this entry tells of.
    @discardableResult
    mutating func learn(_ entry: LogEntry, topic: String) -> String? {
        switch entry.name {
        case "user.created":
            guard entry.reference.hasPrefix(Self.prefix) else { return nil }
            if !known.insert(entry.reference).inserted { surplusUsers.append(entry) }
            customersByUser[entry.subject] = String(entry.reference.dropFirst(Self.prefix.count))
        case "conversation.created":
            guard entry.text == topic, let customer = customersByUser[entry.reference] else { return nil }
            if !known.insert("conversation \(customer)").inserted { surplusConversations.append(entry) }
            customersByConversation[entry.subject] = customer
            return customer
        default: break
        }
        return nil
    }

    init() {}

    func customer(ofConversation id: String) -> String? { customersByConversation[id] }

    /// Whom a request to Freshchat is about: by conversation, user or reference.
    func customer(ofSubject id: String) -> String? {
        if id.hasPrefix(Self.prefix) { return String(id.dropFirst(Self.prefix.count)) }
        return customersByConversation[id] ?? customersByUser[id]
    }

    /// What our references begin with.
    private static let prefix = "viber:"
}
