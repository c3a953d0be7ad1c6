import FoundationEssentials
import Logging
import RelayCore

extension InstallationStore {
    /// Pauses an installation whose credential was refused. One that was replaced during the call is no reason to pause the
    /// new one.
    ///
    /// - Parameters:
    ///   - installation: as it was when the call was made.
    ///   - sides: those whose credentials the call may have used.
    func pause(
        _ installation: Installation, because failure: DeliveryFailure, of sides: Set<Side>, now: Date, _ logger: Logger
    ) async throws(StoreFailure) {
        guard let present = try await self.installation(installation.id) else { return }
        let isReplaced =
            sides.contains(.channel) && present.channel != installation.channel
            || sides.contains(.helpdesk) && present.helpdesk != installation.helpdesk
        if isReplaced { return }
        try await pause(installation.id, by: .credential, reason: failure.description, now: now)
        logger.error(
            "installation paused",
            metadata: [
                "installation.id": "\(installation.id)", "reason": "\(failure.reason)", "detail": "\(failure.detail)",
            ])
    }
}
