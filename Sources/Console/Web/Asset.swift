import Crypto
import HTTPTypes
import RelayCore

/// A file that pages refer to. Its address has a hash of its content in it, so that browsers may keep it for ever.
struct Asset: Sendable {
    let name: String
    let type: String
    let bytes: [UInt8]
    private let hash: String

    static let style = Asset("console.css", "text/css; charset=utf-8", PackageResources.console_css)
    static let script = Asset("console.js", "text/javascript; charset=utf-8", PackageResources.console_js)
    static let icon = Asset("icon.svg", "image/svg+xml", PackageResources.icon_svg)
    private static let all = [style, script, icon]

    private init(_ name: String, _ type: String, _ bytes: [UInt8]) {
        self.name = name
        self.type = type
        self.bytes = bytes
        hash = SHA256.hash(data: bytes).prefix(6).hexadecimal
    }

    /// Below `/admin`.
    var path: String { "/assets/\(hash)/\(name)" }

    /// While workers are replaced, one may be asked for what another has: it gives its own, not to be kept.
    static func response(to request: WebhookRequest) -> WebhookResponse? {
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[1] == "admin", parts[2] == "assets" else { return nil }
        guard request.method == .get || request.method == .head, let asset = all.first(where: { $0.name == parts[4] })
        else { return .text(.notFound, "There is nothing here.") }
        let lifetime = parts[3] == asset.hash ? "public, max-age=31536000, immutable" : "no-store"
        return WebhookResponse(
            status: .ok, headers: [.contentType: asset.type, .cacheControl: lifetime], body: asset.bytes)
    }
}
