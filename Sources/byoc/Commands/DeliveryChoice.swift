import ArgumentParser
import RelayCore

/// The deliveries that a command is about.
struct DeliveryChoice: ParsableArguments {
    @Flag(help: "Deliveries waiting for their next attempt.") var waiting = false
    @Flag(help: "Deliveries that may or may not have arrived.") var inDoubt = false
    @Flag(help: "Deliveries that need an operator's decision.") var held = false
    @Flag(help: "Deliveries that failed permanently.") var dead = false
    @Option(
        help:
            "Only this installation's deliveries, or the replies of a Freshchat account that several could be meant by.",
        completion: .installation) var installation: String?

    /// Whether none of the kinds is chosen.
    var isEmpty: Bool { !waiting && !inDoubt && !held && !dead }

    /// The chosen deliveries; without a choice, all that a person may still decide about.
    ///
    /// - Throws: ``CommandFailure`` for an unknown installation.
    func filter(_ app: App) async throws -> DeliveryFilter {
        var states: Set<Delivery.State> = []
        if waiting { states.insert(.waiting) }
        if held { states.insert(.held) }
        if dead { states.insert(.dead) }
        if states.isEmpty, !inDoubt { states = [.waiting, .held, .dead] }
        var filter = DeliveryFilter(states: states, onlyInDoubt: inDoubt)
        if let installation {
            let id = InstallationID(installation)
            filter.installation =
                try app.isHelpdeskAccount(id) ? id : try await app.installation(installation).id
        }
        return filter
    }
}
