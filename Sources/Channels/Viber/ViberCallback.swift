import FoundationEssentials
import RelayCore

/// A callback's body (viber.md §3). Everything in it may be missing.
struct ViberCallback: Decodable {
    var event: String?
    /// Milliseconds since 1970 by Viber's clock.
    var timestamp: Int64?
    /// 64 bits, in digits.
    var messageToken: String?
    /// Who wrote, in `message`.
    var sender: ViberUser?
    /// Who it is about, in `conversation_started` and `subscribed`.
    var user: ViberUser?
    /// The same in `unsubscribed` and in receipts.
    var userID: String?
    var message: ViberMessage?
    /// Why a message failed.
    var failureText: String?

    private enum CodingKeys: String, CodingKey {
        case event, timestamp, sender, user, message
        case messageToken = "message_token"
        case userID = "user_id"
        case failureText = "desc"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        event = fields.word(.event)
        timestamp = fields.integer(.timestamp)
        messageToken = fields.word(.messageToken)
        sender = fields.object(ViberUser.self, .sender)
        user = fields.object(ViberUser.self, .user)
        userID = fields.word(.userID)
        message = fields.object(ViberMessage.self, .message)
        failureText = fields.word(.failureText)
    }
}

/// A customer as callbacks describe him. The name may be a placeholder (viber.md §2).
struct ViberUser: Decodable {
    var id: String?
    var name: String?
    var avatar: String?
    var language: String?
    var country: String?

    private enum CodingKeys: String, CodingKey {
        case id, name, avatar, language, country
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        id = fields.word(.id)
        name = fields.word(.name)
        avatar = fields.webURL(.avatar)
        language = fields.word(.language)
        country = fields.word(.country)
    }
}

/// A customer's message (viber.md §3.1). What is contradictory there (`size` or `file_size`, numbers as texts) is
/// accepted both ways.
struct ViberMessage: Decodable {
    var type: String?
    var text: String?
    var media: String?
    var thumbnail: String?
    var fileName: String?
    var size: Int64?
    var duration: Double?
    var stickerID: String?
    var contact: Contact?
    var location: Place?

    struct Contact: Decodable {
        var name: String?
        var phoneNumber: String?

        private enum CodingKeys: String, CodingKey {
            case name
            case phoneNumber = "phone_number"
        }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            name = fields.word(.name)
            phoneNumber = fields.word(.phoneNumber)
        }
    }

    struct Place: Decodable {
        var latitude: Double?
        var longitude: Double?

        private enum CodingKeys: String, CodingKey {
            case latitude = "lat"
            case longitude = "lon"
        }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            latitude = fields.number(.latitude)
            longitude = fields.number(.longitude)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case type, text, media, thumbnail, size, duration, contact, location
        case fileName = "file_name"
        case fileSize = "file_size"
        case stickerID = "sticker_id"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        type = fields.word(.type)
        text = fields.text(.text)
        media = fields.word(.media)
        thumbnail = fields.webURL(.thumbnail)
        fileName = fields.word(.fileName)
        size = (fields.integer(.size) ?? fields.integer(.fileSize)).flatMap { $0 >= 0 ? $0 : nil }
        duration = fields.number(.duration).flatMap { $0 >= 0 ? $0 : nil }
        stickerID = fields.word(.stickerID)
        contact = fields.object(Contact.self, .contact)
        location = fields.object(Place.self, .location)
    }
}
