// What customers do, and what their phones show.

import Synchronization

extension ViberSimulator {
    /// A new person; returns the id, which has `/`, `+` and `=` in it (§1).
    @discardableResult
    package func addCustomer(name: String = "Олена ☺", apiVersion: Int64 = 10, bot: Int = 0) -> String {
        state.withLock { state in
            var id = Array(Base64.encode(state.random.bytes(16)))
            id[3] = "/"
            id[9] = "+"
            var customer = ViberCustomer(
                id: String(id), name: name,
                avatar: "https://media-direct.cdn.viber.com/download_photo?dlid=\(state.random.hex(bytes: 40))&fltp=jpg"
            )
            customer.apiVersion = apiVersion
            state.accounts[bot].chats[customer.id] = Chat(customer: customer)
            state.accounts[bot].order.append(customer.id)
            return customer.id
        }
    }

    /// The person, added with this id when there was none.
    func ensureCustomer(_ id: String, bot: Int) {
        state.withLock { state in
            guard state.accounts[bot].chats[id] == nil else { return }
            state.accounts[bot].chats[id] = Chat(customer: ViberCustomer(id: id))
            state.accounts[bot].order.append(id)
        }
    }

    /// All customers of a bot, in the order in which they appeared.
    package func customers(bot: Int = 0) -> [ViberCustomer] {
        state.withLock { state in state.accounts[bot].order.compactMap { state.accounts[bot].chats[$0]?.customer } }
    }

    package func customer(_ id: String, bot: Int = 0) -> ViberCustomer? {
        state.withLock { $0.accounts[bot].chats[id]?.customer }
    }

    /// What `get_online` tells of the customer from now on, as long as they are subscribed.
    package func setPresence(_ presence: ViberCustomer.Presence, of id: String, bot: Int = 0) {
        state.withLock { $0.accounts[bot].chats[id]?.customer.presence = presence }
    }

    /// What the bot has posted to its public chat, in order.
    package func publicChat(bot: Int = 0) -> [PhoneMessage] { state.withLock { $0.accounts[bot].publicChat } }

    /// What the customer's phone got from the bot, in order.
    package func phone(of id: String, bot: Int = 0) -> [PhoneMessage] {
        state.withLock { $0.accounts[bot].chats[id]?.phone ?? [] }
    }

    /// The customer writes a text.
    ///
    /// - Parameter times: how often the callback is sent: a repeat has the same bytes and signature (§8).
    /// - Returns: the message token.
    @discardableResult
    package func customerWrites(_ id: String, _ text: String, times: Int = 1, bot: Int = 0) -> Int64 {
        customerWrites(id, message: ["text": .string(text), "type": "text"], times: times, bot: bot)
    }

    /// The customer sends a message of any kind (§3.1). It subscribes them silently and starts the hourly count anew.
    @discardableResult
    package func customerWrites(
        _ id: String, message: JSON, times: Int = 1, isSilent: Bool = false, bot: Int = 0
    ) -> Int64 {
        ensureCustomer(id, bot: bot)
        return state.withLock { state in
            let token = state.token()
            state.accounts[bot].chats[id]?.customer.state = .subscribed
            state.accounts[bot].chats[id]?.customer.lastOnline = .now
            state.accounts[bot].chats[id]?.sentWithoutReply = 0
            guard let customer = state.accounts[bot].chats[id]?.customer else { return token }
            log.record(
                .viber, .action, "customer.writes", subject: id, reference: String(token),
                text: message["text"]?.string ?? message.text)
            var message = adapted(message, state.knobs)
            if let tracking = state.accounts[bot].chats[id]?.trackingData, !tracking.isEmpty {
                message["tracking_data"] = .string(tracking)
            }
            let event = self.event("message", token, state.knobs) { event in
                event["sender"] = person(customer, state.accounts[bot].webhook)
                event["message"] = message
                event["silent"] = .bool(isSilent)
            }
            state.accounts[bot].chats[id]?.remember(
                WrittenMessage(token: token, time: .now, message: message, event: event))
            for _ in 0..<max(1, times) { emit(event, about: id, bot: bot, &state) }
            if state.knobs.confirmsInbound {
                emit(receipt("delivered", token, id, state.knobs), about: id, bot: bot, &state)
            }
            if state.random.hits(state.knobs.clientStatusProbability) {
                let status = self.event("client_status", state.token(), state.knobs) { $0["user_id"] = .string(id) }
                emit(status, about: id, bot: bot, &state)
            }
            return token
        }
    }

    /// What the customer wrote, oldest first; the newest 200.
    package func written(by id: String, bot: Int = 0) -> [WrittenMessage] {
        state.withLock { $0.accounts[bot].chats[id]?.written ?? [] }
    }

    /// Viber sends the callback of a message once more, the same bytes (§8); false when the message isn't remembered.
    package func repeatCallback(of token: Int64, by id: String, bot: Int = 0) -> Bool {
        state.withLock { state in
            guard let message = state.accounts[bot].chats[id]?.written.last(where: { $0.token == token }) else {
                return false
            }
            log.record(
                .viber, .action, "callback.repeated", subject: id, reference: String(token), text: message.text)
            emit(message.event, about: id, bot: bot, &state)
            return true
        }
    }

    /// The bot that this customer has to do with; the first when there is no such customer.
    package func bot(ofCustomer id: String) -> Int {
        state.withLock { state in state.accounts.firstIndex { $0.chats[id] != nil } ?? 0 }
    }

    /// The customer opens the chat, by the message button or a deep link with a context (§3.2).
    @discardableResult
    package func customerOpensChat(_ id: String, context: String? = nil, bot: Int = 0) -> Int64 {
        ensureCustomer(id, bot: bot)
        return state.withLock { state in
            let token = state.token()
            state.accounts[bot].chats[id]?.customer.lastOnline = .now
            if state.accounts[bot].chats[id]?.customer.state == .unknown {
                state.accounts[bot].chats[id]?.customer.state = .opened
            }
            guard let customer = state.accounts[bot].chats[id]?.customer else { return token }
            log.record(.viber, .action, "customer.opens", subject: id, reference: String(token))
            let event = self.event("conversation_started", token, state.knobs) { event in
                if !state.knobs.omitsConversationType { event["type"] = "open" }
                event["context"] = context.map { .string($0) }
                event["user"] = person(customer, state.accounts[bot].webhook)
                event["subscribed"] = .bool(customer.state == .subscribed)
            }
            emit(
                event, about: id, bot: bot, &state,
                onAccepted: { [weak self] answer in self?.welcome(answer, token: token, customer: id, bot: bot) })
            return token
        }
    }

    /// The customer turns the bot's messages off (§3.3).
    @discardableResult
    package func customerUnsubscribes(_ id: String, bot: Int = 0) -> Int64 {
        changeSubscription(id, to: .unsubscribed, "unsubscribed", bot: bot)
    }

    /// The customer, having unsubscribed, taps "Receive messages" (§3.3).
    @discardableResult
    package func customerResubscribes(_ id: String, bot: Int = 0) -> Int64 {
        changeSubscription(id, to: .subscribed, "subscribed", bot: bot)
    }

    private func changeSubscription(
        _ id: String, to newState: ViberCustomer.State, _ name: String, bot: Int
    ) -> Int64 {
        ensureCustomer(id, bot: bot)
        return state.withLock { state in
            let token = state.token()
            state.accounts[bot].chats[id]?.customer.state = newState
            log.record(.viber, .action, "customer.\(name)", subject: id, reference: String(token))
            guard let customer = state.accounts[bot].chats[id]?.customer else { return token }
            let event = self.event(name, token, state.knobs) { event in
                if newState == .subscribed {
                    event["user"] = person(customer, state.accounts[bot].webhook)
                } else {
                    event["user_id"] = .string(id)
                }
            }
            emit(event, about: id, bot: bot, &state)
            return token
        }
    }
}
