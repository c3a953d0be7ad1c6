import RelayCore

/// Everything the pages say, in English, and nowhere else: a translation replaces this folder. Templates read it as
/// `{{texts.errors.title}}`.
struct Texts: Sendable {
    let product = "byoc"
    let skip = "Skip to the content"
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
    let forms = FormTexts()
    let connect = ConnectTexts()
    let installations = InstallationsTexts()
    let installation = InstallationTexts()
    let checks = CheckTexts()
    let credentials = CredentialTexts()
    let remove = RemoveTexts()
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

/// A page that only says something.
struct ProblemText: Sendable {
    var title: String
    var text: String
    /// To be typed as it stands.
    var code: String?
}

extension ProblemText {
    /// What a far side, or byoc itself, refuses.
    init(_ failure: SetupFailure) {
        self.init(title: failure.heading, text: failure.remedy)
    }
}

extension SetupFailure {
    /// The problem, with whose it is.
    var heading: String {
        side == "byoc" ? problem.prefix(1).uppercased() + problem.dropFirst() : "\(side): \(problem)"
    }
}

struct ErrorTexts: Sendable {
    let back = "Back to the overview"

    let nothingHere = ProblemText(
        title: "There is nothing here",
        text: "The address may be mistyped, or what was here is gone. The navigation leads to all there is.")

    let stale = ProblemText(
        title: "This form is too old",
        text: """
            You have signed in anew since it was opened, or it wasn't one of ours. Go back, load the page again, and \
            send the form once more. Nothing was changed.
            """)

    func foreign(_ address: String) -> ProblemText {
        ProblemText(
            title: "This form came from another address",
            text: """
                Forms are taken only from byoc's own pages at its public address. Nothing was changed. Open the pages \
                there:
                """,
            code: address + "/admin")
    }

    func conflict(_ message: String) -> ProblemText {
        ProblemText(title: "That can't be done now", text: message)
    }

    func store(_ message: String) -> ProblemText {
        ProblemText(title: "The data store doesn't answer", text: "It says: \(message)")
    }

    func unexpected(_ request: String) -> ProblemText {
        ProblemText(
            title: "Something went wrong",
            text: "The log has the reason, under this request's id. Try again; if it stays, look there.", code: request)
    }
}
