/// What viber.md leaves open, or what can go wrong on Viber's side. As JSON any of these members can be changed alone.
package struct ViberKnobs: AdjustableSettings, Equatable {
    /// How the length of a text is counted.
    package enum LengthUnit: String, Codable, Sendable {
        case utf16, scalars, characters

        package func count(_ text: String) -> Int {
            switch self {
            case .utf16: text.utf16.count
            case .scalars: text.unicodeScalars.count
            case .characters: text.count
            }
        }
    }

    /// What becomes of a message with a `chat_id`, which belongs to an inline chat.
    package enum InlineChats: String, Codable, Sendable {
        /// It reaches the receiver like any other.
        case taken
        /// It is refused with status 16 (§6).
        case refused
    }

    /// Mishaps of callbacks.
    package var callbacks = DisturbanceKnobs()
    /// Where webhooks may be plain HTTP.
    package var allowsPlainHTTP = PlainHTTP.loopback
    /// `media` must be https, as the documentation has it; Viber itself takes http as well (§5.1).
    package var refusesPlainHTTPMedia = false
    package var inlineChats = InlineChats.taken
    /// `broadcast_message` for one bot in ten seconds (§5.4).
    package var broadcastLimit = 500
    /// The status that refuses every broadcast, 19 or 20 (§6); 0 for none.
    package var broadcastRefusal = 0
    /// `post` writes into the bot's public chat; without one it is refused with status 18 (§6).
    package var hasPublicChat = true
    /// `message_token` as a quoted string, as one sample of the documentation has it (§1).
    package var quotesMessageTokens = false
    /// How many devices a customer has: so often comes `delivered` (§3.4).
    package var devices = 1
    /// When `delivered` comes after the message was accepted; below 0 never.
    package var deliveredAfterMilliseconds = 10
    /// When `seen` comes after the message was accepted; below 0 never.
    package var seenAfterMilliseconds = 20
    /// `delivered` overtakes the answer of `send_message` (§8).
    package var deliversBeforeAnswer = false
    /// `delivered` also comes for what the customer wrote (§3.4).
    package var confirmsInbound = true
    /// The query of the webhook URL is lost (§2.1).
    package var dropsQueryString = true
    /// Messages to one customer in a clock hour without a reply (§7).
    package var hourlyLimit = 100
    package var lengthUnit = LengthUnit.scalars
    /// A member that the API doesn't know is refused with status 3.
    package var refusesUnknownMembers = true
    package var callbackTimeoutMilliseconds = 5000
    package var handshakeTimeoutMilliseconds = 5000
    /// Repeats after one second, before those after a minute (§8).
    package var quickRetries = 3
    /// How long an event is repeated.
    package var retrySpanSeconds = 3600
    /// Shrinks the waits between repeats, for tests: 0.001 makes a minute 60 ms.
    package var timeScale = 1.0
    /// Callbacks carry members that no contract knows.
    package var addsUnknownMembers = false
    /// A `client_status` event comes along with so many of the customers' messages (§3.5).
    package var clientStatusProbability = 0.0
    /// `conversation_started` lacks its `type`, as older payloads do (§3.2).
    package var omitsConversationType = false
    /// `failed` has `udid`, which is null, and no `desc`, as it really comes; otherwise the `desc` that the documentation
    /// has (§3.4).
    package var omitsFailureDescription = true
    /// The size of a file comes as `file_size` instead of `size` (§3.1).
    package var usesFileSize = false
    /// `sticker_id` comes as a string (§3.1).
    package var quotesStickerIDs = false
    /// `lat` and `lon` come as strings (§3.1).
    package var quotesCoordinates = false
    /// How long the URLs of media work (§3.1).
    package var mediaLifetimeSeconds = 3600
    /// `get_user_details` for one customer in twelve hours (§5.4).
    package var userDetailsLimit = 2

    package init() {}
}
