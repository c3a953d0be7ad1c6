import FoundationEssentials
import HTTPTypes
import RelayCore

/// One page, or what one form does: its place, and what it answers to somebody who is signed in.
///
/// To add a page, write a file in `Pages/` with `extension Page { static let … }`, its template in `Templates/`, and one
/// line in ``all``; its sentences belong into `Texts/`.
struct Page: Sendable {
    /// In the order in which they are looked for.
    static let all: [Page] = [
        .overview,
        .messages, .message, .decide, .decided,
        .installations, .chooseChannel, .channelForm, .channelSent, .addressSent, .helpdeskSent,
        .topicSent,
        .installation, .pause, .resume, .register, .testForm, .testSent, .credentialForm, .credentialSent, .removeForm,
        .remove, .settingsForm, .settingsSent, .moveForm, .moveSent, .addressForm, .addressAdded,
        .doctor,
    ]

    let method: HTTPRequest.Method
    /// Below `/admin`; a segment such as `{id}` stands for any and is found in ``PageRequest/parameters``.
    let path: String
    /// The section that the navigation marks as the current one.
    let section: Section?
    let answer: @Sendable (PageRequest, PageContext) async throws -> Answer

    init(
        _ method: HTTPRequest.Method, _ path: String, in section: Section?,
        answer: @escaping @Sendable (PageRequest, PageContext) async throws -> Answer
    ) {
        self.method = method
        self.path = path
        self.section = section
        self.answer = answer
    }

    static func find(_ request: PageRequest, in pages: [Page]) -> (page: Page, parameters: [String: String])? {
        for page in pages where page.method == request.method {
            if let parameters = page.match(request.path) { return (page, parameters) }
        }
        return nil
    }

    /// The page of the message or installation that a path is about, with its path: `/messages/1` for `/messages/1/retry`;
    /// `nil` for a path that is about neither.
    static func owner(of path: String) -> (page: Page, path: String)? {
        var parent = path[...]
        while let slash = parent.lastIndex(of: "/") {
            parent = parent[..<slash]
            guard let page = all.first(where: { $0.method == .get && $0.match(String(parent)) != nil }) else {
                continue
            }
            return [Page.message.path, installation.path].contains(page.path) ? (page, String(parent)) : nil
        }
        return nil
    }

    /// The section of a page that takes this path's forms; `nil` when there is none.
    static func formSection(_ request: PageRequest, in pages: [Page]) -> Section? {
        guard request.method == .get else { return nil }
        return pages.first { $0.method == .post && $0.match(request.path) != nil }?.section
    }

    private func match(_ asked: String) -> [String: String]? {
        let pattern = path.split(separator: "/")
        let segments = asked.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        guard asked != "/" else { return pattern.isEmpty ? [:] : nil }
        guard pattern.count == segments.count else { return nil }
        var parameters: [String: String] = [:]
        for (wanted, given) in zip(pattern, segments) {
            if wanted.hasPrefix("{"), let value = String(given).percentDecoded, !value.isEmpty {
                parameters[String(wanted.dropFirst().dropLast())] = value
            } else if wanted != given {
                return nil
            }
        }
        return parameters
    }
}

/// The places in the navigation.
enum Section: String, Sendable, CaseIterable {
    case overview, messages, installations, doctor

    var path: String { self == .overview ? "/" : "/\(rawValue)" }
}

/// The store, the settings and the person behind one request.
struct PageContext: Sendable {
    let store: any Store
    let programme: any ConsoleProgramme
    let settings: ConsoleSettings
    let texts: Texts
    let session: Session
    /// Seals what a form carries from one step to the next.
    let drafts: DraftSeal
    /// The network address that the request comes from; `nil` if the web server tells none.
    let address: String?
    let now: Date
    /// News of the form before this page; `nil` if the page wasn't reached by one, or was loaded again.
    var notice: Notice?

    init(
        store: any Store, programme: any ConsoleProgramme, settings: ConsoleSettings, texts: Texts, session: Session,
        drafts: DraftSeal, address: String?, now: Date
    ) {
        self.store = store
        self.programme = programme
        self.settings = settings
        self.texts = texts
        self.session = session
        self.drafts = drafts
        self.address = address
        self.now = now
    }
}

/// A page's answer.
enum Answer: Sendable {
    case page(PageContent)
    /// To another page, by its path below `/admin`.
    case redirect(String, query: [String: String] = [:], cookies: [HTTPField] = [])
    case response(WebhookResponse)
}

/// The content inside the layout.
struct PageContent: Sendable {
    var template: Template
    var title: String
    /// The properties that the template reads by name. A property that is `nil` is looked for further out: it
    /// must not have the name of one that the page has around it.
    var context: any Sendable
    var status: HTTPResponse.Status = .ok
    /// Seconds between two fetches of the elements marked with `data-live`; `nil` to fetch none again.
    var refreshSeconds: Int?
    /// Seconds.
    var retryAfter: Int?

    init(
        _ template: Template, title: String, _ context: any Sendable, status: HTTPResponse.Status = .ok,
        refreshSeconds: Int? = nil, retryAfter: Int? = nil
    ) {
        self.template = template
        self.title = title
        self.context = context
        self.status = status
        self.refreshSeconds = refreshSeconds
        self.retryAfter = retryAfter
    }

    /// A page that says what went wrong and what to do.
    static func problem(_ text: ProblemText, _ status: HTTPResponse.Status) -> PageContent {
        PageContent(Template.problem, title: text.title, text, status: status)
    }
}
