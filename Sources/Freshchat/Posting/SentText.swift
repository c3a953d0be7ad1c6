import FoundationEssentials
import RelayCore

/// A text of ours, to be recognised in a conversation.
///
/// Freshchat may trim what it keeps, escape it as HTML or write its lines with tags, so both texts are read as an agent's is, and
/// count as the same when only white space, invisible characters and tags differ then.
struct SentText {
    private let text: String
    private let essence: String

    init(_ text: String) {
        self.text = text.trimmingWhiteSpace()
        essence = Self.essence(of: text)
    }

    func isSame(as other: String) -> Bool {
        // Of a text that is nothing but tags, nothing is left to compare.
        if essence.isEmpty { return text == other.trimmingWhiteSpace() }
        return essence == Self.essence(of: other)
    }

    private static func essence(of text: String) -> String {
        var text = text
        // Escaping can have happened more than once on the way.
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
    /// How far before our own start of the attempt a message is still taken for its result: the 2 s of freshchat.md §1.10,
    /// and 5 s for clocks that differ. Not further: of two messages that say the same, the older may have an id that we
    /// were never told.
    static let lookback: TimeInterval = 7

    /// Differences of clocks that don't matter: the headers tell whole seconds.
    static let clockTolerance: TimeInterval = 2

    /// From when on a message can be the doubtful attempt's, by Freshchat's clock.
    func lookupStart(_ since: Date) -> Date {
        since.addingTimeInterval((serverClock.lead(of: account.baseURL) ?? 0) - Self.lookback)
    }

    /// - Throws: that it has to wait, while a request of the doubtful attempt may still be under way.
    func requireSettled(_ doubt: Doubt) throws(APIFailure) {
        guard now() < doubt.settledAt else { return }
        throw APIFailure(
            failure: DeliveryFailure(
                .wait(until: doubt.settledAt), reason: ServiceFault.unsettled(by: "Freshchat"),
                detail: "not found; it may still be under way"))
    }
}
