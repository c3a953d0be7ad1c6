package import FoundationEssentials
import GRDB
package import RelayCore

/// The last hour of each flow.
extension SQLiteStore {
    package func keepMinute(of metrics: StoreMetrics, now: Date) async throws(StoreFailure) {
        let minute = MinuteMark.minute(of: now)
        let flows = metrics.flows
        let slot = Self.slot(of: minute)
        let isKept = try await read { db in
            let kept = try db.rows(
                "SELECT installation, direction FROM minutes WHERE slot = ? AND minute = ?", [slot, minute])
            return flows.isSubset(of: try kept.map { Flow(try $0.id(0), try $0.word(1)) })
        }
        if isKept { return }
        let marks = flows.map { ($0, MinuteMark(metrics, $0, minute: minute)) }
        try await change { db in
            for (flow, mark) in marks {
                try db.run(
                    """
                    INSERT INTO minutes (installation, direction, slot, minute, accepted, delivered, dead, waiting,
                        latency, latency_sum)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (installation, direction, slot) DO UPDATE SET minute = excluded.minute,
                        accepted = excluded.accepted, delivered = excluded.delivered, dead = excluded.dead,
                        waiting = excluded.waiting, latency = excluded.latency, latency_sum = excluded.latency_sum
                    -- Another worker may have come first.
                    WHERE minute <> excluded.minute
                    """,
                    [
                        flow.installation.rawValue, flow.direction.rawValue, slot, mark.minute, mark.accepted,
                        mark.delivered, mark.dead, mark.waiting, mark.latency.stored, mark.latency.sum,
                    ])
            }
        }
    }

    package func minutes() async throws(StoreFailure) -> [Flow: [MinuteMark]] {
        try await read { db in
            var minutes: [Flow: [MinuteMark]] = [:]
            let rows = try db.rows(
                """
                SELECT installation, direction, minute, accepted, delivered, dead, waiting, latency, latency_sum
                FROM minutes ORDER BY minute
                """)
            for row in rows {
                let mark = MinuteMark(
                    minute: try row.integer(2), accepted: try row.integer(3), delivered: try row.integer(4),
                    dead: try row.integer(5), waiting: try row.integer(6),
                    latency: Histogram(stored: try row.text(7), sum: try row.integer(8)))
                minutes[Flow(try row.id(0), try row.word(1)), default: []].append(mark)
            }
            return minutes
        }
    }

    private static func slot(of minute: Int64) -> Int64 {
        let rest = minute % FlowHistory.capacity
        return rest < 0 ? rest + FlowHistory.capacity : rest
    }
}

extension Histogram {
    /// Its buckets that hold something.
    fileprivate var stored: String {
        counts.filter { $0.count > 0 }.map { "\($0.bound) \($0.count)" }.joined(separator: " ")
    }

    fileprivate init(stored: String, sum: Int64) {
        self.init(.delivery)
        let numbers = stored.split(separator: " ").compactMap { Int64($0) }
        for index in stride(from: 0, to: numbers.count - 1, by: 2) { add(numbers[index + 1], upTo: numbers[index]) }
        self.sum = sum
    }
}
