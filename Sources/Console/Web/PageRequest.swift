import FoundationEssentials
import HTTPTypes
import RelayCore

/// A request, as a page sees it.
struct PageRequest: Sendable {
    /// `HEAD` counts as `GET`.
    let method: HTTPRequest.Method
    /// Below `/admin`, with its first slash and none at the end.
    let path: String
    let query: Fields
    /// The fields of a form; empty for anything else.
    let form: Fields
    /// The values of the pattern's `{…}`.
    var parameters: [String: String] = [:]
    var session: Session?

    /// Path and query, to come back to.
    let target: String

    /// No form of ours is longer, the two secrets and the draft in it included.
    static let formLimit = 256 * 1024

    init(_ request: WebhookRequest) {
        method = request.method == .head ? .get : request.method
        var path = request.path.dropFirst("/admin".count)
        while path.hasSuffix("/") { path.removeLast() }
        self.path = path.isEmpty ? "/" : String(path)
        query = Fields(request.query)
        target = self.path + (request.query.isEmpty ? "" : "?" + request.query)
        let type = request.headers[.contentType]?.lowercased() ?? ""
        form =
            request.method == .post && type.hasPrefix("application/x-www-form-urlencoded")
                && request.body.count <= Self.formLimit
            ? Fields(String(decoding: request.body, as: UTF8.self)) : Fields("")
    }
}

/// Names and values of a query or a form (`application/x-www-form-urlencoded`).
struct Fields: Sendable {
    private let pairs: [(name: String, value: String)]

    init(_ text: String) {
        pairs = text.split(separator: "&").prefix(1000).map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            func decoded(_ part: Substring?) -> String {
                part.map { String($0.replacing("+", with: " ")).percentDecoded ?? "" } ?? ""
            }
            return (decoded(parts.first), decoded(parts.count > 1 ? parts[1] : nil))
        }
    }

    /// The first value of this name; empty when there is none.
    subscript(_ name: String) -> String { pairs.first { $0.name == name }?.value ?? "" }

    /// All values of this name.
    func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }
}

extension String {
    /// `nil` when an escape is broken or the bytes aren't UTF-8.
    var percentDecoded: String? {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexadecimalValue),
                let low = rest.popFirst().flatMap(hexadecimalValue)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

private func hexadecimalValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
}
