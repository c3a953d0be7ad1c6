import Crypto
import FoundationEssentials
import HTTPTypes
package import RelayCore

/// Callbacks as Viber makes them (viber.md §3), signed with the bot's token (viber.md §4).
extension Viber: WebhookImitating {
    package var imitations: [WebhookImitation] {
        [
            WebhookImitation("message", "a customer writes a text"),
            WebhookImitation("picture", "a customer sends a picture"),
            WebhookImitation("video", "a customer sends a video"),
            WebhookImitation("file", "a customer sends a file"),
            WebhookImitation("contact", "a customer sends a contact card"),
            WebhookImitation("location", "a customer sends a location"),
            WebhookImitation("sticker", "a customer sends a sticker"),
            WebhookImitation("url", "a customer sends a link"),
            WebhookImitation("delivered", "a reply reached the phone"),
            WebhookImitation("seen", "a reply was read"),
            WebhookImitation("failed", "a reply could not be shown"),
            WebhookImitation("subscribed", "a customer subscribes"),
            WebhookImitation("unsubscribed", "a customer unsubscribes"),
            WebhookImitation("conversation_started", "a customer opens the chat"),
            WebhookImitation("webhook", "Viber tests the webhook URL"),
        ]
    }

    package func imitate(_ kind: String, _ wish: ImitationWish, account: ChannelAccount) -> ImitatedWebhook? {
        let token = ViberSettings(account).token
        guard !token.isEmpty, imitations.contains(where: { $0.kind == kind }),
            let body = viberJSON(ImitatedCallback(kind, wish))
        else { return nil }
        let key = SymmetricKey(data: Array(token.reveal().utf8))
        let signature = HMAC<SHA256>.authenticationCode(for: body, using: key).hexadecimal
        return ImitatedWebhook(
            headers: [.contentType: "application/json", .viberContentSignature: signature], body: body)
    }
}

private struct ImitatedCallback: Encodable {
    struct User: Encodable {
        var id: String
        var name: String?
        var language = "en"
        var country = "US"
        var apiVersion = 10

        private enum CodingKeys: String, CodingKey {
            case id, name, language, country
            case apiVersion = "api_version"
        }
    }

    struct Message: Encodable {
        struct Contact: Encodable {
            var name: String
            var phoneNumber: String

            private enum CodingKeys: String, CodingKey {
                case name
                case phoneNumber = "phone_number"
            }
        }

        struct Place: Encodable {
            var lat: Double
            var lon: Double
        }

        var type: String
        var text: String?
        var media: String?
        var fileName: String?
        var size: Int64?
        var duration: Int64?
        var stickerID: Int64?
        var contact: Contact?
        var location: Place?

        private enum CodingKeys: String, CodingKey {
            case type, text, media, size, duration, contact, location
            case fileName = "file_name"
            case stickerID = "sticker_id"
        }
    }

    var event: String
    var timestamp: Int64
    var hostname = "byoc-trigger"
    var token: Int64
    var sender: User?
    var user: User?
    var userID: String?
    var message: Message?
    var type: String?
    var isSubscribed: Bool?
    var failureText: String?

    private enum CodingKeys: String, CodingKey {
        case event, timestamp, sender, user, message, type
        case hostname = "chat_hostname"
        case token = "message_token"
        case userID = "user_id"
        case isSubscribed = "subscribed"
        case failureText = "desc"
    }

    init(_ kind: String, _ wish: ImitationWish) {
        event = kind
        timestamp = Int64((wish.at.timeIntervalSince1970 * 1000).rounded())
        token = wish.messageID
        let person = User(id: wish.from.userID.rawValue, name: wish.from.name)
        switch kind {
        case "delivered", "seen", "unsubscribed": userID = person.id
        case "failed":
            userID = person.id
            failureText = wish.text ?? "failure description"
        case "subscribed": user = person
        case "conversation_started":
            user = person
            type = "open"
            isSubscribed = false
        case "webhook": break
        default:
            event = "message"
            sender = person
            message = Message(kind, wish)
        }
    }
}

extension ImitatedCallback.Message {
    fileprivate init(_ kind: String, _ wish: ImitationWish) {
        self.init(type: kind == "message" ? "text" : kind, text: wish.text)
        switch kind {
        case "picture":
            media = wish.url ?? "https://example.com/picture.jpg"
            fileName = "picture.jpg"
        case "video":
            media = wish.url ?? "https://example.com/video.mp4"
            size = 10_000
            duration = 10
        case "file":
            media = wish.url ?? "https://example.com/file.pdf"
            fileName = "file.pdf"
            size = 10_000
        case "url": media = wish.url ?? "https://example.com/"
        case "contact": contact = Contact(name: wish.text ?? "Alex", phoneNumber: "+12025550123")
        case "location": location = Place(lat: 50.4501, lon: 30.5234)
        case "sticker":
            stickerID = 46105
            media = wish.url
        default: text = wish.text ?? "Hello from byoc trigger"
        }
    }
}
