import Crypto
import FoundationEssentials
import HTTPTypes
import RelayCore

/// Decides who is signed in, and whether a form is theirs.
struct SignInGate: Sendable {
    static let path = "/sign-in"
    static let signOutPath = "/sign-out"

    let settings: ConsoleSettings
    let memory: any ConsoleMemory
    let drafts: DraftSeal
    private let sessions: Seal
    private let tokens: Seal
    private let visitors: Seal
    private let browsers: Seal

    init(settings: ConsoleSettings, memory: any ConsoleMemory) {
        self.settings = settings
        self.memory = memory
        drafts = DraftSeal(key: settings.key)
        // With the password, sessions change their key, and so end.
        sessions = Seal("session", key: settings.key, salt: settings.password?.fingerprint ?? [])
        tokens = Seal("form", key: settings.key)
        visitors = Seal("visitor", key: settings.key)
        browsers = Seal("browser", key: settings.key)
    }

    // MARK: Sessions

    func session(of request: WebhookRequest, now: Date) throws -> Session? {
        guard let cookie = Cookie.value("session", in: request, settings), let text = sessions.verified(cookie),
            let session = Session(text), !session.isOver(at: now), !(try memory.recall().hasEnded(session))
        else { return nil }
        return session
    }

    func begin(now: Date) throws -> HTTPField {
        let session = Session(id: Self.chance(), startedAt: now, seenAt: now, epoch: try memory.recall().epoch)
        return cookie(of: session)
    }

    /// A newer cookie, when the one that came is to be renewed.
    func renewal(of session: Session, now: Date) -> HTTPField? {
        guard now.timeIntervalSince(session.seenAt) >= Session.renewalTime else { return nil }
        var session = session
        session.seenAt = now
        return cookie(of: session)
    }

    private func cookie(of session: Session) -> HTTPField {
        Cookie(name: "session", value: sessions.signed(session.text)).field(settings)
    }

    var expiredCookie: HTTPField { Cookie(name: "session", value: "", maxAge: 0).field(settings) }

    // MARK: Forms

    /// The token in each form of a session.
    func token(of session: Session) -> String { tokens.signature(of: session.id) }

    func isGenuine(_ token: String, of session: Session) -> Bool { tokens.isGenuine(token, of: session.id) }

    /// The token in a visitor's form, bound to a cookie of their browser.
    func visitorForm(of request: WebhookRequest) -> (token: String, cookie: HTTPField?) {
        if let known = Cookie.value("visitor", in: request, settings), !known.isEmpty {
            return (visitors.signature(of: known), nil)
        }
        let id = Self.chance()
        return (visitors.signature(of: id), Cookie(name: "visitor", value: id).field(settings))
    }

    func isGenuine(visitorToken token: String, of request: WebhookRequest) -> Bool {
        guard let id = Cookie.value("visitor", in: request, settings), !id.isEmpty else { return false }
        return visitors.isGenuine(token, of: id)
    }

    // MARK: Tries

    /// Whom a try is counted for: a browser that has signed in before, else the address. Of IPv6 addresses the first half
    /// counts, for one person has all of the other.
    func subject(of request: WebhookRequest) -> (name: String, isKnown: Bool) {
        if let cookie = Cookie.value("browser", in: request, settings), let id = browsers.verified(cookie) {
            return ("browser \(id)", true)
        }
        let address = request.remoteAddress ?? "unknown"
        let half = address.contains(":") ? IPv6.network(of: address) : address
        return ("address \(half)", false)
    }

    func knownBrowser(of request: WebhookRequest) -> HTTPField {
        let year = 365 * 24 * 60 * 60
        let known = Cookie.value("browser", in: request, settings).flatMap { browsers.verified($0) } ?? Self.chance()
        return Cookie(name: "browser", value: browsers.signed(known), maxAge: year).field(settings)
    }

    private static func chance() -> String { SymmetricKey(size: .bits128).withUnsafeBytes { $0.base64URL } }
}

enum IPv6 {
    /// The first four groups.
    static func network(of address: String) -> String {
        let halves = address.split(separator: ":", omittingEmptySubsequences: false)
        guard let gap = address.firstRange(of: "::") else { return halves.prefix(4).joined(separator: ":") + "::" }
        let front = address[..<gap.lowerBound].split(separator: ":")
        let back = address[gap.upperBound...].split(separator: ":")
        let middle = Array(repeating: Substring("0"), count: max(0, 8 - front.count - back.count))
        return (front + middle + back).prefix(4).joined(separator: ":") + "::"
    }
}
