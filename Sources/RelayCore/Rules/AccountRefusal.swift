/// What a refused credential does to its account.
package enum AccountRefusal: Hashable, Sendable {
    /// The account is paused now, or was before.
    case paused
    /// A spare token takes the place of the refused one.
    case spareTakesOver
    /// The credential had been replaced while it was used, or the account is gone. Nothing changes.
    case outdated
}
