import ArgumentParser

/// The exit codes of commands that look for problems. 1 is left to the failure of the command itself.
enum ProblemsFound {
    static let errors = ExitCode(2)
    static let warnings = ExitCode(3)
}
