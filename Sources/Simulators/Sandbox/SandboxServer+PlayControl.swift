import HTTPTypes

// The control interface's part for the playground; all of it is 404 in a sandbox without one.
extension SandboxServer {
    /// The page, its files and the stream of events, which are no JSON.
    func respondAsPage(_ request: APIRequest) -> APIResponse? {
        guard request.method == .get else { return nil }
        if request.path == "/events" { return EventStream.response(to: request, log) }
        guard let playground else { return nil }
        if request.path == "/" {
            let origins = [about?.viber.url, about?.freshchat.url].compactMap { $0.flatMap(Self.origin) }
            return PlaygroundPage.page(hasTrouble: playground.configuration.hasTrouble, pictures: origins)
        }
        guard request.path.hasPrefix("/playground/") else { return nil }
        return PlaygroundPage.asset(String(request.path.dropFirst("/playground/".count)))
    }

    /// Scheme, name and port of a URL.
    private static func origin(_ url: String) -> String? {
        let pieces = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return pieces.count > 2 ? "\(pieces[0])//\(pieces[2])" : nil
    }

    static func addPlayRoutes(_ routes: inout RouteTable<ControlAction>) {
        routes.add(.get, "/play/state") { server, _ in try server.state(of: try server.play()) }
        routes.add(.post, "/play/customers/{id}/pictures") { server, request in
            let caption = try server.play().caption()
            let id = request.parameter("id")
            let picture = PlaygroundPage.picture
            let url = server.viber.mediaURL(for: picture, fileName: "photo.png", contentType: "image/png")
            let token = server.viber.customerWrites(
                id,
                message: [
                    "type": "picture", "media": .string(url), "thumbnail": .string(url), "file_name": "photo.png",
                    "size": .integer(Int64(picture.count)), "text": .string(caption),
                ], bot: server.viber.bot(ofCustomer: id))
            return ["token": .string(String(token))]
        }
        routes.add(.post, "/play/customers/{id}/repeat") { server, request in
            _ = try server.play()
            let text = try body(request, only: ["token"]).required("token")
            let id = request.parameter("id")
            let bot = server.viber.bot(ofCustomer: id)
            guard let token = Int64(text), server.viber.repeatCallback(of: token, by: id, bot: bot) else {
                throw FreshchatError.notFound("message")
            }
            return [:]
        }
        routes.add(.post, "/play/conversations/{id}/pictures") { server, request in
            let caption = try server.play().caption()
            let url = server.freshchat.attach(PlaygroundPage.picture, contentType: "image/png")
            let message = try server.freshchat.agentReplies(
                in: request.parameter("id"),
                parts: [["text": ["content": .string(caption)]], ["image": ["url": .string(url)]]],
                agent: try body(request, only: ["agent"]).string("agent"))
            return ["id": .string(message.id)]
        }
        addTroubleRoutes(&routes)
    }

    private static func addTroubleRoutes(_ routes: inout RouteTable<ControlAction>) {
        routes.add(.put, "/play/trouble") { server, request in
            let playground = try server.playWithTrouble()
            playground.set(try playground.trouble.adjusted(by: try JSON(parsing: request.body)), server)
            return try JSON(encoding: playground.trouble)
        }
        routes.add(.post, "/play/kill") { server, request in
            let playground = try server.playWithTrouble()
            let wanted = try body(request, only: ["worker"]).json["worker"]?.integer
            guard let killed = playground.kill(wanted.flatMap { Int32(exactly: $0) }) else {
                throw FreshchatError.notFound("worker")
            }
            return ["killed": .integer(Int64(killed))]
        }
    }

    private func play() throws -> Playground {
        guard let playground else { throw FreshchatError.notFound("playground") }
        return playground
    }

    private func playWithTrouble() throws -> Playground {
        let playground = try play()
        guard playground.configuration.hasTrouble else { throw FreshchatError.notFound("trouble") }
        return playground
    }
}
