import FoundationEssentials
import RelayCore

/// A text that byoc sent, to be recognised in a conversation.
///
/// Freshchat may trim a text, escape it as HTML, or mark its lines with tags. So both texts are converted as an agent's text
/// is, and match if only white space, invisible characters and tags differ.
struct SentText {
    private let text: String
    private let essence: String

    init(_ text: String) {
        self.text = text.trimmingWhiteSpace()
        essence = Self.essence(of: text)
    }

    func isSame(as other: String) -> Bool {
        // A text of tags alone leaves nothing to compare.
        if essence.isEmpty { return text == other.trimmingWhiteSpace() }
        return essence == Self.essence(of: other)
    }

    private static func essence(of text: String) -> String {
        var text = text
        // The text may have been escaped more than once.
        for _ in 0..<4 {
            let read = AgentText.plain(text)
            if read == text { break }
            text = read
        }
        var essence = TagScan(text).withoutTags().unicodeScalars
        essence.removeAll(where: \.isInvisible)
        return String(essence)
    }
}

extension FreshchatClient {
    /// How long before the attempt's start a message may be and still count as its result: the 2 s of freshchat.md §1.10 and
    /// 5 s for differing clocks. Not longer, because an older message with the same text may have an id that byoc never
    /// learned.
    static let lookback: TimeInterval = 7

    /// The clock difference that doesn't matter, because headers have whole seconds.
    static let clockTolerance: TimeInterval = 2

    /// The earliest time by Freshchat's clock at which a message can be the result of the attempt in doubt.
    func lookupStart(_ since: Date) -> Date {
        since.addingTimeInterval((serverClock.lead(of: account.baseURL) ?? 0) - Self.lookback)
    }

    /// - Throws: a failure to wait, while a request of the attempt in doubt may still be in flight.
    func requireSettled(_ doubt: Doubt) throws(APIFailure) {
        guard now() < doubt.settledAt else { return }
        throw APIFailure(
            failure: DeliveryFailure(
                .wait(until: doubt.settledAt), reason: ServiceFault.unsettled(by: "Freshchat"),
                detail: "not found; it may still be under way"))
    }
}
