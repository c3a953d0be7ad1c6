// The one suite that all end-to-end tests belong to: one after the other, for each has a machine's worth of processes.

import Testing

/// Real processes, a real nginx, real files; both far sides are simulators whose log is the oracle.
@Suite(.serialized, .timeLimit(.minutes(3)), .showsLogsOfFailures)
enum EndToEnd {}

extension Trait where Self == IssueHandlingTrait {
    /// Tells the stack under test that its test has failed, so that it prints its logs at the end.
    static var showsLogsOfFailures: Self {
        .compactMapIssues { issue in
            ByocStack.current?.noteFailure()
            return issue
        }
    }
}
