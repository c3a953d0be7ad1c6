/// A bot's account: what a business has with Viber.
package struct ViberBot: Sendable, Equatable {
    /// The authentication token; also the key of the callbacks' signatures (viber.md §4).
    package var token: String
    package var name: String
    /// `pa:` and digits.
    package var id: String
    /// The name in deep links, `viber://pa?chatURI=…`.
    package var uri: String

    package init(
        token: String, name: String = "Sandbox bot", id: String = "pa:75346594275468546724", uri: String = "sandbox"
    ) {
        self.token = token
        self.name = name
        self.id = id
        self.uri = uri
    }
}

/// A person with Viber, as one bot sees them.
package struct ViberCustomer: Sendable, Equatable {
    /// How far the chat with the bot has come (viber.md §11.3).
    package enum State: String, Sendable, Codable {
        case unknown, opened, subscribed, unsubscribed
    }

    /// What `get_online` tells of them (viber.md §5.4).
    package enum Presence: String, Sendable, Codable {
        case online, offline, undisclosed, tryLater, unavailable

        /// The number of `online_status`.
        var code: Int64 {
            switch self {
            case .online: 0
            case .offline: 1
            case .undisclosed: 2
            case .tryLater: 3
            case .unavailable: 4
            }
        }
    }

    package var id: String
    package var name: String
    package var avatar: String
    package var presence = Presence.online
    /// When they last wrote or opened the chat.
    package internal(set) var lastOnline = Timestamp.now
    package var language = "uk-UA"
    package var country = "UA"
    /// The client's API level.
    package var apiVersion: Int64 = 10
    package internal(set) var state = State.unknown

    package init(id: String, name: String = "Олена ☺", avatar: String = "") {
        self.id = id
        self.name = name
        self.avatar = avatar
    }
}

/// What a phone shows in the chat with a bot.
package struct PhoneMessage: Sendable, Equatable {
    /// The message token; of the `conversation_started` event for a welcome message (viber.md §3.2).
    package var token: Int64
    package var time: Timestamp
    /// True for the answer to an opened chat.
    package var isWelcome: Bool
    /// What was sent, without receiver and token.
    package var message: JSON

    /// The text of the message; empty when it has none.
    package var text: String { message["text"]?.string ?? "" }
    package var kind: String { message["type"]?.string ?? "" }
    package var senderName: String { message["sender"]?["name"]?.string ?? "" }
}

/// What a customer wrote, as their phone shows it.
package struct WrittenMessage: Sendable, Equatable {
    package var token: Int64
    package var time: Timestamp
    package var message: JSON
    /// The callback that told of it; a repeat has the same bytes.
    var event: JSON

    package var text: String { message["text"]?.string ?? "" }
}

/// A webhook of an account, as `set_webhook` left it.
package struct ViberWebhook: Sendable, Equatable {
    package var url: String
    /// The events that are sent, those always sent included.
    package var events: [String]
    package var sendsName: Bool
    package var sendsPhoto: Bool

    /// All events, in the order of a real answer (viber.md §2).
    package static let allEvents = [
        "subscribed", "unsubscribed", "webhook", "conversation_started", "client_status", "action", "delivered",
        "failed", "message", "seen",
    ]

    /// The events that no filter takes away (viber.md §2).
    package static let mandatoryEvents = ["message", "subscribed", "unsubscribed"]
}
