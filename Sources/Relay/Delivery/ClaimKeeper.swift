import RelayCore

/// Writes what the helpdesk finds about a claim's contact into the store.
struct ClaimKeeper: MappingKeeper {
    let store: any OutboxStore
    let claim: Claim
    let topic: TopicID
    let time: RelayTime

    func found(user: HelpdeskUserID, written: ContactProfile?) async throws(DeliveryFailure) {
        do {
            try await store.remember(user: user, written: written, for: claim, now: time.now())
        } catch {
            throw DeliveryFailure(storing: error)
        }
    }

    func found(conversation: HelpdeskConversationID) async throws(DeliveryFailure) {
        do {
            try await store.remember(conversation: conversation, topic: topic, for: claim, now: time.now())
        } catch {
            throw DeliveryFailure(storing: error)
        }
    }
}

extension DeliveryFailure {
    /// The store refused in the middle of an attempt: what the far side did by then is looked up next time.
    init(storing failure: StoreFailure) {
        self.init(
            .retry(after: nil), isCertain: false, reason: "The data store could not be written",
            detail: failure.message)
    }
}
