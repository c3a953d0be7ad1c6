import ArgumentParser
import RelayCore

/// Which deliveries a command is about.
struct DeliveryChoice: ParsableArguments {
    @Flag(help: "What waits for its next attempt.") var waiting = false
    @Flag(help: "What may have been delivered, or not.") var inDoubt = false
    @Flag(help: "What waits for a person to decide.") var held = false
    @Flag(help: "What was given up on.") var dead = false
    @Option(help: "Only of this installation.", completion: .installation) var installation: String?

    /// Whether none of the kinds is chosen.
    var isEmpty: Bool { !waiting && !inDoubt && !held && !dead }

    /// What is chosen; without a choice, everything that a person may still decide about.
    ///
    /// - Throws: ``CommandFailure`` for an installation that there is none of.
    func filter(_ app: App) async throws -> DeliveryFilter {
        var states: Set<Delivery.State> = []
        if waiting { states.insert(.waiting) }
        if held { states.insert(.held) }
        if dead { states.insert(.dead) }
        if states.isEmpty, !inDoubt { states = [.waiting, .held, .dead] }
        var filter = DeliveryFilter(states: states, onlyInDoubt: inDoubt)
        if let installation { filter.installation = try await app.installation(installation).id }
        return filter
    }
}
