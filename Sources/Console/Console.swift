package import FoundationEssentials
import HTTPTypes
package import Logging
package import RelayCore

/// The settings pages: answers everything below `/admin`.
///
/// An answer takes two steps. ``begin(_:)`` runs on the request's thread: it finds the page and the session, and checks
/// that the form is genuine. Only then does the page itself run, which reads the store, may query the channel and Freshchat,
/// and so is async.
package struct Console: Sendable {
    let settings: ConsoleSettings
    let store: any Store
    let programme: any ConsoleProgramme
    let gate: SignInGate
    let pages: [Page]
    let renderer: Renderer
    let now: @Sendable () -> Date
    let logger: Logger

    /// - Parameters:
    ///   - programme: the programme around the pages.
    ///   - memory: keeps the sign-in state across workers and restarts.
    package init(
        settings: ConsoleSettings, store: any Store, programme: any ConsoleProgramme, memory: any ConsoleMemory,
        logger: Logger, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.settings = settings
        self.store = store
        self.programme = programme
        self.now = now
        self.logger = logger
        pages = Page.all
        gate = SignInGate(settings: settings, memory: memory)
        renderer = Renderer(settings: settings)
    }

    /// The next step of a request.
    package enum Beginning: Sendable {
        case answer(WebhookResponse)
        /// The page has to be made, which may take a while.
        case page(@Sendable () async -> WebhookResponse)
    }

    /// Whether a path, below our own prefix, is one of the pages'.
    package static func isOwn(_ path: String) -> Bool { path == "/admin" || path.hasPrefix("/admin/") }

    /// A style sheet, a script or an icon; `nil` if the request is for something else.
    package func asset(for request: WebhookRequest) -> WebhookResponse? {
        Asset.response(to: request).map { sealed($0, request) }
    }

    /// The whole answer.
    package func respond(to request: WebhookRequest) async -> WebhookResponse {
        if let asset = asset(for: request) { return asset }
        switch begin(request) {
        case .answer(let response): return response
        case .page(let make): return await make()
        }
    }

    /// The part of an answer that blocks: small files are read and, at sign-in, a password is checked.
    package func begin(_ request: WebhookRequest) -> Beginning {
        do {
            return try begin(PageRequest(request), request)
        } catch {
            logger.error("settings page failed", metadata: ["request.id": "\(request.id)", "error": "\(error)"])
            return .answer(finish(.page(problem(error, request)), request, session: nil))
        }
    }

    private func begin(_ asked: PageRequest, _ raw: WebhookRequest) throws -> Beginning {
        var asked = asked
        func answer(_ answer: Answer) -> Beginning { .answer(finish(answer, raw, session: asked.session)) }

        guard settings.password != nil else { return answer(.page(.withoutPassword(renderer.texts))) }
        asked.session = try gate.session(of: raw, now: now())
        if raw.method == .post {
            guard isFromOurPages(raw) else {
                return answer(.page(.problem(renderer.texts.errors.foreign(settings.baseURL), .forbidden)))
            }
        } else if raw.method != .get, raw.method != .head {
            return answer(
                .response(.text(.methodNotAllowed, "This takes GET and POST.", headers: [.allow: "GET, POST"])))
        }
        if asked.path == SignInGate.path { return answer(try signIn(asked, raw)) }
        let found = Page.find(asked, in: pages)
        let signsOut = raw.method == .post && asked.path == SignInGate.signOutPath
        guard found != nil || signsOut else {
            // Where only a form leads, somebody who loads the address again comes to where the form was.
            if let section = Page.formSection(asked, in: pages) { return answer(.redirect(section.path)) }
            return answer(.page(.problem(renderer.texts.errors.nothingHere, .notFound)))
        }
        guard let session = asked.session else {
            return answer(.redirect(SignInGate.path, query: ["to": raw.method == .post ? "" : asked.target]))
        }
        if raw.method == .post, !gate.isGenuine(asked.form["csrf"], of: session) {
            return answer(.page(.problem(renderer.texts.errors.stale, .forbidden)))
        }
        guard let found else { return answer(try signOut(session, asked)) }
        asked.parameters = found.parameters
        let ready = asked
        return .page { await make(found.page, ready, raw, session) }
    }

    private func make(_ page: Page, _ asked: PageRequest, _ raw: WebhookRequest, _ session: Session) async
        -> WebhookResponse
    {
        var context = PageContext(
            store: store, programme: programme, settings: settings, texts: renderer.texts, session: session,
            drafts: gate.drafts, address: raw.remoteAddress, now: now())
        if raw.method == .get { context.notice = Notice.take(for: asked.path, from: raw, context) }
        do {
            let answer = leadingBack(try await page.answer(asked, context), asked)
            var response = finish(answer, raw, session: session, section: page.section)
            if context.notice != nil { response.headers.append(Notice.expiredCookie(settings)) }
            return response
        } catch {
            logger.error(
                "settings page failed",
                metadata: ["request.id": "\(raw.id)", "page": "\(page.path)", "error": "\(error)"])
            return finish(
                leadingBack(.page(problem(error, raw)), asked), raw, session: session, section: page.section)
        }
    }

    private func problem(_ error: any Error, _ request: WebhookRequest) -> PageContent {
        let texts = renderer.texts.errors
        return switch error {
        case let error as StoreFailure where error.kind == .notFound: .problem(texts.nothingHere, .notFound)
        case let error as StoreFailure where error.kind == .conflict:
            .problem(texts.conflict(error.message), .conflict)
        case let error as StoreFailure: .problem(texts.store(error.message), .serviceUnavailable)
        case let error as SetupFailure: .problem(ProblemText(error), .badGateway)
        default: .problem(texts.unexpected(request.id), .internalServerError)
        }
    }

    /// A problem's page leads to the message or installation that the request was about, unless there is none.
    private func leadingBack(_ answer: Answer, _ asked: PageRequest) -> Answer {
        guard case .page(var content) = answer, content.status != .notFound,
            var problem = content.context as? ProblemText, problem.links.isEmpty,
            let owner = Page.owner(of: asked.path)
        else { return answer }
        problem.links = [
            LinkView(label: renderer.texts.errors.link(to: owner.page.section), href: settings.link(owner.path))
        ]
        content.context = problem
        return .page(content)
    }

    /// Puts an answer into its form: the layout around a page, the headers that each answer has.
    func finish(_ answer: Answer, _ request: WebhookRequest, session: Session?, section: Section? = nil)
        -> WebhookResponse
    {
        var response: WebhookResponse
        switch answer {
        case .page(let content):
            let form = session == nil ? gate.visitorForm(of: request) : nil
            let frame = Frame(
                content: content, section: section,
                csrf: session.map(gate.token(of:)) ?? form?.token ?? "", isSignedIn: session != nil)
            do {
                response = WebhookResponse(
                    status: content.status, headers: [.contentType: "text/html; charset=utf-8"],
                    body: try renderer.render(frame))
            } catch {
                logger.error("settings page can't be drawn", metadata: ["error": "\(error)"])
                response = .text(.internalServerError, "This page can't be drawn. (request \(request.id))")
            }
            if let cookie = form?.cookie { response.headers.append(cookie) }
            if let wait = content.retryAfter { response.headers[.retryAfter] = "\(wait)" }
        case .redirect(let path, let query, let cookies):
            response = WebhookResponse(status: .seeOther, headers: [.location: settings.link(path, query)])
            for cookie in cookies { response.headers.append(cookie) }
        case .response(let given):
            response = given
        }
        if let session, let cookie = gate.renewal(of: session, now: now()), response.headers[.setCookie] == nil {
            response.headers.append(cookie)
        }
        return sealed(response, request)
    }

    /// Forms are taken from our own pages only: browsers say where one comes from, in one way or the other.
    private func isFromOurPages(_ request: WebhookRequest) -> Bool {
        if let site = request.headers[.secFetchSite], site != "same-origin" { return false }
        if let origin = request.headers[.origin], origin != settings.origin { return false }
        return true
    }
}
