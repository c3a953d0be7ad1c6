import FoundationEssentials
import HTTPTypes
import Logging
import RelayCore

extension Console {
    /// The page that asks for the password, and what its form does.
    func signIn(_ asked: PageRequest, _ raw: WebhookRequest) throws -> Answer {
        let target = ReturnPath.own(asked.method == .post ? asked.form["to"] : asked.query["to"])
        let texts = renderer.texts.signIn
        func form(_ problem: String? = nil, _ status: HTTPResponse.Status = .ok, wait: Int? = nil) -> Answer {
            var content = PageContent(
                .signIn, title: texts.title, SignInView(problem: problem, to: target), status: status)
            content.retryAfter = wait
            return .page(content)
        }

        guard asked.method == .post else { return asked.session == nil ? form() : .redirect(target) }
        guard gate.isGenuine(visitorToken: asked.form["csrf"], of: raw) else {
            return asked.session == nil ? form(texts.formTooOld, .forbidden) : .redirect(target)
        }
        guard let password = settings.password else { return .page(.withoutPassword(renderer.texts)) }
        let (subject, isKnown) = gate.subject(of: raw)
        let instant = now()
        if let wait = try gate.memory.change({ $0.attempt(subject, isKnown: isKnown, now: instant) }) {
            logger.warning("sign-in slowed down", metadata: ["subject": "\(subject)", "wait": "\(wait)"])
            return form(texts.wait(wait), .tooManyRequests, wait: wait)
        }
        guard password.matches(asked.form["password"]) else {
            logger.warning("sign-in refused", metadata: ["subject": "\(subject)"])
            return form(texts.wrong, .forbidden)
        }
        try gate.memory.change { $0.succeed(subject, isKnown: isKnown) }
        logger.notice("signed in", metadata: ["subject": "\(subject)"])
        return .redirect(target, cookies: [try gate.begin(now: instant), gate.knownBrowser(of: raw)])
    }

    /// Ends this session, or all.
    func signOut(_ session: Session, _ asked: PageRequest) throws -> Answer {
        let instant = now()
        if asked.form["everywhere"] == "yes" {
            try gate.memory.change { $0.endAll() }
            logger.notice("all sessions were ended")
        } else {
            try gate.memory.change { $0.end(session, now: instant) }
        }
        return .redirect(SignInGate.path, cookies: [gate.expiredCookie])
    }
}

/// Where to go after sign-in: to one of our own pages, whatever the address says.
enum ReturnPath {
    /// - Returns: a path below `/admin`.
    static func own(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }
        // It is put behind our own path, so it can't lead to another host; `..` would lead out of the pages.
        guard text.hasPrefix("/"), !text.hasPrefix("//"), isPlain, text.utf8.count < 1000,
            !text.split(whereSeparator: { $0 == "/" || $0 == "?" }).contains("..")
        else { return "/" }
        return text.hasPrefix(SignInGate.path) || text.hasPrefix(SignInGate.signOutPath) ? "/" : text
    }
}

extension Template {
    fileprivate static let signIn = Template("sign-in", PackageResources.signin_mustache)
}

private struct SignInView: Sendable {
    var problem: String?
    var to: String
}

extension PageContent {
    /// Without a password there is nothing to sign in with.
    static func withoutPassword(_ texts: Texts) -> PageContent {
        .problem(texts.signIn.noPassword, .serviceUnavailable)
    }
}
