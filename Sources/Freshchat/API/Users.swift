import FoundationEssentials
import HTTPTypes
import RelayCore

/// A user as Freshchat gives him (freshchat.md §1.7).
struct UserObject: Decodable, Sendable {
    var id: HelpdeskUserID
    var reference: String?
    var firstName: String?
    var createdAt: Date?

    init(from decoder: any Decoder) throws {
        let object = try decoder.object()
        guard let id = object.id("id") else {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "a user without an id"))
        }
        self.id = HelpdeskUserID(id)
        reference = object.id("reference_id")
        firstName = object.id("first_name")
        createdAt = object.date("created_time")
    }
}

/// What we tell of a user when we make him.
struct NewUser: Encodable {
    struct Avatar: Encodable { var url: String }
    struct Property: Encodable { var name, value: String }

    var reference_id: String
    var first_name: String
    var phone: String?
    var avatar: Avatar?
    var properties: [Property]?

    init(_ piece: InboundPiece) {
        let name = piece.profile.name?.asName
        reference_id = piece.reference
        first_name = name ?? "\(piece.channelName) customer"
        phone = Self.filled(piece.profile.phoneNumber)
        avatar = Self.filled(piece.profile.avatarURL).flatMap { url in
            let start = url.prefix(8).lowercased()
            return start.hasPrefix("https://") || start.hasPrefix("http://") ? Avatar(url: url) : nil
        }
        var properties = [Property(name: "channel", value: piece.channelName)]
        if let language = Self.filled(piece.profile.language) {
            properties.append(Property(name: "language", value: language))
        }
        if let country = Self.filled(piece.profile.country) {
            properties.append(Property(name: "country", value: country))
        }
        self.properties = properties
    }

    /// The two fields that no account refuses.
    var bare: NewUser {
        var bare = self
        bare.phone = nil
        bare.avatar = nil
        bare.properties = nil
        return bare
    }

    private static func filled(_ text: String?) -> String? {
        text?.asName
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
        guard let made = Self.decode(UserObject.self, from: reply) else {
            throw Self.unreadable(reply, call: "POST /users")
        }
        return made.id
    }

    /// An agent's first name; a bot's or the system's where there is no agent by that id (freshchat.md §1.8).
    func firstName(of agent: AgentID) async throws(APIFailure) -> String? {
        if let found = try await find("/agents/" + agent.pathSegment, as: Named.self) { return found.firstName }
        return try await find("/users/" + agent.pathSegment, query: "system_user=true", as: Named.self)?.firstName
    }
}

private struct UserList: Decodable {
    var users: [UserObject]

    init(from decoder: any Decoder) throws { users = try decoder.object().list("users") }
}

private struct Named: Decodable {
    var firstName: String?

    init(from decoder: any Decoder) throws {
        firstName = try decoder.object().text("first_name")?.asName
    }
}
