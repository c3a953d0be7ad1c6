import RelayCore

/// Writes what the helpdesk finds about a claim's contact into the store.
struct ClaimKeeper: MappingKeeper {
    let store: any OutboxStore
    let claim: Claim
    let topic: TopicID
    let time: RelayTime

    /// How long a delivery waits for another one that may be creating the same user.
    private static let lockWait: Duration = .milliseconds(200)

    func aboutToCreateUser(_ reference: Reference) async throws(DeliveryFailure) {
        let isLocked: Bool
        do {
            isLocked = try await store.lockUser(reference, for: claim, now: time.now())
        } catch {
            throw DeliveryFailure(storing: error, isCertain: true)
        }
        guard isLocked else {
            throw DeliveryFailure(
                .wait(until: time.now().adding(Self.lockWait)), reason: "Another message of this customer comes first",
                detail: "another delivery creates the user of \(reference)")
        }
    }

    func found(user: HelpdeskUserID, written: ContactProfile?) async throws(DeliveryFailure) {
        do {
            try await store.remember(user: user, written: written, for: claim, now: time.now())
        } catch {
            throw DeliveryFailure(storing: error)
        }
    }

    func found(conversation: HelpdeskConversationID) async throws(DeliveryFailure) -> Bool {
        do {
            try await store.remember(conversation: conversation, topic: topic, for: claim, now: time.now())
            return true
        } catch {
            if error.kind == .conflict { return false }
            throw DeliveryFailure(storing: error)
        }
    }
}

extension DeliveryFailure {
    /// The store refused in the middle of an attempt: what the far side did by then is looked up next time.
    ///
    /// - Parameter isCertain: whether nothing was sent.
    init(storing failure: StoreFailure, isCertain: Bool = false) {
        self.init(
            .retry(after: nil), isCertain: isCertain, reason: "The data store could not be written",
            detail: failure.message)
    }
}
