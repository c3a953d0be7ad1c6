/// The helpdesk's name for a customer, made by us: `<channel>:<channel user id>`.
package struct Reference: Hashable, Sendable {
    package let text: String
    package let user: ChannelUserID

    package init(_ channel: ChannelKind, _ user: ChannelUserID) {
        text = Self.prefix(channel) + user.rawValue
        self.user = user
    }

    /// Reads a reference of one channel.
    ///
    /// - Returns: `nil` if it belongs to another channel, or wasn't made by us.
    package init?(_ text: String, of channel: ChannelKind) {
        // Byte by byte: as characters, a combining mark at the start of an id would belong to the colon.
        let prefix = Self.prefix(channel).utf8
        guard text.utf8.starts(with: prefix), text.utf8.count > prefix.count else { return nil }
        self.text = text
        user = ChannelUserID(String(decoding: text.utf8.dropFirst(prefix.count), as: UTF8.self))
    }

    private static func prefix(_ channel: ChannelKind) -> String { channel.rawValue + ":" }
}
