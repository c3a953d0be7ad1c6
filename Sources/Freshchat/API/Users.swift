import FoundationEssentials
import HTTPTypes
import RelayCore

/// A user as Freshchat returns them (freshchat.md §1.7).
struct UserObject: FreshchatAnswer, Sendable {
    var id: HelpdeskUserID
    var reference: String?
    var firstName: String?
    var createdAt: Date?

    init?(_ fields: JSONFields) {
        guard let id = fields.id("id") else { return nil }
        self.id = HelpdeskUserID(id)
        reference = fields.id("reference_id")
        firstName = fields.id("first_name")
        createdAt = fields.date("created_time")
    }
}

/// The fields that byoc sends when it creates a user.
struct NewUser: Encodable {
    struct Avatar: Encodable, Equatable { var url: String }
    typealias Property = PresentUser.Property

    var reference_id: String
    var first_name: String
    var phone: String?
    var avatar: Avatar?
    var properties: [Property]?

    init(_ piece: InboundPiece) {
        let values = UserValues(piece.profile)
        reference_id = piece.reference.text
        first_name = values.name ?? UserValues.placeholder(piece.channelName)
        phone = values.phone
        avatar = values.avatar.map { Avatar(url: $0) }
        properties = [("channel", piece.channelName), ("language", values.language), ("country", values.country)]
            .compactMap { name, value in value.map { Property(name: name, value: $0) } }
    }

    /// The two fields that no account refuses.
    var bare: NewUser {
        var bare = self
        bare.phone = nil
        bare.avatar = nil
        bare.properties = nil
        return bare
    }
}

extension FreshchatClient {
    /// The user with our reference. Freshchat doesn't keep references unique (freshchat.md §1.7), so there may be
    /// several: it is the oldest, the same one each time.
    func user(reference: String) async throws(APIFailure) -> UserObject? {
        // Asked with an empty value, the filter could match anyone.
        guard !reference.isEmpty else { return nil }
        let users = try await get(
            "/users", query: "reference_id=" + reference.percentEncoded, as: UserList.self
        ).users
        // Only an exact match is ours, whatever the filter made of the value.
        return users.filter { $0.reference == reference }.min { left, right in
            let (mine, other) = (left.createdAt ?? .distantFuture, right.createdAt ?? .distantFuture)
            return mine == other ? left.id.rawValue < right.id.rawValue : mine < other
        }
    }

    func user(_ id: HelpdeskUserID) async throws(APIFailure) -> UserObject? {
        try await find("/users/" + id.pathSegment, as: UserObject.self)
    }

    func create(_ user: NewUser) async throws(APIFailure) -> HelpdeskUserID {
        let reply = try await call(.post, "/users", body: Self.encode(user))
        // Another's answer promises nothing for this one.
        guard let made = Self.read(UserObject.self, from: reply),
            made.reference == nil || made.reference == user.reference_id
        else {
            throw unkept(reply, call: "POST /users")
        }
        return made.id
    }

    /// An agent's first name; a bot's or the system's where there is no agent by that id (freshchat.md §1.8).
    func firstName(of agent: AgentID) async throws(APIFailure) -> String? {
        if let found = try await find("/agents/" + agent.pathSegment, as: Named.self) { return found.firstName }
        return try await find("/users/" + agent.pathSegment, query: "system_user=true", as: Named.self)?.firstName
    }
}

private struct UserList: FreshchatAnswer {
    var users: [UserObject]

    init?(_ fields: JSONFields) {
        // Without the list nobody can tell that there is none (freshchat.md §1.7).
        guard fields.isList("users") else { return nil }
        users = fields.objects("users").compactMap(UserObject.init)
    }
}

private struct Named: FreshchatAnswer {
    var firstName: String?

    init?(_ fields: JSONFields) {
        guard fields.has("id") || fields.has("first_name") else { return nil }
        firstName = fields.text("first_name")?.asName
    }
}
