import RelayCore

/// One page of the topics (freshchat.md §1.5).
private struct ChannelList: Decodable {
    var topics: [HelpdeskCheck.Topic]
    /// `nil` where neither the count of pages nor the links are there.
    var isLast: Bool?

    init(from decoder: any Decoder) throws {
        let object = try decoder.object()
        guard object.contains("channels") else {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "no list of channels"))
        }
        topics = object.list("channels", of: ChannelObject.self).map(\.topic)
        if let pages = object.object("pagination"), let total = pages.integer("total_pages"),
            let current = pages.integer("current_page")
        {
            isLast = current >= total
        } else if let links = object.object("links") {
            isLast = links.object("next_page")?.id("href") == nil
        }
    }
}

/// A topic; the API calls it a channel (freshchat.md §1.8).
private struct ChannelObject: Decodable {
    var topic: HelpdeskCheck.Topic

    init(from decoder: any Decoder) throws {
        let object = try decoder.object()
        guard let id = object.id("id") else {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "a channel without an id"))
        }
        topic = HelpdeskCheck.Topic(
            id: TopicID(id), name: object.text("name") ?? "", isEnabled: object.flag("enabled") ?? true)
    }
}

/// Whose account the token is for (freshchat.md §1.8).
struct AccountObject: Decodable, Sendable {
    var name: String

    init(from decoder: any Decoder) throws {
        let object = try decoder.object()
        guard
            let name = object.firstID("account_domain", "organisation_domain")
                ?? object.firstID("account_id", "app_id").map({ "account \($0)" })
        else {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "no account"))
        }
        self.name = name
    }
}

extension FreshchatClient {
    func accountConfiguration() async throws(APIFailure) -> AccountObject {
        try await get("/accounts/configuration")
    }

    /// All topics. Pages are asked for by number until one says that it is the last or has nothing new, so that neither
    /// a server that ignores `page` nor one without links makes it endless.
    func topics() async throws(APIFailure) -> [HelpdeskCheck.Topic] {
        var topics: [HelpdeskCheck.Topic] = []
        var seen: Set<TopicID> = []
        for page in 1...100 {
            let answer = try await get(
                "/channels", query: "page=\(page)&items_per_page=100", as: ChannelList.self)
            let new = answer.topics.filter { seen.insert($0.id).inserted }
            topics += new
            if new.isEmpty || answer.isLast == true { break }
        }
        return topics
    }
}
