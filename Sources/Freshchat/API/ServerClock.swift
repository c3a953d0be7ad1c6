import FoundationEssentials
import HTTPTypes
import RelayCore
import Synchronization

/// How far Freshchat's clock is from ours, as its answers' `Date` headers tell (RFC 9110 §6.6.1).
///
/// A doubt is looked up by time: with clocks that differ, the message of a doubtful attempt would be looked for where it
/// isn't, and sent again.
final class ServerClock: Sendable {
    /// Seconds that Freshchat's clock is ahead of ours, by base URL.
    private let lead = Mutex<[String: TimeInterval]>([:])

    /// - Parameter sentAt: when the request went out. An answer that was long under way tells nothing.
    func note(_ reply: HTTPReply, of baseURL: String, sentAt: Date, now: Date) {
        guard now.timeIntervalSince(sentAt) < 2, let text = reply.headers[.date], let date = Date(httpDate: text)
        else { return }
        // The header leaves out what is less than a second.
        let seconds = date.timeIntervalSince(now) + 0.5
        lead.withLock { $0[baseURL] = seconds }
    }

    /// `nil`: no answer has told it yet.
    func lead(of baseURL: String) -> TimeInterval? { lead.withLock { $0[baseURL] } }
}
