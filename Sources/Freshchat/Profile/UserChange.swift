import RelayCore

/// The body of an update of a user: `PUT /users/{id}` (freshchat.md §1.7).
struct UserChange: Encodable, Equatable {
    var first_name: String?
    var phone: String?
    /// Not in the contract's list of the call's fields, so accounts may reject it.
    var avatar: NewUser.Avatar?
    var properties: [PresentUser.Property]?

    init() {}

    /// The values that the channel changed since the last update. Agents' changes stay, unless the channel changed the value
    /// too.
    ///
    /// - Parameter written: the last written values; `nil` if unknown, and then only missing values are filled in.
    init(from written: ContactProfile?, to profile: ContactProfile, channelName: String, at user: PresentUser) {
        let (old, new) = (written.map(UserValues.init), UserValues(profile))
        func news(_ value: String?, since earlier: String??, present: String?) -> String? {
            guard let value, value != present else { return nil }
            let isNews = earlier.map { value != $0 } ?? (present == nil)
            return isNews ? value : nil
        }
        if let name = new.name, !user.isCalled(name) {
            let placeholder = UserValues.placeholder(channelName)
            let hasPlaceholder = (user.firstName ?? placeholder) == placeholder
            // Where nobody's name was written before, another one than ours was entered by an agent, and stays.
            let isNews =
                if let old {
                    name != old.name && (old.name != nil || hasPlaceholder)
                } else {
                    user.lastName == nil && hasPlaceholder
                }
            if isNews { first_name = name }
        }
        phone = news(new.phone, since: old.map(\.phone), present: user.phone)
        avatar = news(new.avatar, since: old.map(\.avatar), present: user.avatar).map { NewUser.Avatar(url: $0) }

        let present = user.properties ?? []
        func property(_ name: String) -> String? { present.first { $0.name == name }?.value.nonBlank }
        let values = [
            ("language", news(new.language, since: old.map(\.language), present: property("language"))),
            ("country", news(new.country, since: old.map(\.country), present: property("country"))),
        ]
        var merged = present
        for case (let name, let value?) in values {
            merged.removeAll { $0.name == name }
            merged.append(PresentUser.Property(name: name, value: value))
        }
        guard merged != present else { return }
        if property("channel") == nil { merged.append(PresentUser.Property(name: "channel", value: channelName)) }
        properties = merged
    }

    var isEmpty: Bool { self == UserChange() }

    /// The same without the picture.
    var withoutAvatar: UserChange {
        var rest = self
        rest.avatar = nil
        return rest
    }

    /// Each of its values alone, with its name.
    var parts: [(name: String, change: UserChange)] {
        var parts: [(name: String, change: UserChange)] = []
        func add<Value>(_ name: String, _ field: WritableKeyPath<UserChange, Value?>) {
            guard self[keyPath: field] != nil else { return }
            var part = UserChange()
            part[keyPath: field] = self[keyPath: field]
            parts.append((name, part))
        }
        add("name", \.first_name)
        add("phone number", \.phone)
        add("picture", \.avatar)
        add("properties", \.properties)
        return parts
    }
}

extension String {
    fileprivate var nonBlank: String? { Optional(self).filled }
}
