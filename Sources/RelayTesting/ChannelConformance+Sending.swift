import FoundationEssentials
import HTTPTypes
import RelayCore

extension ChannelConformance {
    func sends() async -> [String] {
        let far = RecordingSender(replies: [fixtures.acceptance])
        do {
            let id = try await channel.send(piece(Message(text: "hello")), account: fixtures.account, over: far)
            var violations: [String] = []
            if id != fixtures.acceptedID { violations.append("its id is \(String(describing: id))") }
            if far.requests.count != 1 { violations.append("it takes \(far.requests.count) requests") }
            return violations
        } catch {
            return ["it failed: \(error)"]
        }
    }

    func mapsErrors() async -> [String] {
        var violations: [String] = []
        for error in fixtures.errors {
            let far = RecordingSender(script: [error.answer])
            do {
                _ = try await channel.send(piece(Message(text: "hello")), account: fixtures.account, over: far)
                violations.append("\(error.name) is taken for success")
            } catch let failure {
                if failure.remedy != error.remedy {
                    violations.append("\(error.name): \(failure.remedy) instead of \(error.remedy)")
                }
                if failure.isCertain != error.isCertain {
                    violations.append("\(error.name): isCertain is \(failure.isCertain)")
                }
                if failure.reason.isEmpty { violations.append("\(error.name): no words for the agent") }
            }
        }
        return violations
    }

    func splits() async -> [String] {
        var violations: [String] = []
        for (name, message) in Self.messages {
            let pieces = channel.pieces(of: message, account: fixtures.account)
            if pieces != channel.pieces(of: message, account: fixtures.account) {
                violations.append("\(name): other pieces the second time")
            }
            if pieces.isEmpty != message.isBlank { violations.append("\(name): \(pieces.count) pieces") }
            if pieces.contains(where: \.isBlank) { violations.append("\(name): a piece is blank") }
            var said = ""
            for piece in pieces {
                let far = RecordingSender(replies: [fixtures.acceptance])
                do {
                    _ = try await channel.send(self.piece(piece), account: fixtures.account, over: far)
                    for (request, body) in far.requests {
                        switch fixtures.judge(request, body) {
                        case .success(let text): said += text
                        case .failure(let refusal): violations.append("\(name): \(refusal)")
                        }
                    }
                } catch {
                    violations.append("\(name): \(error)")
                }
            }
            for word in Self.words(of: message) where !said.contains(word) {
                violations.append("\(name): “\(word.prefix(40))” is lost")
            }
        }
        return violations
    }

    func keepsSecrets() async -> [String] {
        let secrets = fixtures.account.secrets.values.map { $0.reveal() }
        var violations: [String] = []
        func look(at values: [Any], _ name: String) {
            for value in values {
                var text = "\(value) \(String(reflecting: value)) "
                dump(value, to: &text)
                if secrets.contains(where: text.contains) { violations.append("\(name): \(text)") }
            }
        }
        look(at: [fixtures.account, channel, channel.descriptor], "account and channel")
        for callback in fixtures.callbacks {
            if let reading = try? read(callback.body) { look(at: reading.events, callback.name) }
            var unsigned = signed(callback.body)
            unsigned.headers = [:]
            do { _ = try channel.read(unsigned, account: fixtures.account) } catch { look(at: [error], callback.name) }
        }
        // A far side that repeats the secret in whatever it says.
        let echoes = secrets.flatMap { secret in
            fixtures.errors.compactMap { error -> (String, Result<HTTPReply, TransportFailure>)? in
                guard case .success(var reply) = error.answer else { return nil }
                reply.body = Array(fixtures.echo(String(decoding: reply.body, as: UTF8.self), secret).utf8)
                return (error.name, .success(reply))
            }
        }
        for (name, answer) in fixtures.errors.map({ ($0.name, $0.answer) }) + echoes {
            do {
                let piece = piece(Message(text: "hello"))
                _ = try await channel.send(piece, account: fixtures.account, over: RecordingSender(script: [answer]))
            } catch { look(at: [error], "sending, \(name)") }
            do {
                _ = try await channel.check(fixtures.account, over: RecordingSender(script: [answer]))
            } catch { look(at: [error, error.description], "checking, \(name)") }
            if let channel = channel as? any WebhookRegistering {
                do {
                    try await channel.register(
                        targetURL: "https://byoc.example/hook/t", account: fixtures.account,
                        over: RecordingSender(script: [answer]))
                } catch { look(at: [error, error.description], "registering, \(name)") }
            }
        }
        return violations
    }

    private func piece(_ message: Message) -> OutboundPiece {
        OutboundPiece(
            message: message, to: fixtures.recipient, senderName: "Ann", idempotencyKey: "delivery-1-0",
            now: fixtures.now)
    }

    private static let messages: [(String, Message)] = [
        ("a short text", Message(text: "hello")),
        ("a blank text", Message(text: " \n\t ")),
        ("nothing", Message(parts: [])),
        ("a long text", Message(text: String(repeating: "The quick brown fox. ", count: 2000))),
        ("a long word", Message(text: String(repeating: "x", count: 30_001))),
        ("much Cyrillic", Message(text: String(repeating: "Съешь ещё этих мягких булок, ", count: 1000))),
        ("many families", Message(text: String(repeating: "👨‍👩‍👧‍👦🏳️‍🌈", count: 3000))),
        ("many quotes", Message(text: String(repeating: "\"\\/", count: 9000))),
        ("control characters", Message(text: "a" + String(repeating: "\u{1}", count: 20_000) + "b")),
        ("white space", Message(text: "a" + String(repeating: " ", count: 40_000) + "b")),
        ("everything", Message(parts: everything)),
        ("much of everything", Message(parts: (0..<200).flatMap { [.text("No. \($0)")] + everything })),
    ]

    private static let everything: [Part] = [
        .text("look at these"),
        .attachment(Attachment(kind: .image, url: "https://files.example/a.png?x=1&y=2", caption: "a caption")),
        .attachment(Attachment(kind: .video, url: "https://files.example/b.mp4", name: "b.mp4", seconds: 3)),
        .attachment(Attachment(kind: .audio, url: "https://files.example/c.mp3")),
        .attachment(Attachment(kind: .file, url: "https://files.example/d.pdf", name: "d.pdf", byteCount: 10)),
        .location(Location(latitude: 50.45, longitude: 30.52, label: "Kyiv")),
        .card(ContactCard(name: "Olena", phoneNumber: "+380501234567")),
        .link(url: "https://shop.example/?order=1", label: "Your order"),
        .choice(label: "Yes, please", value: "yes"),
        .unsupported(kind: "hologram"),
    ]

    /// What of a message must be found in what was sent.
    private static func words(of message: Message) -> [String] {
        message.parts.flatMap { part -> [String] in
            switch part {
            case .text(let text): text.split(whereSeparator: \.isWhitespace).map(String.init).filter { $0.count < 40 }
            case .attachment(let attachment): [attachment.url, attachment.caption].compactMap(\.self)
            case .location(let location): [location.label].compactMap(\.self)
            case .card(let card): [card.name, card.phoneNumber].compactMap(\.self)
            case .link(let url, let label): [url, label].compactMap(\.self)
            case .choice(let label, _): [label]
            case .unsupported(let kind): [kind]
            }
        }.reduce(into: []) { words, word in
            if !words.contains(word) { words.append(word) }
        }
    }
}
