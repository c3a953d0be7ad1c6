import RelayCore

/// A callback's body (viber.md §3). Everything in it may be missing.
struct ViberCallback {
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

    init(_ fields: JSONFields) {
        event = fields.word("event")
        timestamp = fields.integer("timestamp")
        messageToken = fields.word("message_token")
        sender = fields.object("sender").map(ViberUser.init)
        user = fields.object("user").map(ViberUser.init)
        userID = fields.word("user_id")
        message = fields.object("message").map(ViberMessage.init)
        failureText = fields.word("desc")
    }
}

/// A customer as callbacks describe them. The name may be a placeholder (viber.md §2).
struct ViberUser {
    var id: String?
    var name: String?
    var avatar: String?
    var language: String?
    var country: String?

    init(_ fields: JSONFields) {
        id = fields.word("id")
        name = fields.word("name")
        avatar = fields.webURL("avatar")
        language = fields.word("language")
        country = fields.word("country")
    }
}

/// A customer's message (viber.md §3.1). What is contradictory there (`size` or `file_size`, numbers as texts) is
/// accepted both ways.
struct ViberMessage {
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

    struct Contact {
        var name: String?
        var phoneNumber: String?

        init(_ fields: JSONFields) {
            name = fields.word("name")
            phoneNumber = fields.word("phone_number")
        }
    }

    struct Place {
        var latitude: Double?
        var longitude: Double?

        init(_ fields: JSONFields) {
            latitude = fields.number("lat")
            longitude = fields.number("lon")
        }
    }

    init(_ fields: JSONFields) {
        type = fields.word("type")
        text = fields.text("text")
        media = fields.word("media")
        thumbnail = fields.webURL("thumbnail")
        fileName = fields.word("file_name")
        size = (fields.integer("size") ?? fields.integer("file_size")).flatMap { $0 >= 0 ? $0 : nil }
        duration = fields.number("duration").flatMap { $0 >= 0 ? $0 : nil }
        stickerID = fields.word("sticker_id")
        contact = fields.object("contact").map(Contact.init)
        location = fields.object("location").map(Place.init)
    }
}
