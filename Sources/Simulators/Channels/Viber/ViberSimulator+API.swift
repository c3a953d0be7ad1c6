import HTTPTypes
import Synchronization

// The REST API that a bot calls (viber.md §1, §2, §5).
extension ViberSimulator {
    private typealias Method = @Sendable (ViberSimulator, Int, JSON) async -> JSON

    private static let routes: RouteTable<Method> = {
        var routes = RouteTable<Method>(prefix: "/pa")
        routes.add(.post, "/set_webhook") { await $0.setWebhook(bot: $1, $2) }
        routes.add(.post, "/get_account_info") { simulator, bot, _ in simulator.accountInfo(bot: bot) }
        routes.add(.post, "/send_message") { await $0.sendMessage(bot: $1, $2) }
        routes.add(.post, "/broadcast_message") { await $0.broadcast(bot: $1, $2) }
        routes.add(.post, "/post") { simulator, bot, body in simulator.postToPublicChat(bot: bot, body) }
        routes.add(.post, "/get_user_details") { simulator, bot, body in simulator.userDetails(bot: bot, body) }
        routes.add(.post, "/get_online") { simulator, bot, body in simulator.online(bot: bot, body) }
        return routes
    }()

    /// Answers a request to the API, or for the media of a customer. API errors come with HTTP 200 (§1).
    package func respond(to request: APIRequest) async -> APIResponse {
        if request.method == .get, request.path.hasPrefix("/media/") { return media(request) }
        switch Self.routes.match(request.method, request.path) {
        case .found(let name, _, let method):
            let receiver = (try? JSON(parsing: request.body))?["receiver"]?.string ?? ""
            let answer = await respond(to: request, name: name, receiver, method)
            log.record(
                .viber, .request, name, subject: receiver, status: answer.status, text: Self.excerpt(answer.body))
            return answer
        case .wrongMethod:
            return APIResponse(status: 405, headers: [.allow: "POST"])
        case .none:
            log.record(
                .viber, .refused, "\(request.method.rawValue) \(request.path)", status: 404, text: "no such method")
            return APIResponse(status: 404)
        }
    }

    private static func excerpt(_ body: [UInt8]) -> String { String(decoding: body.prefix(300), as: UTF8.self) }

    private func respond(
        to request: APIRequest, name: String, _ receiver: String, _ method: Method
    ) async -> APIResponse {
        let fault = state.withLock { $0.faults.next(route: name, random: &$0.random) }
        if let fault {
            log.record(
                .viber, .fault, name, subject: receiver, status: fault.status,
                text: fault.words)
            await fault.pause(at: .before)
            if fault.moment == .before, let answer = Self.answer(for: fault, insteadOf: nil) { return answer }
        }
        let answer = APIResponse(json: await checked(request, method))
        if let fault {
            await fault.pause(at: .after)
            if fault.moment == .after, let injected = Self.answer(for: fault, insteadOf: answer) { return injected }
        }
        return answer
    }

    private static func answer(for fault: Fault, insteadOf genuine: APIResponse?) -> APIResponse? {
        switch fault.action {
        case .none, .failedMessage: return nil
        case .reset: return .reset
        case .stall, .trickle, .malformed:
            var answer = genuine ?? APIResponse()
            answer.raw = fault.raw(insteadOf: genuine?.body)
            return answer
        case .apiStatus:
            return APIResponse(
                json: error(Int64(fault.apiStatus), fault.message.isEmpty ? "injected" : fault.message))
        case .answer:
            var answer = APIResponse(status: fault.status)
            switch fault.body {
            case .empty: break
            case .json: answer = APIResponse(status: fault.status, json: ["message": "injected"])
            case .html:
                answer.body = Array("<html><body><h1>\(fault.status)</h1></body></html>".utf8)
                answer.headers[.contentType] = "text/html"
            }
            if fault.retryAfterSeconds >= 0 { answer.headers[.retryAfter] = String(fault.retryAfterSeconds) }
            return answer
        }
    }

    /// Checks what all methods have in common: size, JSON, token.
    private func checked(_ request: APIRequest, _ method: Method) async -> JSON {
        guard request.body.count <= 30 << 10 else {
            return refuse(3, "badData: the request is larger than 30kb")
        }
        guard let body = try? JSON(parsing: request.body.isEmpty ? Array("{}".utf8) : request.body), body.object != nil
        else { return refuse(3, "badData: not a JSON object") }
        let header = HTTPField.Name("X-Viber-Auth-Token").flatMap { request.headers[$0] }
        guard let token = header ?? body["auth_token"]?.string else { return refuse(2, "missing_auth_token") }
        guard let bot = state.withLock({ $0.account(withToken: token) }) else { return refuse(2, "invalidAuthToken") }
        return await method(self, bot, body)
    }

    static func error(_ status: Int64, _ message: String) -> JSON {
        ["status": .integer(status), "status_message": .string(message), "chat_hostname": "SN-CHAT-05_"]
    }

    func refuse(_ status: Int64, _ message: String, customer: String = "") -> JSON {
        log.record(.viber, .refused, "status \(status)", subject: customer, status: Int(status), text: message)
        return Self.error(status, message)
    }

    private func accountInfo(bot: Int) -> JSON {
        state.withLock { state in
            let account = state.accounts[bot]
            let subscribers = account.chats.values.count { $0.customer.state == .subscribed }
            return .object([
                "status": 0, "status_message": "ok", "id": .string(account.bot.id), "name": .string(account.bot.name),
                "uri": .string(account.bot.uri),
                "icon": "https://media-direct.cdn.viber.com/pg_download?pgtp=icons&id=1",
                "background": "https://content.cdn.viber.com/backgrounds/default.jpg", "category": "Companies",
                "subcategory": "Services", "location": ["lat": 50.45, "lon": 30.52], "country": "UA",
                "webhook": account.webhook.map { .string($0.url) },
                "event_types": account.webhook.map { .array($0.events.map { .string($0) }) },
                "subscribers_count": .integer(Int64(subscribers)),
                "members": [["id": "01234567890A=", "name": "Owner", "avatar": "", "role": "admin"]],
                "chat_hostname": "SN-CHAT-05_",
            ])
        }
    }

    private func userDetails(bot: Int, _ body: JSON) -> JSON {
        guard let id = body["id"]?.string else { return refuse(4, "missingData: id") }
        return state.withLock { state in
            guard var chat = state.accounts[bot].chats[id], chat.customer.state != .unknown else {
                return refuse(5, "receiverNotRegistered", customer: id)
            }
            let now = Timestamp.now.milliseconds
            chat.detailCalls.removeAll { $0 <= now - 12 * 3_600_000 }
            guard chat.detailCalls.count < state.knobs.userDetailsLimit else {
                return refuse(12, "Too many requests", customer: id)
            }
            chat.detailCalls.append(now)
            state.accounts[bot].chats[id] = chat
            var user = person(
                chat.customer, ViberWebhook(url: "", events: [], sendsName: true, sendsPhoto: true))
            user["primary_device_os"] = "Android 14"
            user["viber_version"] = "22.1.0"
            user["mcc"] = 255
            user["mnc"] = 6
            user["device_type"] = "Pixel 7"
            return [
                "status": 0, "status_message": "ok", "message_token": tokenJSON(state.token(), state.knobs),
                "user": user,
            ]
        }
    }

    /// Who is online (§5.4). Of those who are not subscribed it tells nothing but that.
    private func online(bot: Int, _ body: JSON) -> JSON {
        guard let given = body["ids"] else { return refuse(4, "missingData: ids") }
        guard let ids = given.array?.map(\.string), !ids.contains(nil) else {
            return refuse(3, "badData: ids is not an array of strings")
        }
        guard !ids.isEmpty else { return refuse(4, "missingData: ids") }
        guard ids.count <= 100 else { return refuse(3, "badData: ids has more than 100 elements") }
        let users = state.withLock { state in
            ids.compactMap(\.self).map { id -> JSON in
                let customer = state.accounts[bot].chats[id]?.customer
                let presence = customer.map { $0.state == .subscribed ? $0.presence : .unavailable } ?? .unavailable
                return .object([
                    "id": .string(id), "online_status": .integer(presence.code),
                    "online_status_message": .string(presence.rawValue),
                    "last_online": presence == .offline ? customer.map { .integer($0.lastOnline.milliseconds) } : nil,
                ])
            }
        }
        return ["status": 0, "status_message": "ok", "users": .array(users)]
    }

    // MARK: Media of customers

    /// Stores a customer's file; returns a URL like those of Viber's CDN: long, signed, and dead after an hour (§3.1).
    package func mediaURL(for bytes: [UInt8], fileName: String, contentType: String) -> String {
        state.withLock { state in
            let expires = Timestamp.now.adding(milliseconds: Int64(state.knobs.mediaLifetimeSeconds) * 1000)
            let path =
                "/media/2/short/any/sig/image/0x0/d793/\(state.random.hex(bytes: 32))/\(APIRequest.encode(fileName))"
            let signature = APIRequest.encode(Base64.encode(state.random.bytes(256)))
            state.media[path] = Media(bytes: bytes, contentType: contentType, expires: expires)
            return "\(state.baseURL)\(path)?Expires=\(expires.milliseconds / 1000)&Signature=\(signature)"
                + "&Key-Pair-Id=APKAJ62UNSBCMEIPV4HA"
        }
    }

    private func media(_ request: APIRequest) -> APIResponse {
        guard let media = state.withLock({ $0.media[request.path] }) else { return APIResponse(status: 404) }
        guard request.item("Signature") != nil, request.item("Key-Pair-Id") != nil, Timestamp.now < media.expires else {
            return APIResponse(status: 403)
        }
        return APIResponse(headers: [.contentType: media.contentType], body: media.bytes)
    }
}
