import Foundation
import RelayCore

extension ViberFixtures {
    private static let olena = ContactProfile(
        userID: "aB3/xYz+Q1k0pLmN5oPqRg==", name: "Olena",
        avatarURL: "https://media-direct.cdn.viber.com/download_photo?dlid=x1", language: "ru-RU", country: "RU")
    private static let john = ContactProfile(
        userID: "01234567890A=", name: "John McClane", avatarURL: "http://avatar.example.com", language: "en",
        country: "UK")
    private static let nobody = ContactProfile(userID: "01234567890A=")

    private static func at(_ milliseconds: Int64) -> Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

    private static let written = at(1_687_200_046_080)
    private static let long = at(1_457_764_197_627)

    /// A message of Olena's, whose token ends as given.
    private static func said(_ end: Int, _ parts: Part...) -> ChannelEvent.Content {
        .message(
            InboundMessage(
                from: olena, message: Message(parts: parts, sentAt: written),
                id: ChannelMessageID("5851650804048782\(end)")))
    }

    private static func receipt(
        _ id: ChannelMessageID, _ state: Receipt.State, _ at: Date, _ reason: String? = nil
    ) -> ChannelEvent.Content {
        .receipt(Receipt(messageID: id, state: state, at: at, reason: reason))
    }

    private static func change(_ user: ContactProfile, _ kind: SubscriptionChange.Kind) -> ChannelEvent.Content {
        .subscription(SubscriptionChange(user: user, kind: kind, at: long))
    }

    /// The words of what is ignored are the adapter's.
    private static let ignored = ChannelEvent.Content.ignored(reason: "")

    /// What each fixture means, by the name of its file.
    static let contents: [String: ChannelEvent.Content] = messages.merging(others) { first, _ in first }

    private static let messages: [String: ChannelEvent.Content] = [
        "text": said(321, .text("hello")),
        "text-cyrillic": .message(
            InboundMessage(
                from: ContactProfile(
                    userID: "aB3/xYz+Q1k0pLmN5oPqRg==", name: "Олена ☺", language: "uk-UA", country: "UA"),
                message: Message(text: "Добрий день 👋", sentAt: written), id: "5851650804048782322")),
        "picture": said(
            323,
            .attachment(
                Attachment(
                    kind: .image,
                    url: "https://dl-media.viber.com/3/media/2/short/any/sig/image/0x0/d793/1e18d793.jpg"
                        + "?Expires=1670587915&Signature=a~b_&Key-Pair-Id=APKA",
                    name: "x.jpg", byteCount: 164_826, caption: "my garden",
                    thumbnailURL: "https://dl-media.viber.com/t.jpg"))),
        "picture-bare": said(324, .attachment(Attachment(kind: .image, url: "https://dl-media.viber.com/x.jpg"))),
        "picture-without-media": said(325, .unsupported(kind: "picture"), .text("look")),
        "video": said(
            326,
            .attachment(
                Attachment(
                    kind: .video, url: "https://dl-media.viber.com/x.mp4?Expires=1", name: "x.mp4", byteCount: 10_000,
                    caption: "caption", thumbnailURL: "https://dl-media.viber.com/t.jpg", seconds: 10))),
        "file": said(327, .attachment(report)),
        "file-size-named-otherwise": said(328, .attachment(report)),
        "sticker": said(
            329,
            .attachment(
                Attachment(
                    kind: .sticker, url: "http://content.cdn.viber.com/stickers/100/40100/00040138.png"))),
        "sticker-number-as-text": said(330, .attachment(Attachment(kind: .sticker, url: nil, name: "46105"))),
        "contact": said(331, .card(ContactCard(name: "Alex", phoneNumber: "+972511123123"))),
        "contact-shared-by-button": said(
            332, .card(ContactCard(name: nil, phoneNumber: "+380501234567")), .text("share my number")),
        "contact-empty": said(333, .unsupported(kind: "contact")),
        "url": said(334, .link(url: "https://example.com/page", label: nil)),
        "location": said(335, .location(Location(latitude: 50.76891, longitude: 6.11499))),
        "location-picked-by-button": said(
            336, .location(Location(latitude: 50.76891, longitude: 6.11499)), .text("here I am")),
        "location-impossible": said(337, .unsupported(kind: "location")),
        "unknown-type": said(
            338, .unsupported(kind: "hologram"), .text("see this"),
            .link(url: "https://dl-media.viber.com/h", label: nil)),
        "type-missing": said(339, .text("without a type")),
        "text-wrong-type": said(340, .unsupported(kind: "text")),
        "text-number": said(341, .text("42")),
        "text-empty": ignored,
        "message-missing": said(343, .unsupported(kind: "unknown")),
        "token-quoted": said(344, .text("hello")),
        "token-above-int64": .message(
            InboundMessage(
                from: olena, message: Message(text: "hello", sentAt: written), id: "18446744073709551557")),
        "token-missing": .message(
            InboundMessage(
                from: olena, message: Message(text: "hello", sentAt: written),
                id: "sha256-db2602d24a0fc36fc1dce22afa62274a0ba4dd8934fc4847e97d312ff31acb18")),
        "sender-bare": .message(
            InboundMessage(
                from: nobody, message: Message(text: "hello", sentAt: written), id: "5851650804048782345")),
        "sender-missing": ignored,
    ]

    private static let report = Attachment(
        kind: .file, url: "https://dl-media.viber.com/r?Expires=1", name: "report.pdf", byteCount: 10_000)

    private static let others: [String: ChannelEvent.Content] = [
        "conversation-started": change(john, .opened),
        "conversation-started-untyped": change(nobody, .opened),
        "subscribed": change(john, .subscribed),
        "unsubscribed": change(nobody, .unsubscribed),
        "unsubscribed-nobody": ignored,
        "delivered": receipt("5466297578174182639", .delivered, at(1_595_324_677_891)),
        "seen": receipt("5466297578174182639", .read, at(1_595_324_677_999)),
        "failed": receipt("4912661846655238150", .failed, long, "failure description"),
        "failed-without-words": receipt("4912661846655238151", .failed, long),
        "delivered-nothing": ignored,
        "delivered-swapped": receipt("1478683725125", .delivered, now),
        "webhook": ignored,
        "webhook-swapped": ignored,
        "client-status": ignored,
        "action": ignored,
        "unknown-event": ignored,
    ]
}
