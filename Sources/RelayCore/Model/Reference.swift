/// What Freshchat knows a customer by: the `reference_id` of a user (freshchat.md §1.6).
///
/// It is stored with the contact when that is created, and never computed again.
package struct Reference: Hashable, Sendable, CustomStringConvertible {
    package enum Form: String, Codable, Sendable {
        /// `<kind>:<user id>`: a user id means one customer of one account.
        case user
        /// `<kind>:<address>:<user id>`: the same user id may write to several addresses, such as a phone number.
        case addressAndUser = "address_and_user"
    }

    package let text: String

    package init(_ text: String) { self.text = text }

    package init(_ kind: ChannelKind, _ address: Address, _ user: ChannelUserID, form: Form) {
        text = Self.prefix(kind, address, form) + user.rawValue
    }

    /// The user id in it, if an installation of this kind, address and form makes such references.
    ///
    /// - Returns: `nil` if it is another channel's, another address's, or not one of byoc's.
    package func user(_ kind: ChannelKind, _ address: Address, form: Form) -> ChannelUserID? {
        let prefix = Self.prefix(kind, address, form)
        // By bytes: an id that begins with a combining mark is one all the same.
        guard text.utf8.starts(with: prefix.utf8), text.utf8.count > prefix.utf8.count else { return nil }
        return ChannelUserID(String(decoding: text.utf8.dropFirst(prefix.utf8.count), as: UTF8.self))
    }

    package var description: String { text }

    private static func prefix(_ kind: ChannelKind, _ address: Address, _ form: Form) -> String {
        switch form {
        case .user: "\(kind):"
        case .addressAndUser: "\(kind):\(address):"
        }
    }
}
