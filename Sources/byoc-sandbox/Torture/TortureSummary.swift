import Simulators

/// What a run prints at its end.
struct TortureSummary {
    let log: [LogEntry]
    let verdict: TortureVerdict
    let seconds: Double

    init(log: [LogEntry], _ verdict: TortureVerdict, seconds: Double) {
        self.log = log
        self.verdict = verdict
        self.seconds = seconds
    }

    func report() {
        count("killed", log.filter { $0.side == .driver && $0.name == "kill" }.map(\.subject))
        count("done", log.filter { $0.side == .driver && $0.name != "kill" }.map(\.name))
        count("faults", log.filter { $0.kind == .fault }.map { "\($0.side.rawValue) \($0.status) \($0.text)" })
        let refused = log.count { $0.kind == .webhook && !(200..<300).contains($0.status) }
        print(
            "webhook attempts: \(log.count { $0.kind == .webhook }), not accepted: \(refused); "
                + "log entries: \(log.count); \(Int(seconds)) s, "
                + "\(Int(Double(verdict.messages) / max(1, seconds))) messages/s")
        print(
            "leaked=\(verdict.leaked) unexplained_doubled_channel=\(verdict.unexplained) "
                + "never_accepted=\(verdict.unaccepted)")
        print(verdict.loneLine)
        print(verdict.line)
    }

    private func count(_ title: String, _ names: [String]) {
        let counts = Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +).sorted { $0.key < $1.key }
        print("\(title): " + counts.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
    }
}
