import Synchronization

// Account, topics, groups and agents (freshchat.md §1.8).
extension FreshchatSimulator {
    func accountConfiguration() -> APIResponse {
        APIResponse(json: [
            "account_id": .integer(account.accountID), "app_id": .string(account.appID),
            "account_domain": .string(account.domain), "bundle_id": 515_435_468_500_048, "bundle_type": "SUITE",
            "datacenter": "US", "organisation_id": 515_435_468_500_001,
            "organisation_domain": "sandbox.myfreshworks.com", "plan_type": "FOREST",
            "web_chat_id": .string(account.appID),
        ])
    }

    func listTopics(_ request: APIRequest) throws -> APIResponse {
        try checkQuery(request, only: Self.listItems.union(["locale", "updated_from", "updated_to"]))
        let times = try Self.times(request)
        let topics = account.topics.filter { times.updated.contains($0.updated) }.map { topic -> JSON in
            [
                "id": .string(topic.id), "icon": [:], "updated_time": .string(topic.updated.iso8601), "enabled": true,
                "public": true, "name": .string(topic.name), "tags": [], "welcome_message": Self.welcome(topic),
                "locale": "en", "source": "FRESHCHAT",
            ]
        }
        return try page(topics, "channels", request)
    }

    private static func welcome(_ topic: FreshchatTopic) -> JSON {
        [
            "message_parts": [["text": ["content": "Welcome!"]]], "channel_id": .string(topic.id),
            "message_type": "normal",
        ]
    }

    func listGroups(_ request: APIRequest) throws -> APIResponse {
        try checkQuery(request, only: Self.listItems)
        let members = account.agents.map { JSON.string($0.id) }
        let groups = account.groups.map { group -> JSON in
            [
                "id": .string(group.id), "name": .string(group.name), "description": "",
                "routing_type": "INTELLIASSIGN",
                "agents": .array(members),
            ]
        }
        return try page(groups, "groups", request)
    }

    func listAgents(_ request: APIRequest) throws -> APIResponse {
        try checkQuery(request, only: Self.listItems.union(["is_deactivated", "email", "created_from"]))
        let times = try Self.times(request)
        var agents = account.agents.filter { times.created.contains($0.created) }
        if let wanted = request.item("is_deactivated") { agents.removeAll { $0.isDeactivated != (wanted == "true") } }
        if let email = request.item("email") { agents.removeAll { $0.email != email } }
        return try page(agents.map(json), "agents", request)
    }

    /// 404 for bots and the system, whose ids also appear as actors (§1.8).
    func getAgent(_ request: APIRequest) throws -> APIResponse {
        guard let agent = account.agents.first(where: { $0.id == request.parameter("id") }) else {
            throw FreshchatError.notFound("agent")
        }
        return APIResponse(json: json(agent))
    }

    func json(_ agent: FreshchatAgent) -> JSON {
        [
            "id": .string(agent.id), "email": .string(agent.email), "first_name": .string(agent.firstName),
            "last_name": .string(agent.lastName),
            "avatar": [
                "url": .string("https://fc-use1-00-pics-bkt-00.s3.amazonaws.com/\(APIRequest.encode(agent.id)).png")
            ],
            "groups": .array(account.groups.map { .string($0.id) }), "role_id": "ACCOUNT_ADMIN",
            "is_deactivated": .bool(agent.isDeactivated), "is_deleted": false, "availability_status": "AVAILABLE",
            "routing_type": "INTELLIASSIGN", "created_time": .string(agent.created.iso8601),
        ]
    }

    func conversationFields() -> APIResponse {
        APIResponse(json: [
            [
                "id": "fd1", "name": "priority", "label": "Priority", "type": "DROPDOWN", "required": false,
                "editable": true, "custom": false, "position": 1, "column_name": "priority",
                "choices": [["id": "1", "value": "Low"], ["id": "2", "value": "High"]],
            ]
        ])
    }
}
