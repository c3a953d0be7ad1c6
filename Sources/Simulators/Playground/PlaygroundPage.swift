import HTTPTypes

/// The page and what belongs to it, all inside the program.
enum PlaygroundPage {
    private static let assets: [String: (type: String, bytes: [UInt8])] = [
        "playground.css": ("text/css; charset=utf-8", PackageResources.playground_css),
        "icon.svg": ("image/svg+xml", PackageResources.icon_svg),
        "main.js": (script, PackageResources.main_js),
        "dom.js": (script, PackageResources.dom_js),
        "feed.js": (script, PackageResources.feed_js),
        "phone.js": (script, PackageResources.phone_js),
        "desk.js": (script, PackageResources.desk_js),
        "bridge.js": (script, PackageResources.bridge_js),
        "steps.js": (script, PackageResources.steps_js),
        "controls.js": (script, PackageResources.controls_js),
    ]
    private static let script = "text/javascript; charset=utf-8"

    /// The picture that people send each other.
    static let picture = PackageResources.picture_png

    /// - Parameters:
    ///   - hasTrouble: whether the switches are there.
    ///   - pictures: where pictures may come from besides this server.
    static func page(hasTrouble: Bool, pictures: [String]) -> APIResponse {
        let whole = String(decoding: PackageResources.playground_html, as: UTF8.self)
        let trouble = hasTrouble ? String(decoding: PackageResources.trouble_html, as: UTF8.self) : ""
        var response = answer(
            "text/html; charset=utf-8", Array(whole.replacing("<!-- trouble -->", with: trouble).utf8))
        let policy = [
            "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
            (["img-src 'self'"] + pictures).joined(separator: " "), "base-uri 'none'", "form-action 'none'",
            "frame-ancestors 'none'",
        ]
        response.headers[.contentSecurityPolicy] = policy.joined(separator: "; ")
        return response
    }

    /// A file of the page; 404 when there is none of the name.
    static func asset(_ name: String) -> APIResponse {
        guard let asset = assets[name] else { return APIResponse(status: 404) }
        return answer(asset.type, asset.bytes)
    }

    private static func answer(_ type: String, _ body: [UInt8]) -> APIResponse {
        var response = APIResponse(headers: [.contentType: type, .cacheControl: "no-store"], body: body)
        response.headers[.xContentTypeOptions] = "nosniff"
        if let name = HTTPField.Name("Referrer-Policy") { response.headers[name] = "no-referrer" }
        return response
    }
}
