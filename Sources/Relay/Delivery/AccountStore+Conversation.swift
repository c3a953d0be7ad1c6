import RelayCore

extension AccountStore {
    /// The helpdesk account that a conversation is in. A conversation needs that account's token, wherever its installation has
    /// moved since.
    ///
    /// - Parameter account: as the conversation is stored; `nil` for the installation's present one.
    /// - Returns: `nil` if that account is gone.
    func desk(
        _ account: HelpdeskAccountID?, of installation: Installation
    ) async throws(StoreFailure) -> HelpdeskAccount? {
        guard let account, account != installation.helpdesk.id else { return installation.helpdesk }
        return try await currentDirectory()[account]
    }
}
