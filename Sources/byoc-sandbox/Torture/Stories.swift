import Foundation
import Simulators

/// Shows what is known of each message that was lost, doubled or disordered: the services' entries, and byoc's own lines.
struct Stories {
    let verdict: TortureVerdict
    let byoc: ByocUnderTorture

    init(_ verdict: TortureVerdict, byoc: ByocUnderTorture) {
        self.verdict = verdict
        self.byoc = byoc
    }

    func report() async {
        let outbox = await deliveries()
        let lines = (FileManager.default.contents(atPath: byoc.logFile) ?? Data()).split(separator: UInt8(ascii: "\n"))
            .map { String(decoding: $0, as: UTF8.self) }
        for report in verdict.reports {
            print("── \(report.offence.rawValue): \(report.mark.map { "\($0) " } ?? "")\(report.words)")
            for entry in report.entries {
                print(
                    "   \(entry.number) (since \(entry.since)) \(entry.time) \(entry.side) \(entry.kind) \(entry.name) "
                        + "\(entry.subject) \(entry.reference) \(entry.status) \(entry.text.prefix(100))")
            }
            let ids = outbox.filter { delivery in
                report.mark.map { delivery.text.contains("\($0.first)") } ?? false
            }.map(\.id)
            for id in ids {
                print("   delivery \(id)")
                for line in lines where line.contains("\"delivery.id\":\"\(id)\"") || Self.accepts(id, line) {
                    print("     \(line)")
                }
            }
        }
    }

    /// Whether the line tells that a webhook became this delivery.
    private static func accepts(_ id: Int64, _ line: String) -> Bool {
        guard let start = line.firstRange(of: "\"deliveries\":\"") else { return false }
        let ids = line[start.upperBound...].prefix { $0 != "\"" }
        return ids.split(separator: " ").contains { $0 == "\(id)" }
    }

    /// Everything in the store, by the command that shows it.
    private func deliveries() async -> [(id: Int64, text: String)] {
        let printed = try? await byoc.run([
            "outbox", "--waiting", "--held", "--dead", "--delivered", "--json", "--limit", "10000",
        ])
        let rows = printed.flatMap { try? JSON(parsing: Array($0)) }?.array ?? []
        return rows.compactMap { row in
            guard let id = row["id"]?.integer, let text = row["text"]?.string else { return nil }
            return (id, text)
        }
    }
}
