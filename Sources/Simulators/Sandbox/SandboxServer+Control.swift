import HTTPTypes

/// The control interface: JSON over HTTP, for scripts, the demo and tests in other processes.
///
/// | request | does |
/// |---|---|
/// | `GET /about` | ports, tokens, topics, agents, the webhook's public key |
/// | `GET /log?since=N&limit=M&wait=MS` | entries above N; waits up to MS milliseconds for the first |
/// | `GET /pending` | how many webhooks and receipts are still to be sent |
/// | `GET`, `PUT /knobs` | `{"viber": {…}, "freshchat": {…}}`; PUT takes any part of it |
/// | `GET`, `POST`, `DELETE /viber/faults`, `/freshchat/faults` | the faults to come; POST takes a ``Fault`` |
/// | `PUT /viber/token`, `/freshchat/token` | `{"token"}`: replaces the credential |
/// | `GET /viber/webhook` | what `set_webhook` left |
/// | `GET`, `POST /viber/customers` | all customers; a new one: `{"name", "bot"}` |
/// | `POST /viber/customers/{id}/messages` | the customer writes: `{"text", "repeat"}` or `{"message": {…}, "repeat"}` |
/// | `POST /viber/customers/{id}/pictures` | the customer sends a picture: `{"caption"}` |
/// | `POST /viber/customers/{id}/open` | the customer opens the chat: `{"context"}` |
/// | `POST /viber/customers/{id}/unsubscribe`, `/resubscribe` | the customer turns messages off, and on again |
/// | `PUT /viber/customers/{id}/presence` | what `get_online` tells: `{"presence": "offline"}` |
/// | `GET /viber/customers/{id}/phone` | what the phone got, in order |
/// | `GET /freshchat/users?reference_id=R` | the users, all or with this reference |
/// | `GET /freshchat/conversations?user=U` | the conversations, all or of a user by id or reference |
/// | `POST /freshchat/conversations` | `{"user", "topic", "text", "byAgent"}`: a conversation on any topic |
/// | `GET /freshchat/conversations/{id}/messages` | the messages, oldest first |
/// | `POST /freshchat/conversations/{id}/replies` | an agent answers: `{"text"}` or `{"parts": […]}`, `"agent"`, `"bot": true` |
/// | `POST /freshchat/conversations/{id}/notes`, `/welcome` | `{"text"}`: a private note, the welcome message |
/// | `POST /freshchat/conversations/{id}/system` | `{"text", "meta_data", "agent"}`: a line of the system |
/// | `POST /freshchat/conversations/{id}/resolve`, `/reopen`, `/assign` | an agent does that: `{"agent"}` |
/// | `PUT /freshchat/webhook`, `/freshchat/product-events` | `{"url"}`; empty for none |
/// | `GET /events?since=N` | the log as Server-Sent Events; goes on after `Last-Event-ID` |
///
/// Where the sandbox has a playground, its page is at `/`, and:
///
/// | request | does |
/// |---|---|
/// | `GET /play/state` | all that the page shows: phones, conversations, tally, switches, workers |
/// | `POST /play/customers/{id}/pictures`, `/play/conversations/{id}/pictures` | the customer, an agent sends a picture |
/// | `POST /play/customers/{id}/repeat` | the webhook of a message once more: `{"token"}` |
/// | `PUT /play/trouble` | any part of ``Trouble`` |
/// | `POST /play/kill` | SIGKILL to a worker: `{"worker"}`, or any |
///
/// Ids are percent-encoded in paths. Errors are `{"error": "…"}` with 400, 404 or 405; pages of another origin get 403.
extension SandboxServer {
    typealias ControlAction = @Sendable (SandboxServer, APIRequest) async throws -> JSON

    private static let routes: RouteTable<ControlAction> = {
        var routes = RouteTable<ControlAction>()
        addGeneralRoutes(&routes)
        addViberRoutes(&routes)
        addFreshchatRoutes(&routes)
        addPlayRoutes(&routes)
        return routes
    }()

    /// Answers a request to the control interface.
    func respondToControl(_ request: APIRequest) async -> APIResponse {
        func failure(_ status: Int, _ message: String) -> APIResponse {
            APIResponse(status: status, json: ["error": .string(message)])
        }
        if let refusal = BrowserGuard.refusal(of: request) { return refusal }
        if let page = respondAsPage(request) { return page }
        switch Self.routes.match(request.method, request.path) {
        case .none: return failure(404, "no such path")
        case .wrongMethod(let allowed):
            var answer = failure(405, "method not allowed")
            answer.headers[.allow] = allowed.map(\.rawValue).joined(separator: ", ")
            return answer
        case .found(_, let parameters, let action):
            var request = request
            request.parameters = parameters
            do {
                return APIResponse(json: try await action(self, request))
            } catch let error as FreshchatError {
                return failure(error.code, error.message)
            } catch {
                return failure(400, String(describing: error))
            }
        }
    }

    /// The request's JSON object; an empty body is an empty object.
    static func body(_ request: APIRequest, only members: Set<String>) throws -> StrictBody {
        let json = try JSON(parsing: request.body.isEmpty ? Array("{}".utf8) : request.body)
        return try StrictBody(json, "body", only: members)
    }

    private static func addGeneralRoutes(_ routes: inout RouteTable<ControlAction>) {
        routes.add(.get, "/about") { server, _ in try JSON(encoding: server.about) }
        routes.add(.get, "/pending") { server, _ in ["pending": .integer(Int64(server.pending))] }
        routes.add(.get, "/log") { server, request in
            let since = Int(request.item("since") ?? "") ?? 0
            if let wait = Int(request.item("wait") ?? "") {
                _ = await server.log.wait(timeout: .milliseconds(min(wait, 60_000))) { server.log.last > since }
            }
            let entries = server.log.entries(since: since, limit: Int(request.item("limit") ?? "") ?? 10_000)
            return ["entries": try JSON(encoding: entries), "last": .integer(Int64(server.log.last))]
        }
        routes.add(.get, "/knobs") { server, _ in try server.knobs() }
        routes.add(.put, "/knobs") { server, request in
            let body = try body(request, only: ["viber", "freshchat"])
            // Both are checked before either is set.
            let viber = try body.json["viber"].map { try server.viber.knobs.adjusted(by: $0) }
            let freshchat = try body.json["freshchat"].map { try server.freshchat.knobs.adjusted(by: $0) }
            if let viber { server.viber.knobs = viber }
            if let freshchat { server.freshchat.knobs = freshchat }
            return try server.knobs()
        }
    }

    private func knobs() throws -> JSON {
        ["viber": try JSON(encoding: viber.knobs), "freshchat": try JSON(encoding: freshchat.knobs)]
    }

    /// A fault from a request.
    static func fault(_ request: APIRequest) throws -> Fault {
        try Fault().adjusted(by: try JSON(parsing: request.body))
    }
}
