import FoundationEssentials
import HTTPTypes
import RelayCore

/// An installation's Viber settings, read out of its account.
struct ViberSettings: Sendable {
    /// Authenticates us with Viber and keys the signature of its callbacks (viber.md §1, §4).
    var token: Secret
    var senderName: String?
    var senderAvatar: String?
    var welcomeMessage: String?
    /// Without a slash at the end.
    var baseURL: String

    /// The longest sender name in UTF-16 units, the strictest way to count Viber's 28 characters (viber.md §5).
    static let nameLimit = 28
    /// The longest text in UTF-16 units, counted as strictly (viber.md §5.1).
    static let textLimit = 7000
    /// So that the whole request stays under 30 kB (viber.md §1).
    static let avatarLimit = 1000

    init(_ account: ChannelAccount) {
        func setting(_ key: String) -> String? {
            guard let value = account.settings[key]?.trimmingWhiteSpace(), !value.isEmpty else { return nil }
            return value
        }
        token = account.secrets["auth_token"] ?? Secret("")
        senderName = setting("sender_name")
        senderAvatar = setting("sender_avatar")
        welcomeMessage = setting("welcome_message")
        var base = setting("api_base_url") ?? Self.defaultBaseURL
        while base.hasSuffix("/") { base.removeLast() }
        baseURL = base
    }

    /// viber.md §1.
    private static let defaultBaseURL = "https://chatapi.viber.com/pa"

    static let fields: [SettingField] = [
        SettingField(
            key: "auth_token", label: "Authentication token",
            help: """
                The bot's token. Log in to partners.viber.com as an admin of the bot, open the bot, choose "Edit Info" \
                and copy what stands under "Token". It stays valid until Viber issues a new one.
                """,
            isSecret: true, problem: tokenProblem),
        SettingField(
            key: "sender_name", label: "Sender name",
            help: """
                The name that customers see above an answer when the agent's own first name isn't known: your \
                company's, say. At most \(nameLimit) characters; "Agent" when left empty.
                """,
            isRequired: false, problem: { limitProblem($0, nameLimit) }),
        SettingField(
            key: "sender_avatar", label: "Sender picture",
            help: """
                The https address of the picture beside the sender name: square, 720 x 720 pixels, at most 100 kB. \
                The bot's own picture when left empty.
                """,
            isRequired: false, problem: avatarProblem),
        SettingField(
            key: "welcome_message", label: "Welcome message",
            help: """
                What somebody reads who has just opened the chat, before the first message. Nothing is sent when left \
                empty.
                """,
            isRequired: false, problem: { limitProblem($0, textLimit) }),
        SettingField(
            key: "api_base_url", label: "API address",
            help: "Where Viber's API is. Leave it as it is, except to try byoc out against the sandbox.",
            isRequired: false, defaultValue: defaultBaseURL, problem: baseURLProblem),
    ]

    private static func tokenProblem(_ value: String) -> String? {
        if value.isEmpty { return "the token is missing" }
        // It goes into a header, where nothing else may stand.
        guard value.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return
                "a token has no spaces, line breaks or letters beyond ASCII; copy it again, all of it and nothing else"
        }
        return nil
    }

    private static let portProblem = "a port is a number from 1 to 65535"

    private static func limitProblem(_ value: String, _ limit: Int) -> String? {
        let length = value.utf16.count
        return length > limit ? "it has \(length) characters, and Viber takes at most \(limit)" : nil
    }

    private static func avatarProblem(_ value: String) -> String? {
        if value.isEmpty { return nil }
        guard value.hasUsablePort else { return portProblem }
        guard HTTPRequest(.get, url: value)?.scheme == "https" else {
            return "an address that begins with https:// is expected"
        }
        return limitProblem(value, avatarLimit)
    }

    private static func baseURLProblem(_ value: String) -> String? {
        if value.isEmpty { return nil }
        guard value.hasUsablePort else { return portProblem }
        guard let request = HTTPRequest(.post, url: value), let host = URLComponents(string: value)?.host else {
            return "an address like \(defaultBaseURL) is expected"
        }
        if value.contains("?") || value.contains("#") { return "the address has no part behind a ? or #" }
        guard request.scheme == "https" || host.isLoopbackHost else {
            return "https is expected, for the token is sent there; http only to this machine itself"
        }
        return nil
    }
}
