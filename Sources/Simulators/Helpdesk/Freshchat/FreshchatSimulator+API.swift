import HTTPTypes
import Synchronization

// Routing, authentication, limits and mishaps of the REST API (freshchat.md §1).
extension FreshchatSimulator {
    typealias Action = @Sendable (FreshchatSimulator, APIRequest) async throws -> APIResponse

    private static let routes: RouteTable<Action> = {
        var routes = RouteTable<Action>(prefix: "/v2")
        routes.add(.get, "/accounts/configuration") { simulator, _ in simulator.accountConfiguration() }
        routes.add(.get, "/channels") { try $0.listTopics($1) }
        routes.add(.get, "/groups") { try $0.listGroups($1) }
        routes.add(.get, "/agents") { try $0.listAgents($1) }
        routes.add(.get, "/agents/{id}") { try $0.getAgent($1) }
        routes.add(.get, "/users") { try $0.listUsers($1) }
        routes.add(.post, "/users") { try $0.createUser($1) }
        routes.add(.post, "/users/fetch") { try $0.fetchUsers($1) }
        routes.add(.get, "/users/{id}") { try $0.getUser($1) }
        routes.add(.put, "/users/{id}") { try $0.updateUser($1) }
        routes.add(.get, "/users/{id}/conversations") { try $0.listConversations($1) }
        routes.add(.get, "/conversations/fields") { simulator, _ in simulator.conversationFields() }
        routes.add(.post, "/conversations") { try await $0.createConversation($1) }
        routes.add(.get, "/conversations/{id}") { try $0.getConversation($1) }
        routes.add(.put, "/conversations/{id}") { try $0.updateConversation($1) }
        routes.add(.get, "/conversations/{id}/messages") { try $0.listMessages($1) }
        routes.add(.post, "/conversations/{id}/messages") { try await $0.createMessage($1) }
        routes.add(.post, "/images/upload") { try $0.uploadImage($1) }
        routes.add(.post, "/files/upload") { try $0.uploadFile($1) }
        return routes
    }()

    /// Answers a request to the API, or for an image or file on the CDN.
    package func respond(to request: APIRequest) async -> APIResponse {
        if request.method == .get, request.path.hasPrefix("/cdn/") { return cdn(request.path) }
        let start = ContinuousClock.now
        var answer: APIResponse
        var name = "\(request.method.rawValue) \(request.path)"
        var subject = ""
        switch Self.routes.match(request.method, request.path) {
        case .found(let route, let parameters, let action):
            var request = request
            request.parameters = parameters
            name = route
            subject = Self.subject(of: request, route)
            answer = await respond(to: request, route: route, subject, action)
        case .wrongMethod(let allowed):
            answer = FreshchatError(code: 405, status: "METHOD_NOT_ALLOWED", message: "method not allowed").response
            answer.headers[.allow] = allowed.map(\.rawValue).joined(separator: ", ")
        case .none:
            answer = FreshchatError(code: 404, status: "NOT_FOUND", message: "no such resource").response
        }
        let (limits, trace) = state.withLock { state in
            (state.rateLimit.headers(state.knobs, now: .now), state.random.hex(bytes: 16))
        }
        answer.headers.add(limits.filter { name, _ in HTTPField.Name(name).map { answer.headers[$0] == nil } == true })
        let elapsed = ContinuousClock.now - start
        answer.headers.add([
            ("X-Trace-ID", trace), ("X-Server-Processing-Time-MS", String(elapsed / .milliseconds(1))),
        ])
        log.record(
            .freshchat, .request, name, subject: subject, reference: trace, status: answer.status,
            text: answer.status < 300 ? "" : String(decoding: answer.body.prefix(300), as: UTF8.self))
        return answer
    }

    /// Whom a request is about: the id in its path, else the user that it names.
    private static func subject(of request: APIRequest, _ route: String) -> String {
        if let id = request.parameters["id"] { return id }
        switch route {
        case "GET /users": return request.item("reference_id") ?? ""
        case "POST /users": return (try? JSON(parsing: request.body))?["reference_id"]?.string ?? ""
        case "POST /conversations": return (try? JSON(parsing: request.body))?["users"]?[0]?["id"]?.string ?? ""
        default: return ""
        }
    }

    private func respond(
        to request: APIRequest, route: String, _ subject: String, _ action: Action
    ) async -> APIResponse {
        let fault = state.withLock { $0.faults.next(route: route, random: &$0.random) }
        if let fault {
            log.record(
                .freshchat, .fault, route, subject: subject, status: fault.status,
                text: fault.words)
            await fault.pause(at: .before)
            if fault.moment == .before, let answer = answer(for: fault, insteadOf: nil) { return answer }
        }
        let answer = await checked(request, action)
        guard let fault else { return answer }
        await fault.pause(at: .after)
        if fault.moment == .after, let injected = self.answer(for: fault, insteadOf: answer) { return injected }
        return answer
    }

    private func checked(_ request: APIRequest, _ action: Action) async -> APIResponse {
        let (isInTime, wait, token, knobs) = state.withLock { state in
            let limit = state.knobs.rateLimitPerMinute
            let isInTime = state.rateLimit.take(perMinute: limit, now: .now)
            return (isInTime, state.rateLimit.secondsToWait(perMinute: limit), state.token, state.knobs)
        }
        guard isInTime else {
            return tooManyRequests(retryAfter: knobs.sendsRetryAfter ? wait : nil)
        }
        guard request.headers[.authorization] == "Bearer \(token)" else {
            return FreshchatError(code: 401, status: "UNAUTHENTICATED", message: "invalid token").response
        }
        do {
            return try await action(self, request)
        } catch let error as FreshchatError {
            return error.response
        } catch {
            return FreshchatError.invalid(String(describing: error)).response
        }
    }

    private func tooManyRequests(retryAfter: Int?) -> APIResponse {
        var answer = FreshchatError(code: 429, status: "TOO_MANY_REQUESTS", message: "rate limit exceeded").response
        if let retryAfter { answer.headers[.retryAfter] = String(retryAfter) }
        return answer
    }

    /// What a fault answers; nil when it only delays.
    private func answer(for fault: Fault, insteadOf genuine: APIResponse?) -> APIResponse? {
        switch fault.action {
        case .none, .apiStatus: return nil
        case .reset: return .reset
        case .failedMessage: return failedMessage(fault)
        case .stall, .trickle, .malformed:
            var answer = genuine ?? APIResponse()
            answer.raw = fault.raw(insteadOf: genuine?.body)
            return answer
        case .answer:
            var answer = APIResponse(status: fault.status)
            switch fault.body {
            case .empty: break
            case .json:
                let words = [
                    401: "UNAUTHENTICATED", 403: "UNAUTHORIZED", 404: "NOT_FOUND", 409: "CONFLICT",
                    429: "TOO_MANY_REQUESTS", 503: "SERVICE_UNAVAILABLE",
                ]
                answer =
                    FreshchatError(
                        code: fault.status,
                        status: words[fault.status] ?? (fault.status < 500 ? "INVALID_VALUE" : "INTERNAL_SERVER_ERROR"),
                        message: fault.message.isEmpty ? "injected" : fault.message
                    ).response
            case .html:
                answer.body = Array("<html><body><h1>\(fault.status)</h1></body></html>".utf8)
                answer.headers[.contentType] = "text/html"
            }
            if fault.retryAfterSeconds >= 0 { answer.headers[.retryAfter] = String(fault.retryAfterSeconds) }
            if fault.status == 429 {
                let wait = max(1, fault.retryAfterSeconds)
                answer.headers.add([
                    ("X-RateLimit-Remaining", "0"), FreshchatRateLimit.reset(inSeconds: wait, knobs, now: .now),
                ])
            }
            return answer
        }
    }

    /// As the answer to a message, and to a conversation whose first message it is.
    private func failedMessage(_ fault: Fault) -> APIResponse {
        let (conversation, id) = state.withLock { ($0.random.uuid(), $0.random.uuid()) }
        var answer: JSON = [
            "id": .string(id), "status": "Failed", "error_code": 400, "error_category": "CHANNEL",
            "error_message": .string(fault.message.isEmpty ? "injected" : fault.message),
        ]
        let message = answer
        answer["conversation_id"] = .string(conversation)
        answer["messages"] = [message]
        return APIResponse(json: answer)
    }

    // MARK: What the routes share

    /// The JSON object of a request.
    func body(_ request: APIRequest, only members: Set<String>) throws -> StrictBody {
        guard request.headers[.contentType]?.lowercased().hasPrefix("application/json") == true else {
            throw FreshchatError.invalid("the content type is not application/json")
        }
        guard let json = try? JSON(parsing: request.body) else {
            throw FreshchatError.invalid("the body is not JSON")
        }
        return try StrictBody(json, "body", only: members)
    }

    /// Refuses query items that no contract names, and empty ones, which could match anything (§1.7).
    func checkQuery(_ request: APIRequest, only names: Set<String>) throws(FreshchatError) {
        for item in request.query {
            guard names.contains(item.name) else { throw .invalid("query item \(item.name) is not known") }
            guard !item.value.isEmpty else { throw .invalid("query item \(item.name) is empty") }
        }
    }

    /// The page and its size, from 1.
    func paging(_ request: APIRequest, most: Int) throws(FreshchatError) -> (page: Int, size: Int) {
        guard let page = Int(request.item("page") ?? "1"), page >= 1,
            let size = Int(request.item("items_per_page") ?? "10"), size >= 1
        else { throw .invalid("paging is not a number") }
        return (page, min(size, most))
    }

    static let listItems: Set<String> = ["page", "items_per_page", "sort_order", "sort_by"]

    /// One page of a list (§1.5).
    func page(_ items: [JSON], _ plural: String, _ request: APIRequest) throws -> APIResponse {
        let (page, size) = try paging(request, most: 9999)
        let ordered = request.item("sort_order") == "desc" ? items.reversed() : items
        let pages = max(1, (items.count + size - 1) / size)
        func link(_ number: Int, _ rel: String) -> JSON? {
            guard (1...pages).contains(number) else { return nil }
            var query = request.query.filter { $0.name != "page" }.map { "\($0.name)=\(APIRequest.encode($0.value))" }
            query.append("page=\(number)")
            return ["href": "\(request.path)?\(query.joined(separator: "&"))", "rel": .string(rel), "type": "GET"]
        }
        return APIResponse(
            json: .object([
                plural: .array(Array(ordered.dropFirst((page - 1) * size).prefix(size))),
                "pagination": [
                    "total_items": .integer(Int64(items.count)), "total_pages": .integer(Int64(pages)),
                    "current_page": .integer(Int64(page)), "items_per_page": .integer(Int64(size)),
                ],
                "links": .object([
                    "first_page": link(1, "first_page"), "last_page": link(pages, "last_page"),
                    "next_page": link(page + 1, "next_page"), "previous_page": link(page - 1, "previous_page"),
                ]),
            ]))
    }
}
