import Foundation
import HTTPTypes
import RelayCore
import Synchronization

/// Measures how far the clocks of the servers that answer are from ours, by their `Date` headers.
final class ClockWatchingSender: HTTPSender {
    private let base: any HTTPSender
    private let leads = Mutex<[String: TimeInterval]>([:])

    init(_ base: any HTTPSender) { self.base = base }

    func send(_ request: HTTPRequest, body: [UInt8], timeout: Duration) async throws(TransportFailure) -> HTTPReply {
        let start = Date()
        let reply = try await base.send(request, body: body, timeout: timeout)
        let now = Date()
        if now.timeIntervalSince(start) < 2, let date = reply.headers[.date].flatMap(Date.init(httpDate:)) {
            // The header has whole seconds.
            leads.withLock { $0[request.authority ?? ""] = date.timeIntervalSince(now) + 0.5 }
        }
        return reply
    }

    func findings() -> [Finding] {
        let known = leads.withLock { $0 }.sorted { $0.key < $1.key }
        guard !known.isEmpty else { return [.unknown("Clock", "no server answered with its time")] }
        let wrong = known.filter { abs($0.value) > 30 }
        guard let worst = wrong.max(by: { abs($0.value) < abs($1.value) }) else {
            return [Finding(.ok, "Clock", "agrees with \(known.map(\.key).joined(separator: ", "))")]
        }
        let way = worst.value > 0 ? "behind" : "ahead of"
        return [
            Finding(
                abs(worst.value) > 300 ? .error : .warning, "Clock",
                "this machine is \(Int(clamping: abs(worst.value).rounded())) s \(way) \(worst.key)",
                why: "Certificates, retries and message times depend on it.",
                do: wrong.count == known.count
                    ? "timedatectl set-ntp true"
                    : "Other servers agree with this machine: report it to the operator of \(worst.key).")
        ]
    }
}
