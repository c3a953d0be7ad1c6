import Synchronization

// The methods that send a message: to one customer, to many, to the public chat (viber.md §5, §6, §7).
extension ViberSimulator {
    /// Shows the message on the customer's phone, if everything is right about it.
    func sendMessage(bot: Int, _ body: JSON) async -> JSON {
        let (answer, token) = accept(bot: bot, body)
        if let token, let receiver = body["receiver"]?.string, knobs.deliversBeforeAnswer {
            await confirmFirst(token, receiver, bot: bot)
        }
        return answer
    }

    private func confirmFirst(_ token: Int64, _ customer: String, bot: Int) async {
        await withCheckedContinuation { continuation in
            confirm(token, customer, bot: bot) { continuation.resume() }
        }
    }

    /// The answer, and the token when the message was taken.
    private func accept(bot: Int, _ body: JSON) -> (JSON, Int64?) {
        state.withLock { state in
            let receiver = body["receiver"]?.string ?? ""
            guard state.accounts[bot].webhook != nil else {
                return (refuse(10, "webhookNotSet", customer: receiver), nil)
            }
            guard body["receiver"] != nil else { return (refuse(4, "missingData: receiver"), nil) }
            do throws(ViberMessageRules.Violation) {
                try ViberMessageRules(knobs: state.knobs, ownMembers: ["receiver", "chat_id"]).check(body)
                try checkChat(body["chat_id"], state.knobs)
            } catch {
                return (refuse(error.status, error.message, customer: receiver), nil)
            }
            let token = state.token()
            if let obstacle = obstacle(to: receiver, bot: bot, body, &state) {
                var answer = refuse(obstacle.status, obstacle.message, customer: receiver)
                if obstacle.status == 12 { answer["message_token"] = tokenJSON(token, state.knobs) }
                return (answer, nil)
            }
            show(body, token: token, isWelcome: false, to: receiver, bot: bot, &state)
            var answer = taken(token, state.knobs)
            answer["billing_status"] = 1
            return (answer, token)
        }
    }

    /// An inline chat's id, where there is one; SDKs write null for none.
    private func checkChat(_ chat: JSON?, _ knobs: ViberKnobs) throws(ViberMessageRules.Violation) {
        guard let chat, !chat.isNull else { return }
        guard let id = chat.string else { throw .bad("badData: chat_id is not a string") }
        guard id.isEmpty || knobs.inlineChats == .taken else {
            throw ViberMessageRules.Violation(status: 16, message: "inchatReplyMessageNotAllowed")
        }
    }

    /// Why a message can't reach this customer; nil when it can. It is counted then.
    private func obstacle(
        to receiver: String, bot: Int, _ body: JSON, _ state: inout State
    ) -> ViberMessageRules.Violation? {
        // Only the customer is copied, not the chat: a second owner would make each new message copy the whole phone.
        guard let customer = state.accounts[bot].chats[receiver]?.customer, customer.state != .unknown else {
            return ViberMessageRules.Violation(status: 5, message: "receiverNotRegistered")
        }
        guard customer.state == .subscribed else {
            return ViberMessageRules.Violation(status: 6, message: "notSubscribed")
        }
        guard body["min_api_version"]?.integer ?? 1 <= customer.apiVersion else {
            return ViberMessageRules.Violation(status: 13, message: "apiVersionNotSupported")
        }
        let limit = state.knobs.hourlyLimit
        guard state.accounts[bot].chats[receiver]?.countMessage(now: .now, limit: limit) == true else {
            return ViberMessageRules.Violation(
                status: 12, message: "maximum messages from Public Account to Viber user without reply exceeded.")
        }
        return nil
    }

    private func taken(_ token: Int64, _ knobs: ViberKnobs) -> JSON {
        [
            "status": 0, "status_message": "ok", "message_token": tokenJSON(token, knobs),
            "chat_hostname": "SN-CHAT-05_",
        ]
    }

    // MARK: - To many

    /// Shows the message on the phones of all listed customers that it can reach, and lists the others (§5.4).
    func broadcast(bot: Int, _ body: JSON) async -> JSON {
        let (answer, token, reached) = state.withLock { state -> (JSON, Int64, [String]) in
            do throws(ViberMessageRules.Violation) {
                return try broadcast(body, bot: bot, &state)
            } catch {
                return (refuse(error.status, error.message), 0, [])
            }
        }
        if knobs.deliversBeforeAnswer {
            for customer in reached { await confirmFirst(token, customer, bot: bot) }
        }
        return answer
    }

    private func broadcast(
        _ body: JSON, bot: Int, _ state: inout State
    ) throws(ViberMessageRules.Violation) -> (answer: JSON, token: Int64, reached: [String]) {
        let knobs = state.knobs
        guard state.accounts[bot].webhook != nil else {
            throw ViberMessageRules.Violation(status: 10, message: "webhookNotSet")
        }
        guard knobs.broadcastRefusal == 0 else {
            throw ViberMessageRules.Violation(status: Int64(knobs.broadcastRefusal), message: "broadcast not allowed")
        }
        let receivers = try Self.receivers(body["broadcast_list"])
        try ViberMessageRules(knobs: knobs, ownMembers: ["broadcast_list"]).check(body)
        let now = Timestamp.now.milliseconds
        state.accounts[bot].broadcasts.removeAll { $0 <= now - 10_000 }
        guard state.accounts[bot].broadcasts.count < knobs.broadcastLimit else {
            throw ViberMessageRules.Violation(status: 12, message: "Too many requests")
        }
        state.accounts[bot].broadcasts.append(now)

        let token = state.token()
        var reached: [String] = []
        var failed: [JSON] = []
        for receiver in receivers {
            if let obstacle = obstacle(to: receiver, bot: bot, body, &state) {
                log.record(
                    .viber, .refused, "status \(obstacle.status)", subject: receiver, status: Int(obstacle.status),
                    text: obstacle.message)
                failed.append([
                    "receiver": .string(receiver), "status": .integer(obstacle.status),
                    "status_message": .string(obstacle.message),
                ])
            } else if let customer = state.accounts[bot].chats[receiver]?.customer {
                show(
                    Self.personal(body, for: customer), token: token, isWelcome: false, to: receiver, bot: bot, &state)
                reached.append(receiver)
            }
        }
        var answer = taken(token, knobs)
        answer["failed_list"] = .array(failed)
        return (answer, token, reached)
    }

    /// The customers of a broadcast, each once.
    private static func receivers(_ list: JSON?) throws(ViberMessageRules.Violation) -> [String] {
        guard let list else { throw .missing("broadcast_list") }
        guard let ids = list.array?.map(\.string), !ids.contains(nil) else {
            throw .bad("badData: broadcast_list is not an array of strings")
        }
        guard !ids.isEmpty else { throw .missing("broadcast_list") }
        guard ids.count <= 300 else { throw .bad("badData: broadcast_list has more than 300 elements") }
        var seen: Set<String> = []
        return ids.compactMap(\.self).filter { seen.insert($0).inserted }
    }

    /// The message with the receiver's id and name in the places that are kept for them (§5.4).
    private static func personal(_ json: JSON, for customer: ViberCustomer) -> JSON {
        switch json {
        case .string(let text):
            .string(
                text.replacing("replace_me_with_receiver_id", with: customer.id)
                    .replacing("replace_me_with_url_encoded_receiver_id", with: APIRequest.encode(customer.id))
                    .replacing("replace_me_with_user_name", with: customer.name))
        case .array(let elements): .array(elements.map { personal($0, for: customer) })
        case .object(let object):
            .object(
                JSONObject(
                    members: object.members.map {
                        JSONObject.Member(key: $0.key, value: personal($0.value, for: customer))
                    }))
        default: json
        }
    }

    // MARK: - To the public chat

    /// Posts to the public chat in the name of one of its members, `from` (§1).
    func postToPublicChat(bot: Int, _ body: JSON) -> JSON {
        state.withLock { state in
            do throws(ViberMessageRules.Violation) {
                guard state.accounts[bot].webhook != nil else {
                    throw ViberMessageRules.Violation(status: 10, message: "webhookNotSet")
                }
                guard state.knobs.hasPublicChat else {
                    throw ViberMessageRules.Violation(status: 18, message: "noPublicChat")
                }
                guard let from = body["from"] else { throw .missing("from") }
                guard from.string?.isEmpty == false else { throw .bad("badData: from is not a user id") }
                try ViberMessageRules(knobs: state.knobs, ownMembers: ["from"], requiresSender: false).check(body)
            } catch {
                return refuse(error.status, error.message)
            }
            let token = state.token()
            var shown = body
            shown["auth_token"] = nil
            state.accounts[bot].publicChat.append(
                PhoneMessage(token: token, time: .now, isWelcome: false, message: shown))
            log.record(
                .viber, .action, "public.chat", subject: body["from"]?.string ?? "", reference: String(token),
                text: shown["text"]?.string ?? "")
            return taken(token, state.knobs)
        }
    }
}
