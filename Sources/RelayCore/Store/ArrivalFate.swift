/// What became of one event.
package enum ArrivalFate: Hashable, Sendable {
    /// It was new. The delivery is `nil` for what becomes none.
    case accepted(InstallationID, DeliveryID?)
    /// It was known, or is an echo of ours.
    case repeated(InstallationID?)
    /// It is kept as a delivery of the helpdesk account, until Freshchat has said whose it is.
    case unresolved(DeliveryID)
    /// It is for an address that once had an installation: kept for ``Parking/time``, for the installation that comes.
    case parked
    /// No installation's. Nothing of it was recorded.
    case foreign
    /// A line of Freshchat's own, which its installation doesn't forward. Nothing of it was recorded.
    case systemLine(InstallationID)

    /// The installation that it turned out to be for; `nil` if none.
    package var installation: InstallationID? {
        switch self {
        case .accepted(let installation, _), .systemLine(let installation): installation
        case .repeated(let installation): installation
        case .unresolved, .parked, .foreign: nil
        }
    }

    package var delivery: DeliveryID? {
        switch self {
        case .accepted(_, let delivery): delivery
        case .unresolved(let delivery): delivery
        case .repeated, .parked, .foreign, .systemLine: nil
        }
    }
}
