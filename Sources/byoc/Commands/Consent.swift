import ArgumentParser

/// Asks before a decision that can't be undone, or that is about many deliveries at once.
struct Consent: ParsableArguments {
    @Flag(help: "Don't ask for confirmation.") var yes = false
    @Flag(help: "Show what would be done, and change nothing.") var dryRun = false

    /// Shows the plan on the standard error stream, and asks on a terminal whether to carry it out.
    ///
    /// - Parameters:
    ///   - action: the verb and its object, in lower case: "retry 5 deliveries".
    ///   - plan: one line each.
    ///   - isQuiet: whether the plan needn't be shown if nobody is asked, because a script reads JSON.
    /// - Returns: whether to go ahead; never in a dry run.
    /// - Throws: ``CommandFailure`` if there is no terminal to ask on and no `--yes`.
    func asks(
        to action: String, showing plan: [String], isQuiet: Bool = false,
        isInteractive: Bool = Terminal.isInteractive
    ) throws(CommandFailure) -> Bool {
        if !(isQuiet && (yes || dryRun)) {
            for line in plan { Terminal.note(line.printableOnOneLine) }
        }
        if dryRun {
            Terminal.note("Dry run: nothing was changed.")
            return false
        }
        if yes { return true }
        guard isInteractive else {
            throw CommandFailure(
                "Confirmation is needed to \(action), and there is no terminal to ask on.",
                remedy: "Add --yes to go ahead, or --dry-run to only see what would be done.")
        }
        guard Terminal.confirms(action.prefix(1).uppercased() + action.dropFirst() + "?") else {
            Terminal.note("Nothing was changed.")
            return false
        }
        return true
    }
}
