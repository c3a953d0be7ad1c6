/// Who a customer is, as far as the channel tells.
package struct ContactProfile: Hashable, Codable, Sendable {
    package var userID: ChannelUserID
    /// On one line, without control characters; `nil` if the channel tells none, or one that nobody could see.
    package var name: String?
    package var avatarURL: String?
    package var language: String?
    package var country: String?
    package var phoneNumber: String?

    package init(
        userID: ChannelUserID, name: String? = nil, avatarURL: String? = nil, language: String? = nil,
        country: String? = nil, phoneNumber: String? = nil
    ) {
        self.userID = userID
        self.name = name?.asName
        self.avatarURL = avatarURL
        self.language = language
        self.country = country
        self.phoneNumber = phoneNumber
    }
}
