import Synchronization

// Users (freshchat.md §1.7).
extension FreshchatSimulator {
    private static let filters: Set<String> = [
        "reference_id", "email", "phone_no", "first_name", "created_from", "created_to", "updated_from", "updated_to",
    ]

    /// What a client says of a user.
    private static let ownFields: Set<String> = [
        "reference_id", "first_name", "last_name", "email", "phone", "avatar", "properties",
    ]

    /// All members of a user: a whole object may be given where a user is made or named.
    static let userMembers: Set<String> = ownFields.union([
        "id", "restore_id", "created_time", "updated_time", "login_status", "org_contact_id", "social_profiles",
    ])

    private static let botsCreated = Timestamp(milliseconds: 1_704_164_645_000)

    func listUsers(_ request: APIRequest) throws -> APIResponse {
        try checkQuery(request, only: Self.filters.union(Self.listItems))
        guard request.query.contains(where: { Self.filters.contains($0.name) }) else {
            throw FreshchatError.invalid("at least one filter is required")
        }
        let times = try Self.times(request)
        let found = state.withLock { state -> [FreshchatUser] in
            let candidates = request.item("reference_id").map { state.usersByReference[$0] ?? [] } ?? state.userOrder
            return candidates.compactMap { state.users[$0] }.filter { user in
                Self.matches(user, "email", request.item("email"))
                    && Self.matches(user, "phone", request.item("phone_no"))
                    && Self.matches(user, "first_name", request.item("first_name"))
                    && times.created.contains(user.created) && times.updated.contains(user.updated)
            }
        }
        return try page(found.map(json), "users", request)
    }

    private static func matches(_ user: FreshchatUser, _ field: String, _ wanted: String?) -> Bool {
        wanted.map { user.fields[field]?.string == $0 } ?? true
    }

    /// The spans of a list's query: when what it lists was made and changed.
    static func times(_ request: APIRequest) throws -> (
        created: ClosedRange<Timestamp>, updated: ClosedRange<Timestamp>
    ) {
        func range(_ name: String) throws(FreshchatError) -> ClosedRange<Timestamp> {
            var bounds = [Timestamp(milliseconds: 0), Timestamp(milliseconds: .max)]
            for (index, edge) in ["from", "to"].enumerated() {
                guard let text = request.item("\(name)_\(edge)") else { continue }
                guard let time = Timestamp(iso8601: text) else { throw .invalid("\(name)_\(edge) is not a time") }
                bounds[index] = time
            }
            guard bounds[0] <= bounds[1] else { throw .invalid("\(name)_from is after \(name)_to") }
            return bounds[0]...bounds[1]
        }
        return (try range("created"), try range("updated"))
    }

    func createUser(_ request: APIRequest) throws -> APIResponse {
        let fields = try userFields(request, only: Self.ownFields, or: Self.userMembers)
        return try state.withLock { state in
            let reference = fields["reference_id"]?.string
            if let reference, state.knobs.uniqueReferenceIDs, state.usersByReference[reference] != nil {
                throw FreshchatError(code: 409, status: "CONFLICT", message: "user already exists")
            }
            let now = Timestamp.now
            let alias = fields["first_name"]?.string?.filter { $0.isASCII && $0.isLetter } ?? ""
            let user = FreshchatUser(
                id: state.makeID(alias: alias.isEmpty ? "user" : alias), fields: fields, created: now, updated: now)
            state.users[user.id] = user
            state.userOrder.append(user.id)
            if let reference { state.usersByReference[reference, default: []].append(user.id) }
            log.record(.freshchat, .action, "user.created", subject: user.id, reference: reference ?? "")
            return APIResponse(json: json(user))
        }
    }

    func fetchUsers(_ request: APIRequest) throws -> APIResponse {
        let body = try body(request, only: ["ids"])
        guard let ids = try body.array("ids"), !ids.isEmpty else { throw FreshchatError.invalid("ids is missing") }
        let users = state.withLock { state in ids.compactMap { $0.string.flatMap { state.users[$0] } } }
        return APIResponse(json: ["users": .array(users.map(json))])
    }

    /// With `system_user=true` also the bots and the system itself (§1.7).
    func getUser(_ request: APIRequest) throws -> APIResponse {
        try checkQuery(request, only: ["system_user"])
        let id = request.parameter("id")
        if let user = state.withLock({ $0.users[id] }) { return APIResponse(json: json(user)) }
        guard request.item("system_user") == "true" else { throw FreshchatError.notFound("user") }
        return APIResponse(
            json: json(
                FreshchatUser(
                    id: id, fields: ["first_name": "Freddy", "last_name": "Bot"], created: Self.botsCreated,
                    updated: Self.botsCreated)))
    }

    func updateUser(_ request: APIRequest) throws -> APIResponse {
        var members: Set = ["email", "first_name", "last_name", "phone", "properties"]
        if state.withLock({ $0.knobs.takesAvatarInUserUpdate }) { members.insert("avatar") }
        let fields = try userFields(request, only: members)
        return try state.withLock { state in
            guard var user = state.users[request.parameter("id")] else { throw FreshchatError.notFound("user") }
            for member in fields.object?.members ?? [] {
                if member.key == "properties", state.knobs.propertiesMode == .merge {
                    let names = member.value.array?.compactMap { $0["name"] } ?? []
                    let kept = user.fields["properties"]?.array?.filter { !names.contains($0["name"] ?? .null) } ?? []
                    user.fields["properties"] = .array(kept + (member.value.array ?? []))
                } else {
                    user.fields[member.key] = member.value
                }
            }
            user.updated = .now
            state.users[user.id] = user
            return state.knobs.answersUserUpdateEmpty ? APIResponse() : APIResponse(json: json(user))
        }
    }

    /// Ids only, in an order that promises nothing (§1.7).
    func listConversations(_ request: APIRequest) throws -> APIResponse {
        try checkQuery(request, only: ["page", "items_per_page"])
        let ids = try state.withLock { state -> [String] in
            let user = request.parameter("id")
            guard state.users[user] != nil else { throw FreshchatError.notFound("user") }
            let oldestFirst = state.conversationsByUser[user] ?? []
            return switch state.knobs.conversationOrder {
            case .oldestFirst: oldestFirst
            case .newestFirst: oldestFirst.reversed()
            case .shuffled: oldestFirst.shuffled(using: &state.random)
            }
        }
        return APIResponse(json: ["conversations": .array(ids.map { ["id": .string($0)] })])
    }

    /// What the request says of a user, without nulls, and without what only Freshchat says of them.
    private func userFields(
        _ request: APIRequest, only members: Set<String>, or ignored: Set<String> = []
    ) throws -> JSON {
        guard let json = try? JSON(parsing: request.body), let object = json.object else {
            throw FreshchatError.invalid("the body is not a JSON object")
        }
        // Omni accounts have contact fields of their own beside the known ones (§1.7).
        let custom = object.keys.filter { $0.hasPrefix("cf_") }
        let body = try body(request, only: members.union(ignored).union(custom))
        for field in ["reference_id", "first_name", "last_name", "email", "phone"] { _ = try body.string(field) }
        if let avatar = body.json["avatar"] {
            let avatar = try StrictBody(avatar, "avatar", only: ["url"])
            if avatar.json != [:] { _ = try avatar.required("url") }
        }
        for property in try body.array("properties") ?? [] {
            let property = try StrictBody(property, "properties", only: ["name", "value"])
            _ = try property.required("name")
            guard try property.string("value") != nil else {
                throw FreshchatError.invalid("properties.value is missing")
            }
        }
        let own = body.json.object?.members.filter { members.contains($0.key) || custom.contains($0.key) }
        return .object(JSONObject(members: own ?? []))
    }

    func json(_ user: FreshchatUser) -> JSON {
        var json: JSON = [
            "id": .string(user.id), "created_time": .string(user.created.iso8601),
            "updated_time": .string(user.updated.iso8601),
        ]
        for member in user.fields.object?.members ?? [] { json[member.key] = member.value }
        if json["avatar"] == nil { json["avatar"] = [:] }
        if json["properties"] == nil { json["properties"] = [] }
        json["login_status"] = false
        return json
    }
}
