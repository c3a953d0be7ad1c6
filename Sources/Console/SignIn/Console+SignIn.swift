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
    /// - Returns: a path below `/admin`, with its query; `/` for anything that isn't surely one.
    ///
    /// Our pages' paths have no character that would have to be encoded. So one with an encoded character is none of them,
    /// and nothing can hide behind an encoding, however often a server or a browser decodes it.
    static func own(_ text: String) -> String {
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = parts.first, path.hasPrefix("/"), text.utf8.count < 1000, path.utf8.allSatisfy(isPlain),
            parts.dropFirst().allSatisfy({ $0.utf8.allSatisfy(isQuery) })
        else { return "/" }
        // An empty one would make it another host's; dots would lead out of the pages.
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard segments == [""] || segments.allSatisfy({ !$0.isEmpty && !$0.utf8.allSatisfy { $0 == dot } })
        else { return "/" }
        return text.hasPrefix(SignInGate.path) || text.hasPrefix(SignInGate.signOutPath) ? "/" : text
    }

    private static let dot = UInt8(ascii: ".")

    /// RFC 3986 §2.3, and the slash.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "~"), dot,
            UInt8(ascii: "/"):
            true
        default: false
        }
    }

    private static func isQuery(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\\") && byte != UInt8(ascii: "#")
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
