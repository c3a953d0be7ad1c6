/// What freshchat.md leaves open, or what can go wrong on Freshchat's side. As JSON any of these members can be changed
/// alone.
package struct FreshchatKnobs: AdjustableSettings, Equatable {
    /// What a customer's message does to a resolved conversation (§1.11).
    package enum ResolvedMode: String, Codable, Sendable {
        /// It reopens.
        case reopen
        /// It is closed for good; the message must go to a newer one.
        case latestOnly = "latest_only"
        /// The message is refused until someone reopens.
        case fail
    }

    /// Whether `POST /conversations` may hand back the user's open conversation on the topic (§8, Q3).
    package enum CreateMode: String, Codable, Sendable {
        case alwaysNew = "always_new"
        case reuseOpen = "reuse_open"
    }

    /// The looks of ids (§1.6).
    package enum IDFlavour: String, Codable, Sendable {
        case mixed, uuid, hex, alias
    }

    /// Which of a conversation's two ids its path takes (§1.6).
    package enum PathIDs: String, Codable, Sendable {
        case guid, numeric, both
    }

    /// In which order a user's conversations are listed (§1.7).
    package enum ListOrder: String, Codable, Sendable {
        case shuffled
        case newestFirst = "newest_first"
        case oldestFirst = "oldest_first"
    }

    /// What `X-RateLimit-Reset` says (§1.4).
    package enum ResetMeaning: String, Codable, Sendable {
        case epochSeconds = "epoch"
        case epochMilliseconds = "epoch_milliseconds"
        case secondsToWait = "seconds"
    }

    /// How a webhook's payload looks (§2.1).
    package enum PayloadFlavour: String, Codable, Sendable {
        case full
        /// `msg_parts`, and `reopen` as a status.
        case v2018 = "2018"
        /// A user's message has no `user_id`.
        case v2019 = "2019"
        /// No `message_type`.
        case v2022 = "2022"
        /// With `freshchat_conversation_id` and `freshchat_channel_id`.
        case omni
    }

    /// What an array of properties replaces in `PUT /users/{id}` (§1.7).
    package enum PropertiesMode: String, Codable, Sendable {
        case replace, merge
    }

    // MARK: Webhooks and product events

    package var webhooks = DisturbanceKnobs()
    package var allowsPlainHTTP = PlainHTTP.loopback
    package var payloadFlavour = PayloadFlavour.full
    /// The webhook of a message that the API made comes before the API's answer.
    package var deliversBeforeAnswer = false
    package var webhookTimeoutMilliseconds = 3000
    /// Repeats after 1, 2, 4, … seconds.
    package var webhookRetries = 3
    package var productEventRetries = 0
    /// Shrinks the waits between repeats, for tests.
    package var timeScale = 1.0
    /// Between `conversation_reopen` and the message that caused it.
    package var reopenGapMilliseconds = 10
    /// An assignment, a resolution and a reopening also leave a line of their own in the conversation.
    package var writesSystemLines = true
    /// Lines of the system have the type `system`; otherwise only `message_source` and `meta_data` tell them from an
    /// agent's messages (§1.10).
    package var typesSystemLines = false
    /// The message of a product event has no actor of its own: only `data.actor` names it (§3.5).
    package var omitsProductEventActors = false
    /// Parts carry the other kinds' keys as null.
    package var addsNullPartKeys = false
    /// So long the parts of a new message lack their URL (§1.10).
    package var attachmentURLDelayMilliseconds = 0

    // MARK: API

    package var resolvedMode = ResolvedMode.reopen
    /// The sentence of ``ResolvedMode/latestOnly``; its full text is unknown (§1.3).
    package var notLatestSentence = "Message cannot be sent as this is not the latest conversation of the user"
    package var createMode = CreateMode.alwaysNew
    /// 200 or 202 (§1.9).
    package var createStatus = 200
    /// The answer to a created conversation has no `messages`.
    package var omitsCreatedMessages = false
    package var idFlavour = IDFlavour.mixed
    package var pathIDs = PathIDs.guid
    package var conversationOrder = ListOrder.shuffled
    /// `PUT /users/{id}` is answered with an empty body.
    package var answersUserUpdateEmpty = false
    /// `PUT /users/{id}` takes `avatar`, which the contract's list of what it takes doesn't name (§1.7).
    package var takesAvatarInUserUpdate = false
    package var propertiesMode = PropertiesMode.replace
    /// A second user with a `reference_id` is refused with 409 (§8, Q5).
    package var uniqueReferenceIDs = false
    /// Calls a minute; 0 is no limit.
    package var rateLimitPerMinute = 0
    package var resetMeaning = ResetMeaning.epochSeconds
    /// `X-RateLimitReset` instead of `X-RateLimit-Reset`.
    package var omitsResetDash = false
    /// A 429 carries `Retry-After`.
    package var sendsRetryAfter = true
    /// More than 50 messages a page: 400 instead of 50 (§1.5).
    package var refusesLargePages = false
    /// The values `status` takes (§1.9).
    package var statuses = [
        "new", "assigned", "resolved", "reopened", "waiting on customer", "waiting on internal team",
    ]
    /// The actor types that may send (§1.10).
    package var actorTypes = ["user", "agent", "bot", "system"]
    /// The kinds of parts that the topics take; others are 400 "Fragment not supported in conversation".
    package var partKinds = [
        "text", "image", "video", "file", "url_button", "collection", "reference", "template_content",
    ]
    /// The most characters of a text part; 0 is no limit (§8, Q9).
    package var maximumTextLength = 0
    /// The most parts of a message; 0 is no limit.
    package var maximumParts = 0
    /// Image URLs are fetched while the message is posted.
    package var fetchesImages = true
    package var imageTimeoutMilliseconds = 3000
    /// How long the virus scan of an upload lasts; 0 is done at once.
    package var scanMilliseconds = 0
    /// A file that is still scanned can be sent (§8, Q12).
    package var acceptsUnscannedFiles = true

    package init() {}
}
