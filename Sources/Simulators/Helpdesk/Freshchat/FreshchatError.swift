/// An error answer (freshchat.md §1.3).
package struct FreshchatError: Error, Equatable {
    package var code: Int
    package var status: String
    package var message: String

    var response: APIResponse {
        APIResponse(
            status: code,
            json: ["code": .integer(Int64(code)), "status": .string(status), "message": .string(message)])
    }

    static func invalid(_ message: String) -> FreshchatError {
        FreshchatError(code: 400, status: "INVALID_VALUE", message: message)
    }

    static func notFound(_ what: String) -> FreshchatError {
        FreshchatError(code: 404, status: "\(what.uppercased())_NOT_FOUND", message: "\(what) not found")
    }
}

/// Reads an object that may have only the members a contract names. A null is as good as none: SDKs write whole objects
/// with it (freshchat.md §1.10).
struct StrictBody {
    /// The object without its nulls.
    let json: JSON
    /// The path to this object in words of the request, for errors.
    let name: String

    init(_ json: JSON, _ name: String, only members: Set<String>) throws(FreshchatError) {
        guard let object = json.object else { throw .invalid("\(name) is not an object") }
        let given = object.members.filter { !$0.value.isNull }
        for member in given where !members.contains(member.key) {
            throw .invalid("\(name).\(member.key) is not known")
        }
        self.json = .object(JSONObject(members: given))
        self.name = name
    }

    /// A member that must be a string where it is given.
    func string(_ key: String) throws(FreshchatError) -> String? {
        guard let value = json[key] else { return nil }
        guard let text = value.string else { throw .invalid("\(name).\(key) is not a string") }
        return text
    }

    /// A member that must be a string, and not empty.
    func required(_ key: String) throws(FreshchatError) -> String {
        guard let text = try string(key), !text.isEmpty else { throw .invalid("\(name).\(key) is missing") }
        return text
    }

    func array(_ key: String) throws(FreshchatError) -> [JSON]? {
        guard let value = json[key] else { return nil }
        guard let array = value.array else { throw .invalid("\(name).\(key) is not an array") }
        return array
    }
}
