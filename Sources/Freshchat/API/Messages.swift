import FoundationEssentials
import HTTPTypes
import RelayCore

private struct MessagePage: FreshchatAnswer {
    var messages: [MessageObject]
    /// How many there are, those that can't be read included.
    var count: Int
    /// The address of another page; it isn't always that of the next (freshchat.md §1.5).
    var link: String?

    init?(_ fields: JSONFields) {
        // Without the list nobody can tell that a message isn't there.
        guard fields.isList("messages") else { return nil }
        messages = fields.objects("messages").map(MessageObject.init)
        count = fields.count(of: "messages")
        link = fields.object("link")?.text("href")
    }

    /// Whether it is the last one for all that it says itself: it isn't full, and names no page after it.
    func endsList(_ page: Int) -> Bool {
        let items = link?.split(whereSeparator: { $0 == "?" || $0 == "&" }) ?? []
        return count < Self.size && !items.contains("page=\(page + 1)")
    }

    static let size = 50
}

/// The messages of a conversation, and how many calls it took to get them.
struct MessageList: Sendable {
    var messages: [MessageObject]
    var calls: Int

    /// Freshchat gives the newest first (freshchat.md §1.10), unless the times say otherwise. Of messages of the same
    /// millisecond, as bots write them, only their place in the list tells which was first; their ids don't.
    mutating func putOldestFirst() {
        func time(_ message: MessageObject?) -> Date { message?.createdAt ?? .distantPast }
        if time(messages.first) >= time(messages.last) { messages.reverse() }
        messages = messages.enumerated().sorted { left, right in
            (time(left.element), left.offset) < (time(right.element), right.offset)
        }.map(\.element)
    }
}

extension FreshchatClient {
    /// A conversation's messages from an instant on (inclusive), oldest first.
    ///
    /// Pages are walked until one is empty or has nothing new, for the link to the next one can't be relied upon
    /// (freshchat.md §1.5). `nil`: there is no such conversation.
    func messages(
        in conversation: HelpdeskConversationID, from start: Date
    ) async throws(APIFailure) -> [MessageObject]? {
        try await walk(conversation, from: start, trustsShortPages: false)?.messages
    }

    /// As ``messages(in:from:)``, with one call in the usual case.
    ///
    /// - Parameter trustsShortPages: a page that isn't full ends the walk. What it would miss where that is wrong has to do
    ///   no harm.
    func walk(
        _ conversation: HelpdeskConversationID, from start: Date, trustsShortPages: Bool
    ) async throws(APIFailure) -> MessageList? {
        let path = "/conversations/" + conversation.pathSegment + "/messages"
        var list = MessageList(messages: [], calls: 0)
        var seen: Set<HelpdeskMessageID> = []
        for page in 1...40 {
            let query =
                "page=\(page)&items_per_page=\(MessagePage.size)&from_time=\(start.freshchatText.percentEncoded)"
            guard let answer = try await find(path, query: query, as: MessagePage.self) else {
                if page == 1 { return nil }
                break
            }
            list.calls = page
            let new = answer.messages.filter { message in message.id.map { seen.insert($0).inserted } ?? false }
            if new.isEmpty { break }
            list.messages += new
            if trustsShortPages, answer.endsList(page) { break }
        }
        list.putOldestFirst()
        return list
    }
}
