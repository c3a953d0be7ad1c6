import Simulators

/// What came of a run.
struct TortureVerdict {
    enum Offence: String {
        case lost, leaked, disordered
        case doubledInFreshchat = "doubled in Freshchat"
        case unexplained = "doubled on the channel"
    }

    /// One thing that went wrong, with the log's entries about it.
    struct Report {
        var offence: Offence
        var mark: Mark?
        var words: String
        var entries: [LogEntry]
    }

    var kills = 0
    var messages = 0
    /// Never answered 2xx by byoc, so never its to deliver.
    var unaccepted = 0
    var lost = 0
    var doubledInFreshchat = 0
    var doubledOnChannel = 0
    /// Of those, the ones without a death or a fault that could be the reason.
    var unexplained = 0
    var held = 0
    var disordered = 0
    /// What reached a phone, or a conversation, that was not for it.
    var leaked = 0
    /// From the death of a worker to the next request about what it had in hand, ascending.
    var recoveries: [Int64] = []
    /// Of those, the ones after which nothing else went wrong.
    var loneRecoveries: [Int64] = []
    var reports: [Report] = []

    var isGood: Bool {
        lost == 0 && doubledInFreshchat == 0 && disordered == 0 && leaked == 0 && unexplained == 0 && messages > 0
    }

    /// The last line.
    var line: String {
        "kills=\(kills) messages=\(messages) lost=\(lost) doubled_freshchat=\(doubledInFreshchat) "
            + "doubled_channel=\(doubledOnChannel) held=\(held) disordered=\(disordered) "
            + "recovery_p50=\(Self.percentile(0.5, of: recoveries)) recovery_max=\(Self.percentile(1, of: recoveries))"
    }

    /// What is told of the deaths after which nothing else went wrong.
    var loneLine: String {
        "lone_deaths=\(loneRecoveries.count) recovery_p50=\(Self.percentile(0.5, of: loneRecoveries)) "
            + "recovery_max=\(Self.percentile(1, of: loneRecoveries))"
    }

    private static func percentile(_ share: Double, of times: [Int64]) -> String {
        guard !times.isEmpty else { return "-" }
        return "\(times[min(times.count - 1, Int(share * Double(times.count)))])ms"
    }
}
