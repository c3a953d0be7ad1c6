struct SignInTexts: Sendable {
    let title = "Sign in"
    let lead = "These pages connect channels to Freshchat and show how messages fare."
    let password = "Admin password"
    let passwordHelp = "The one that BYOC_ADMIN_PASSWORD is set to on the server."
    let button = "Sign in"
    let everywhere = "Sign out everywhere"
    let wrong = "That is not the password."
    let formTooOld = "This form was too old, or cookies are switched off in this browser. Try once more."

    func wait(_ seconds: Int) -> String {
        "There were too many tries. Wait \(seconds == 1 ? "a second" : "\(seconds) seconds") and try again."
    }

    let noPassword = ProblemText(
        title: "The pages have no password yet",
        text: """
            Nobody can sign in until the server's environment has one; there is no default. Choose a password of at \
            least \(AdminPassword.shortest) characters, let byoc make a hash of it, put that into the environment file \
            as BYOC_ADMIN_PASSWORD, and reload byoc (SIGHUP):
            """,
        code: "byoc hash-password")
}
