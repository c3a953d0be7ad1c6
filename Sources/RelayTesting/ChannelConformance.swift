import FoundationEssentials
import HTTPTypes
package import RelayCore

/// What every channel's adapter must do, checked against fixtures that the channel's tests give.
///
/// Each check returns what is wrong, in sentences; nothing when the adapter passes.
package struct ChannelConformance: Sendable {
    package enum Check: String, CaseIterable, Sendable, CustomStringConvertible {
        case describesItself = "describes itself and finds nothing wrong with a valid account"
        case refusesUnsigned = "refuses a body without a signature"
        case refusesTampered = "refuses a body with a flipped bit, cut short or made longer"
        case refusesReserialised = "refuses the same JSON in other bytes"
        case refusesForeign = "refuses what another account's secret has signed"
        case readsFixtures = "reads each fixture"
        case namesEvents = "names an event the same each time and different from every other"
        case toleratesUnknown = "takes an unknown event as nothing for us"
        case survivesMutations = "answers whatever comes properly signed"
        case sends = "sends a message and keeps its id"
        case mapsErrors = "maps the errors of its contract to the right remedies"
        case splits = "splits messages the same each time, within its limits, and loses nothing"
        case keepsSecrets = "puts no secret into its words"

        package var description: String { rawValue }
    }

    package let channel: any Channel
    package let fixtures: ChannelFixtures

    package init(_ channel: any Channel, _ fixtures: ChannelFixtures) {
        self.channel = channel
        self.fixtures = fixtures
    }

    package func violations(of check: Check) async -> [String] {
        switch check {
        case .describesItself: describesItself()
        case .refusesUnsigned: refusesUnsigned()
        case .refusesTampered: refusesTampered()
        case .refusesReserialised: refusesReserialised()
        case .refusesForeign: refusesForeign()
        case .readsFixtures: readsFixtures()
        case .namesEvents: namesEvents()
        case .toleratesUnknown: toleratesUnknown()
        case .survivesMutations: survivesMutations()
        case .sends: await sends()
        case .mapsErrors: await mapsErrors()
        case .splits: await splits()
        case .keepsSecrets: await keepsSecrets()
        }
    }

    // MARK: Webhooks

    private func describesItself() -> [String] {
        let descriptor = channel.descriptor
        var violations: [String] = []
        if descriptor.kind.rawValue.isEmpty || descriptor.name.isEmpty { violations.append("it has no name") }
        if descriptor.methods.isEmpty { violations.append("its webhook has no method") }
        let keys = descriptor.fields.map(\.key)
        if Set(keys).count != keys.count { violations.append("two settings have one key") }
        for field in descriptor.fields {
            if field.label.isEmpty || field.help.isEmpty { violations.append("\(field.key) isn't explained") }
            if let value = field.defaultValue, let problem = field.problem(value) {
                violations.append("the default of \(field.key) isn't valid: \(problem)")
            }
            let account = fixtures.account
            let value = field.isSecret ? account.secrets[field.key]?.reveal() : account.settings[field.key]
            if let value, let problem = field.problem(value) {
                violations.append("\(field.key) of the valid account isn't valid: \(problem)")
            }
            if value == nil, field.isRequired, field.defaultValue == nil {
                violations.append("\(field.key) is required and missing from the valid account")
            }
        }
        return violations
    }

    private func refusesUnsigned() -> [String] {
        fixtures.callbacks.compactMap { callback in
            var request = signed(callback.body)
            request.headers = [.contentType: "application/json"]
            return refusal(of: request, callback.name)
        }
    }

    private func refusesTampered() -> [String] {
        guard fixtures.signsBody else { return [] }
        return fixtures.callbacks.flatMap { callback in
            let whole = signed(callback.body)
            let step = max(1, callback.body.count / 40)
            var bodies = stride(from: 0, to: callback.body.count, by: step).map { position in
                var body = callback.body
                body[position] ^= 1 << UInt8(position % 8)
                return ("bit \(position % 8) of byte \(position) flipped", body)
            }
            bodies.append(("cut short", callback.body.dropLast()))
            bodies.append(("made longer", callback.body + [UInt8(ascii: " ")]))
            bodies.append(("empty", []))
            return bodies.compactMap { change, body in
                var request = whole
                request.body = body
                return refusal(of: request, "\(callback.name), \(change)")
            }
        }
    }

    private func refusesReserialised() -> [String] {
        guard fixtures.signsBody else { return [] }
        return fixtures.callbacks.compactMap { callback in
            var request = signed(callback.body)
            request.body = Array(String(decoding: callback.body, as: UTF8.self).reserialisedJSON.utf8)
            return refusal(of: request, "\(callback.name), serialised again")
        }
    }

    private func refusesForeign() -> [String] {
        var foreign = fixtures.account
        for (key, secret) in foreign.secrets { foreign.secrets[key] = Secret(String(secret.reveal().reversed()) + "x") }
        return fixtures.callbacks.compactMap { callback in
            refusal(of: fixtures.sign(callback.body, foreign), "\(callback.name), signed by another account")
        }
    }

    private func readsFixtures() -> [String] {
        fixtures.callbacks.flatMap { callback -> [String] in
            do {
                let reading = try read(callback.body)
                var violations: [String] = []
                let contents = reading.events.map(\.content)
                if !matches(contents, callback.contents) {
                    violations.append("\(callback.name): \(contents) instead of \(callback.contents)")
                }
                if reading.response?.body ?? [] != callback.answer {
                    let answer = String(decoding: reading.response?.body ?? [], as: UTF8.self)
                    violations.append("\(callback.name) is answered with “\(answer)”")
                }
                return violations
            } catch {
                return ["\(callback.name) is refused: \(error)"]
            }
        }
    }

    /// The words of what is ignored are free.
    private func matches(_ contents: [ChannelEvent.Content], _ expected: [ChannelEvent.Content]) -> Bool {
        contents.count == expected.count
            && zip(contents, expected).allSatisfy { content, expected in
                if case .ignored(let reason) = content, case .ignored = expected { return !reason.isEmpty }
                return content == expected
            }
    }

    private func namesEvents() -> [String] {
        var owners: [DedupeKey: String] = [:]
        var violations: [String] = []
        for callback in fixtures.callbacks {
            guard let first = try? read(callback.body), let second = try? read(callback.body) else { continue }
            if first.events.map(\.dedupeKey) != second.events.map(\.dedupeKey) {
                violations.append("\(callback.name): a repeat has another name")
            }
            for event in first.events {
                if let owner = owners[event.dedupeKey] {
                    violations.append("\(callback.name) and \(owner) have one name: \(event.dedupeKey)")
                }
                owners[event.dedupeKey] = callback.name
            }
        }
        return violations
    }

    private func toleratesUnknown() -> [String] {
        do {
            let contents = try read(fixtures.unknownEvent).events.map(\.content)
            let isIgnored = contents.allSatisfy { content in
                if case .ignored = content { true } else { false }
            }
            return isIgnored ? [] : ["it is taken for \(contents)"]
        } catch {
            return ["it is refused: \(error)"]
        }
    }

    /// Damages each fixture in many ways and signs it properly. What matters is that an answer comes at all; besides,
    /// whatever is taken must be fit for the store.
    private func survivesMutations() -> [String] {
        var random = SeededGenerator(seed: 20)
        var violations: [String] = []
        for callback in fixtures.callbacks {
            for _ in 0..<fixtures.mutations {
                let body = JSONMutation.mutate(callback.body, using: &random)
                let reading: WebhookReading<ChannelEvent>
                do {
                    reading = try read(body)
                } catch {
                    if error.kind != .malformed {
                        violations.append("\(callback.name) is refused as \(error.kind): \(body.shown)")
                    }
                    continue
                }
                for event in reading.events {
                    if let problem = problem(of: event) {
                        violations.append("\(callback.name): \(problem): \(body.shown)")
                    }
                }
            }
        }
        return violations
    }

    private func problem(of event: ChannelEvent) -> String? {
        if event.dedupeKey.rawValue.isEmpty { return "an event has no name" }
        switch event.content {
        case .message(let message):
            if message.from.userID.rawValue.isEmpty { return "a message is from nobody" }
            if message.id.rawValue.isEmpty { return "a message has no id" }
            if message.message.isBlank { return "a message is blank" }
        case .receipt(let receipt):
            if receipt.messageID.rawValue.isEmpty { return "a receipt is for no message" }
        case .subscription(let change):
            if change.user.userID.rawValue.isEmpty { return "a change is about nobody" }
        case .ignored(let reason):
            if reason.isEmpty { return "an event is ignored without a reason" }
        }
        return nil
    }

    // MARK: Tools

    func signed(_ body: [UInt8]) -> WebhookRequest { fixtures.sign(body, fixtures.account) }

    func read(_ body: [UInt8]) throws(WebhookRefusal) -> WebhookReading<ChannelEvent> {
        try channel.read(signed(body), account: fixtures.account)
    }

    /// What is wrong when the request isn't refused as not genuine.
    private func refusal(of request: WebhookRequest, _ name: String) -> String? {
        do {
            _ = try channel.read(request, account: fixtures.account)
            return "\(name) is accepted"
        } catch {
            return error.kind == .notGenuine ? nil : "\(name) is refused as \(error.kind)"
        }
    }
}

extension [UInt8] {
    fileprivate var shown: String { String(decoding: prefix(400), as: UTF8.self) }
}
