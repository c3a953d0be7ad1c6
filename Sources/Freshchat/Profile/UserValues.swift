import RelayCore

/// A channel's profile in Freshchat's words (freshchat.md §1.7): each value as it is written, `nil` for one that there isn't.
struct UserValues {
    /// The whole name: channels don't say which part of it is the first.
    var name: String?
    var phone: String?
    /// A link that a browser can open.
    var avatar: String?
    var language: String?
    var country: String?

    init(_ profile: ContactProfile) {
        name = profile.name.filled
        phone = profile.phoneNumber.filled
        avatar = profile.avatarURL.filled.flatMap { url in
            let start = url.prefix(8).lowercased()
            return start.hasPrefix("https://") || start.hasPrefix("http://") ? url : nil
        }
        language = profile.language.filled
        country = profile.country.filled
    }

    /// The name of a customer without one.
    static func placeholder(_ channelName: String) -> String { "\(channelName) customer" }
}

extension String? {
    /// One printable line without surrounding white space; `nil` if nothing in it is visible.
    var filled: String? { flatMap(\.asName) }
}
