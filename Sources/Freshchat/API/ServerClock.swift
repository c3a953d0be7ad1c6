import FoundationEssentials
import HTTPTypes
import RelayCore
import Synchronization

/// The offset of Freshchat's clock, from its responses' `Date` headers (RFC 9110 §6.6.1).
///
/// byoc looks up messages in doubt by time. With differing clocks it would look in the wrong place, and send them again.
final class ServerClock: Sendable {
    /// Seconds that Freshchat's clock is ahead of ours, by base URL.
    private let lead = Mutex<[String: TimeInterval]>([:])

    /// - Parameter sentAt: when the request went out. A slow response is ignored.
    func note(_ reply: HTTPReply, of baseURL: String, sentAt: Date, now: Date) {
        guard now.timeIntervalSince(sentAt) < 2, let text = reply.headers[.date], let date = Date(httpDate: text)
        else { return }
        // The header has whole seconds.
        let seconds = date.timeIntervalSince(now) + 0.5
        lead.withLock { $0[baseURL] = seconds }
    }

    /// `nil` before the first response.
    func lead(of baseURL: String) -> TimeInterval? { lead.withLock { $0[baseURL] } }
}
