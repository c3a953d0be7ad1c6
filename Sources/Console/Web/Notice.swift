import FoundationEssentials
import HTTPTypes
import RelayCore

/// News of what a form just did, shown once on the page that the browser is redirected to.
///
/// It travels in a cookie that the page's response deletes, so that loading the page again doesn't show it again. The cookie
/// is encrypted and opens only in the session and on the page that it was made for.
struct Notice: Codable, Sendable {
    /// The page, as its path below `/admin`.
    var path: String
    /// A word that the page's texts have a sentence for.
    var done: String
    /// Warnings in the channel's or Freshchat's words.
    var warnings: [String] = []

    /// A browser drops the cookie of a page that was never loaded after so many seconds.
    private static let lifetime = 60
    /// Browsers keep no longer cookie.
    private static let longest = 3500

    private static let name = "notice"

    /// The cookie with the notice; without the warnings where those would be too long.
    func cookie(_ context: PageContext) throws -> HTTPField {
        var value = try context.drafts.seal(self, of: context.session, now: context.now)
        if value.utf8.count > Self.longest {
            var short = self
            short.warnings = warnings.map { String($0.prefix(200)) }
            value = try context.drafts.seal(short, of: context.session, now: context.now)
        }
        return Cookie(name: Self.name, value: value, maxAge: Self.lifetime).field(context.settings)
    }

    /// The notice for a page.
    ///
    /// - Returns: `nil` if there is none, or it is for another page.
    static func take(for path: String, from request: WebhookRequest, _ context: PageContext) -> Notice? {
        guard let sealed = Cookie.value(name, in: request, context.settings),
            let notice = context.drafts.open(sealed, Notice.self, of: context.session, now: context.now),
            notice.path == path
        else { return nil }
        return notice
    }

    /// The cookie that deletes it.
    static func expiredCookie(_ settings: ConsoleSettings) -> HTTPField {
        Cookie(name: name, value: "", maxAge: 0).field(settings)
    }
}

extension PageContext {
    /// Redirects to a page that says what was done.
    func redirect(_ path: String, done: String, warnings: [String] = []) throws -> Answer {
        .redirect(path, cookies: [try Notice(path: path, done: done, warnings: warnings).cookie(self)])
    }
}
