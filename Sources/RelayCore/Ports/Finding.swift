/// The result of one check.
package struct Finding: Hashable, Codable, Sendable {
    package enum Severity: String, Codable, Sendable, CaseIterable, Comparable {
        case ok
        /// It works, but not as it should; or it could not be checked.
        case warning
        /// Messages are lost or stuck, or soon will be.
        case error

        package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .ok: 0
            case .warning: 1
            case .error: 2
            }
        }
    }

    package var severity: Severity
    /// The subject of the check: "Certificate".
    package var subject: String
    /// The installation that it concerns; `nil` if it concerns all.
    package var installation: InstallationID?
    /// The state, or what is wrong.
    package var problem: String
    /// Why that matters; empty if nothing is wrong.
    package var reason: String
    /// The command or the click that fixes it; empty if nothing is wrong.
    package var remedy: String

    package init(
        _ severity: Severity, _ subject: String, _ problem: String, why reason: String = "", do remedy: String = "",
        installation: InstallationID? = nil
    ) {
        self.severity = severity
        self.subject = subject
        self.problem = problem
        self.reason = reason
        self.remedy = remedy
        self.installation = installation
    }

    /// A check that could not be made is reported, and counts as a warning.
    package static func unknown(_ subject: String, _ problem: String, do remedy: String = "") -> Finding {
        Finding(
            .warning, subject, "not checked: \(problem)", why: "It may or may not be in order.", do: remedy)
    }
}

/// Checks everything that can be wrong with byoc and its installations.
package protocol Examining: Sendable {
    /// - Parameter installation: only this one and what concerns all; `nil`: everything.
    func examine(_ installation: InstallationID?) async -> [Finding]
}
