package import RelayCore

/// What every store must do, checked through the port alone. Each check needs a store of its own with nothing in it.
///
/// ```swift
/// @Test("The store keeps the port's promises", arguments: StoreConformance.checks)
/// func conforms(check: StoreConformance.Check) async throws {
///     try await check.run { MyStore(bootClock: $0) }
/// }
/// ```
package enum StoreConformance {
    /// One promise.
    package struct Check: Sendable, CustomStringConvertible {
        /// The promise, as a sentence.
        package let description: String
        private let body: @Sendable (StoreScene) async throws -> Void

        init(_ description: String, _ body: @escaping @Sendable (StoreScene) async throws -> Void) {
            self.description = description
            self.body = body
        }

        /// Fails by Swift Testing's expectations.
        ///
        /// - Parameter makeStore: is given the clock that leases are to be measured by.
        package func run(on makeStore: (BootClock) throws -> any Store) async throws {
            let clock = SceneClock()
            let scene = StoreScene(store: try makeStore(clock.bootClock), clock: clock)
            try await scene.install()
            try await body(scene)
        }
    }

    package static let checks: [Check] =
        installationChecks + intakeChecks + receiptChecks + claimChecks + outcomeChecks + leaseChecks + mappingChecks
        + administrationChecks + breakerChecks + clockChecks + reconciliationChecks + profileChecks
        + retentionChecks + metricsChecks + browsingChecks + decisionChecks + waitingChecks + accountChecks
        + replyOwnerChecks + gateChecks + movingChecks + drainingChecks + userLockChecks
}
