import RelayCore

/// One page of the topics (freshchat.md §1.5).
private struct ChannelList: FreshchatAnswer {
    var topics: [HelpdeskCheck.Topic]
    /// `nil` where neither the count of pages nor the links are there.
    var isLast: Bool?

    init?(_ fields: JSONFields) {
        guard fields.isList("channels") else { return nil }
        topics = fields.objects("channels").compactMap(HelpdeskCheck.Topic.init)
        if let pages = fields.object("pagination"), let total = pages.integer("total_pages"),
            let current = pages.integer("current_page")
        {
            isLast = current >= total
        } else if let links = fields.object("links") {
            isLast = links.object("next_page")?.id("href") == nil
        }
    }
}

extension HelpdeskCheck.Topic {
    /// A topic; the API calls it a channel (freshchat.md §1.8).
    fileprivate init?(_ fields: JSONFields) {
        guard let id = fields.id("id") else { return nil }
        self.init(id: TopicID(id), name: fields.text("name") ?? "", isEnabled: fields.flag("enabled") ?? true)
    }
}

/// The token's account (freshchat.md §1.8).
struct AccountObject: FreshchatAnswer, Sendable {
    var name: String
    /// The `account_id`, else the `app_id`. No domain, for accounts share those.
    var identity: RemoteIdentity?

    init?(_ fields: JSONFields) {
        let id = fields.firstID("account_id", "app_id")
        guard
            let name = fields.firstID("account_domain", "organisation_domain")
                ?? id.map({ "account \($0)" })
        else { return nil }
        self.name = name
        identity = id.map { RemoteIdentity($0) }
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
