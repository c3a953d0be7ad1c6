import FoundationEssentials
import RelayCore

extension MessageQuery.Standing {
    /// The word for a message's state.
    init(of delivery: Delivery) {
        switch delivery.state {
        case .waiting: self = delivery.doubtSince == nil ? .waiting : .inDoubt
        case .held: self = .held
        case .dead: self = .dead
        case .delivered: self = .delivered
        case .discarded: self = .discarded
        }
    }
}

extension Delivery {
    /// Whether it was sent after later messages, or is going to be. A failed or held one isn't sent.
    var isOutOfOrder: Bool { isLate && (state == .waiting || state == .delivered) }
}

/// A message's state: a word with a sign, and a colour that repeats it.
struct StandingView: Sendable {
    /// `good`, `warn`, `bad`, or none.
    var kind: String
    var label: String
    /// The path of the sign, in a square of 16.
    var sign: String

    init(_ standing: MessageQuery.Standing, _ texts: MessageTexts) {
        label = texts.standing(standing)
        switch standing {
        case .waiting:
            kind = ""
            sign = "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2m0 2.5V8l2.5 1.5"
        case .inDoubt:
            kind = "warn"
            sign = "M5.5 6a2.5 2.5 0 1 1 3.6 2.2Q8 8.8 8 10m0 2.5v.5"
        case .held:
            kind = "warn"
            sign = "M5.5 3.5v9M10.5 3.5v9"
        case .dead:
            kind = "bad"
            sign = "M4 4l8 8M12 4l-8 8"
        case .delivered:
            kind = "good"
            sign = "M3 8.5l3.5 3.5L13 4.5"
        case .discarded:
            kind = ""
            sign = "M3.5 8h9"
        }
    }
}

/// One message in the list.
struct MessageRowView: Sendable {
    var id: String
    var href: String
    var who: String
    /// The words in front of the name: from, to.
    var way: String
    var isOutbound: Bool
    var installation: String
    var text: String
    var standing: StandingView
    /// The reason for waiting; none for a message that doesn't wait.
    var wait: [WaitView]
    /// The reason of the last failure; none without a failure.
    var reasons: [String]
    var isLate: Bool
    /// Whether there is anything to say below its text.
    var hasFoot: Bool
    var time: TimeView
}

/// One part of a message, in the words of the page. All of it is shown as text.
///
/// Values that may be missing are lists, because Mustache looks for a `nil` further out.
struct PartView: Sendable {
    /// The kind of part; none for plain text, which needs no word.
    var kind: [String] = []
    var text: [String] = []
    /// An address that may be followed.
    var link: [String] = []
    /// Size, length, place.
    var details: [String] = []

    init(_ part: Part, _ texts: MessageTexts) {
        func some(_ words: String?...) -> [String] { words.compactMap(\.self).filter { !$0.isEmpty } }
        switch part {
        case .text(let said):
            text = [said]
        case .attachment(let attachment):
            kind = [texts.kind(attachment.kind)]
            text = some(attachment.name?.asName, attachment.caption)
            details = texts.details(attachment)
            take(attachment.url)
        case .location(let place):
            kind = [texts.location]
            text = some(place.label)
            details = ["\(place.latitude), \(place.longitude)"]
        case .card(let card):
            kind = [texts.card]
            text = some(card.name?.asName, card.phoneNumber?.asName)
        case .link(let url, let label):
            kind = [texts.link]
            text = label == url ? [] : some(label)
            take(url)
        case .choice(let label, let value):
            kind = [texts.choice]
            text = [label]
            details = value == label ? [] : some(value)
        case .unsupported(let name):
            kind = [texts.unsupported]
            text = some(name)
        }
    }

    /// Only addresses of the web can be followed; others are shown as the text they are.
    private mutating func take(_ url: String?) {
        guard let url, !url.isEmpty else { return }
        let small = url.lowercased()
        if small.hasPrefix("https://") || small.hasPrefix("http://") { link = [url] } else { details.append(url) }
    }
}

extension Part {
    /// The part with its names on one line, and without characters that change how the page is shown.
    fileprivate var withPlainNames: Part {
        switch self {
        case .attachment(var attachment):
            attachment.name = attachment.name?.asName
            return .attachment(attachment)
        case .card(let card): return .card(ContactCard(name: card.name?.asName, phoneNumber: card.phoneNumber?.asName))
        case .text, .location, .link, .choice, .unsupported: return self
        }
    }
}

extension Payload {
    /// Its text for a line of the list.
    var excerpt: String {
        func text(_ message: Message) -> String { Message(parts: message.parts.map(\.withPlainNames)).plainText }
        return switch self {
        case .message(let inbound): text(inbound.message)
        case .reply(let reply): text(reply.message)
        case .note(let text, _): text
        }
    }

    /// Its parts, as the page shows them.
    func parts(_ texts: MessageTexts) -> [PartView] {
        switch self {
        case .message(let inbound): inbound.message.parts.filter { !$0.isBlank }.map { PartView($0, texts) }
        case .reply(let reply): reply.message.parts.filter { !$0.isBlank }.map { PartView($0, texts) }
        case .note(let text, _): [PartView(.text(text), texts)]
        }
    }
}

extension BrowsedMessage {
    /// The customer's name, else their id, on one line and without characters that change how the page is shown.
    func name(_ texts: MessageTexts) -> String {
        var profile = contact?.profile
        if profile == nil, case .message(let inbound) = delivery.payload { profile = inbound.profile }
        guard let profile else { return texts.nobody }
        return profile.name?.asName ?? profile.userID.rawValue.asName ?? texts.nobody
    }

    /// The words in front of the name.
    func way(_ texts: MessageTexts) -> String {
        if case .note = delivery.payload { return texts.noteAbout }
        return delivery.direction == .inbound ? texts.from : texts.to
    }
}
