import RelayCore

/// A user's current values in Freshchat (freshchat.md §1.7), as far as a profile has them.
struct PresentUser: FreshchatAnswer {
    struct Property: Encodable, Equatable {
        var name: String
        var value: String
    }

    var firstName: String?
    var lastName: String?
    var phone: String?
    var avatar: String?
    /// All properties, because an update may replace them all; `nil` if one can't be sent back unchanged.
    var properties: [Property]?

    init?(_ fields: JSONFields) {
        guard fields.id("id") != nil else { return nil }
        firstName = fields.text("first_name").filled
        lastName = fields.text("last_name").filled
        phone = fields.text("phone").filled
        avatar = fields.object("avatar")?.text("url").filled
        properties = Self.properties(fields)
    }

    private static func properties(_ fields: JSONFields) -> [Property]? {
        let objects = fields.objects("properties")
        // Only a list of objects can be sent back.
        guard objects.isEmpty ? !fields.hasContent("properties") : fields.count(of: "properties") == objects.count
        else { return nil }
        var properties: [Property] = []
        for object in objects {
            guard let name = object.text("name") else { return nil }
            // A property without a value doesn't count.
            guard object.has("value") else { continue }
            // Values are texts; a number or a flag is written as its JSON spelling.
            let value = object.text("value") ?? object.flag("value").map { $0 ? "true" : "false" }
            guard let value = value ?? object.number("value").map({ "\($0)" }) else { return nil }
            properties.append(Property(name: name, value: value))
        }
        return properties
    }

    /// Whether agents read this name already, wherever its parts are.
    func isCalled(_ name: String) -> Bool {
        firstName == name || [firstName, lastName].compactMap(\.self).joined(separator: " ") == name
    }
}
