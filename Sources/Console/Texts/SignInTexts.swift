struct SignInTexts: Sendable {
    let title = "Sign in"
    let lead = "Manage channels and track messages."
    let password = "Admin password"
    let passwordHelp = "Set on the server as BYOC_ADMIN_PASSWORD."
    let button = "Sign in"
    let everywhere = "Sign out everywhere"
    let wrong = "Wrong password."
    let formTooOld = "This form has expired, or this browser blocks cookies. Try again."

    func wait(_ seconds: Int) -> String { "Too many attempts. Try again in \(seconds) s." }

    let noPassword = ProblemText(
        title: "No admin password is set",
        text: """
            Signing in needs a password, and there is no default. Choose one of at least \(AdminPassword.shortest) \
            characters and hash it with the command below. Set BYOC_ADMIN_PASSWORD to the hash in the environment file, \
            then reload byoc (SIGHUP).
            """,
        code: "byoc hash-password")
}
