import FoundationEssentials
import HTTPTypes
import RelayCore

/// An installation's Viber settings, read from its account.
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
                and copy the Token. It stays valid until Viber issues a new one.
                """,
            isSecret: true, problem: tokenProblem),
        SettingField(
            key: "sender_name", label: "Sender name",
            help: """
                Shown above replies when the agent's first name is unknown, e.g. your company. At most \(nameLimit) \
                characters. Defaults to "Agent".
                """,
            isRequired: false, problem: { limitProblem($0, nameLimit) }),
        SettingField(
            key: "sender_avatar", label: "Sender picture",
            help: """
                The https address of the picture next to the sender name: square, 720 x 720 pixels, at most 100 kB. \
                Defaults to the bot's picture.
                """,
            isRequired: false, problem: avatarProblem),
        SettingField(
            key: "welcome_message", label: "Welcome message",
            help: "Sent when a customer first opens the chat. Nothing is sent if empty.",
            isRequired: false, problem: { limitProblem($0, textLimit) }),
        SettingField(
            key: "api_base_url", label: "API address",
            help: "The address of Viber's API. Change it only to test byoc against the playground.",
            isRequired: false, defaultValue: defaultBaseURL, problem: baseURLProblem),
    ]

    private static func tokenProblem(_ value: String) -> String? {
        if value.isEmpty { return "the token is missing" }
        // It goes into a header, which allows nothing else.
        guard value.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return "a token has only ASCII characters and no spaces; copy the whole token again"
        }
        return nil
    }

    private static let portProblem = "a port is a number from 1 to 65535"

    private static func limitProblem(_ value: String, _ limit: Int) -> String? {
        let length = value.utf16.count
        return length > limit ? "\(length) characters; Viber accepts at most \(limit)" : nil
    }

    private static func avatarProblem(_ value: String) -> String? {
        if value.isEmpty { return nil }
        guard value.hasUsablePort else { return portProblem }
        guard HTTPRequest(.get, url: value)?.scheme == "https" else {
            return "start with https://"
        }
        return limitProblem(value, avatarLimit)
    }

    private static func baseURLProblem(_ value: String) -> String? {
        do throws(APIAddress.Problem) {
            _ = try APIAddress(parsing: value)
            return nil
        } catch {
            switch error {
            case .empty: return nil
            case .port: return portProblem
            case .query: return "remove the ? or # and everything after it"
            case .unusableCharacters, .incomplete, .userName: return "expected an address like \(defaultBaseURL)"
            case .unencrypted, .otherScheme:
                return "start with https://, because every request carries the token; http is for this machine only"
            }
        }
    }
}
