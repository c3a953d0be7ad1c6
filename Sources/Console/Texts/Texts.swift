import RelayCore

/// Everything the pages say, in English, and nowhere else: a translation replaces this folder. Templates read it as
/// `{{texts.errors.title}}`.
struct Texts: Sendable {
    let product = "byoc"
    let skip = "Skip to content"
    let signOut = "Sign out"
    let copy = "Copy"
    let copied = "Copied"
    let footer = "byoc connects messaging channels to Freshchat."
    let navigation = NavigationTexts()
    let signIn = SignInTexts()
    let errors = ErrorTexts()
    let overview = OverviewTexts()
    let messages = MessagesTexts()
    let message = MessageTexts()
    let timeline = TimelineTexts()
    let waiting = WaitTexts()
    let decisions = DecisionTexts()
    let forms = FormTexts()
    let connect = ConnectTexts()
    let installations = InstallationsTexts()
    let installation = InstallationTexts()
    let checks = CheckTexts()
    let credentials = CredentialTexts()
    let remove = RemoveTexts()
    let accounts = AccountTexts()
    let addresses = AddressTexts()
    let settings = SettingsTexts()
    let move = MoveTexts()
    let drain = DrainTexts()
    let test = TestTexts()
    let doctor = DoctorTexts()
}

struct NavigationTexts: Sendable {
    let label = "Pages"

    func label(_ section: Section) -> String {
        switch section {
        case .overview: "Overview"
        case .messages: "Messages"
        case .installations: "Installations"
        case .doctor: "Doctor"
        }
    }
}

/// A page with one piece of news.
struct ProblemText: Sendable {
    var title: String
    var text: String
    /// Text to be typed or searched for as it is.
    var code: String?
    /// The way on; none for the overview.
    var links: [LinkView] = []
}

extension ProblemText {
    /// The refusal of a channel, of Freshchat or of byoc itself.
    init(_ failure: SetupFailure) {
        self.init(title: failure.heading, text: failure.remedy)
    }
}

extension SetupFailure {
    /// The problem, with the party's name in front.
    var heading: String {
        side == "byoc" ? problem.prefix(1).uppercased() + problem.dropFirst() : "\(side): \(problem)"
    }
}

struct ErrorTexts: Sendable {
    let back = "Back to overview"

    /// To the message or the installation.
    func link(to section: Section?) -> String { section == .messages ? "View message" : "View installation" }

    let nothingHere = ProblemText(title: "Page not found", text: "Check the address, or use the menu.")

    let stale = ProblemText(
        title: "This form is out of date",
        text: "You signed in again after opening this form. Reload the page and resubmit. Nothing was changed.")

    func foreign(_ address: String) -> ProblemText {
        ProblemText(
            title: "This form came from another address",
            text: "byoc accepts forms only from its own pages. Nothing was changed. Open the pages at:",
            code: address + "/admin")
    }

    func conflict(_ message: String) -> ProblemText {
        ProblemText(title: "This isn't possible now", text: message.capitalisedSentence)
    }

    func store(_ message: String) -> ProblemText {
        ProblemText(title: "The data store isn't responding", text: "It reported: \(message)")
    }

    func unexpected(_ request: String) -> ProblemText {
        ProblemText(
            title: "Something went wrong",
            text: "Try again. If the error persists, search byoc's log for this request ID:", code: request)
    }
}

/// A count with its noun, in the singular or the plural.
///
/// - Parameter many: the plural where it isn't the noun with an “s”.
func counted(_ count: Int64, _ one: String, _ many: String? = nil) -> String {
    "\(count.grouped) \(count == 1 ? one : many ?? one + "s")"
}

extension Int64 {
    /// With a comma between thousands: `50,000`.
    var grouped: String {
        let digits = String(magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return self < 0 ? "-" + text : text
    }
}
