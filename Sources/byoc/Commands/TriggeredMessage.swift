import RelayCore

/// Finds the delivery that a triggered message became, in the data store that the command has open.
struct TriggeredMessage {
    let store: any Store
    let installation: InstallationID
    let user: ChannelUserID
    let id: ChannelMessageID

    /// - Returns: `nil` if there is none: for an event that isn't a message, or if another byoc received it.
    func delivery() async throws -> DeliveryID? {
        let query = MessageQuery(
            installation: installation, direction: .inbound, contact: user.rawValue, limit: 500, scanLimit: 5000)
        return try await store.messages(query).messages.first { found in
            guard case .message(let payload) = found.delivery.payload else { return false }
            return payload.id == id && payload.profile.userID == user
        }?.delivery.id
    }
}
