import Crypto
import FoundationEssentials
import HTTPTypes
package import RelayCore

/// Callbacks as Viber makes them (viber.md §3), signed with the bot's token (viber.md §4).
extension Viber: SampleEventMaking {
    package var sampleEvents: [SampleEventKind] {
        [
            SampleEventKind("message", "a customer writes a text"),
            SampleEventKind("picture", "a customer sends a picture"),
            SampleEventKind("video", "a customer sends a video"),
            SampleEventKind("file", "a customer sends a file"),
            SampleEventKind("contact", "a customer sends a contact card"),
            SampleEventKind("location", "a customer sends a location"),
            SampleEventKind("sticker", "a customer sends a sticker"),
            SampleEventKind("url", "a customer sends a link"),
            SampleEventKind("delivered", "a reply reached the phone"),
            SampleEventKind("seen", "a reply was read"),
            SampleEventKind("failed", "a reply could not be shown"),
            SampleEventKind("subscribed", "a customer subscribes"),
            SampleEventKind("unsubscribed", "a customer unsubscribes"),
            SampleEventKind("conversation_started", "a customer opens the chat"),
            SampleEventKind("webhook", "Viber tests the webhook URL"),
        ]
    }

    package func sampleWebhook(_ kind: String, _ event: SampleEvent, account: ChannelAccount) -> SampleWebhook? {
        let token = ViberSettings(account).token
        guard !token.isEmpty, sampleEvents.contains(where: { $0.kind == kind }),
            let body = viberJSON(SampleCallback(kind, event))
        else { return nil }
        let key = SymmetricKey(data: Array(token.reveal().utf8))
        let signature = HMAC<SHA256>.authenticationCode(for: body, using: key).hexadecimal
        return SampleWebhook(
            headers: [.contentType: "application/json", .viberContentSignature: signature], body: body)
    }
}

private struct SampleCallback: Encodable {
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

    init(_ kind: String, _ event: SampleEvent) {
        self.event = kind
        timestamp = Int64((event.at.timeIntervalSince1970 * 1000).rounded())
        token = event.messageID
        let person = User(id: event.from.userID.rawValue, name: event.from.name)
        switch kind {
        case "delivered", "seen", "unsubscribed": userID = person.id
        case "failed":
            userID = person.id
            failureText = event.text ?? "failure description"
        case "subscribed": user = person
        case "conversation_started":
            user = person
            type = "open"
            isSubscribed = false
        case "webhook": break
        default:
            self.event = "message"
            sender = person
            message = Message(kind, event)
        }
    }
}

extension SampleCallback.Message {
    fileprivate init(_ kind: String, _ event: SampleEvent) {
        self.init(type: kind == "message" ? "text" : kind, text: event.text)
        switch kind {
        case "picture":
            media = event.url ?? "https://example.com/picture.jpg"
            fileName = "picture.jpg"
        case "video":
            media = event.url ?? "https://example.com/video.mp4"
            size = 10_000
            duration = 10
        case "file":
            media = event.url ?? "https://example.com/file.pdf"
            fileName = "file.pdf"
            size = 10_000
        case "url": media = event.url ?? "https://example.com/"
        case "contact": contact = Contact(name: event.text ?? "Alex", phoneNumber: "+12025550123")
        case "location": location = Place(lat: 50.4501, lon: 30.5234)
        case "sticker":
            stickerID = 46105
            media = event.url
        default: text = event.text ?? "Hello from byoc trigger"
        }
    }
}
