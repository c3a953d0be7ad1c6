// What a test asks of the far sides: the contact's user and conversation in Freshchat, the texts of both, the phone.

import Simulators
import Testing

extension ByocStack {
    var viber: ViberSimulator { sandbox.viber }
    var freshchat: FreshchatSimulator { sandbox.freshchat }
    /// Ours; the second of the account is a foreign one.
    var topic: String { about.freshchat.topics[0].id }
    var foreignTopic: String { about.freshchat.topics[1].id }

    /// The users that Freshchat has for a customer: there must never be two.
    func users(of customer: String) -> [FreshchatUser] { freshchat.users(referenceID: "viber:\(customer)") }

    /// The customer's conversations on our topic.
    func conversations(of customer: String) -> [FreshchatConversation] {
        users(of: customer).flatMap { freshchat.conversations(ofUser: $0.id) }.filter { $0.topicID == topic }
    }

    /// The customer's messages as the agents see them, over all of his conversations, oldest first.
    func inbox(of customer: String) -> [String] {
        conversations(of: customer).flatMap { freshchat.messages(in: $0.id) }.filter { $0.actorType == "user" }
            .map(\.text)
    }

    /// The private notes that byoc left.
    func notes(in conversation: String) -> [String] {
        freshchat.messages(in: conversation).filter { $0.messageType == "private" && $0.source == "api" }.map(\.text)
    }

    /// What the phone shows, one text a message.
    func phone(_ customer: String) -> [String] { viber.phone(of: customer).map(\.text) }

    /// The customer writes, and the text arrives.
    ///
    /// - Returns: the conversation, the only one there is.
    @discardableResult
    func customerWritesAndArrives(_ customer: String, _ text: String) async throws -> FreshchatConversation {
        viber.customerWrites(customer, text)
        try await waitForInbox(of: customer) { $0.contains(text) }
        return try #require(conversations(of: customer).last)
    }

    func waitForInbox(of customer: String, _ isWanted: @escaping @Sendable ([String]) -> Bool) async throws {
        try await wait(for: "the customer's messages in Freshchat") { isWanted(self.inbox(of: customer)) }
    }

    /// The agent answers, and the phone shows it.
    func agentRepliesAndArrives(_ conversation: String, _ text: String, to customer: String) async throws {
        try freshchat.agentReplies(in: conversation, text)
        try await waitForPhone(of: customer) { $0.contains(text) }
    }

    func waitForPhone(of customer: String, _ isWanted: @escaping @Sendable ([String]) -> Bool) async throws {
        try await wait(for: "the agent's messages on the phone") { isWanted(self.phone(customer)) }
    }

    /// The calls that Freshchat's API got, as their routes.
    func freshchatCalls(since number: Int = 0) -> [String] {
        log.entries(since: number).filter { $0.side == .freshchat && $0.kind == .request }.map(\.name)
    }

    /// What no far side may have to say: a rule that byoc broke.
    func refusals(since number: Int = 0) -> [LogEntry] {
        log.entries(since: number).filter { $0.kind == .refused }
    }

    /// Waits until nothing is left to deliver.
    func waitForEmptyOutbox() async throws {
        try await poll("an empty outbox") { try await self.json("outbox").array == [] }
    }
}
