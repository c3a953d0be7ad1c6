/// One thing that was looked at, and how it is.
package struct Finding: Hashable, Codable, Sendable {
    package enum Severity: String, Codable, Sendable, CaseIterable, Comparable {
        case ok
        /// It works, but not as it should; or it could not be found out.
        case warning
        /// Messages are lost, stand still, or soon will.
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
    /// What was looked at: "Certificate".
    package var subject: String
    /// Whose; `nil`: it concerns all.
    package var installation: InstallationID?
    /// How it is, or what is wrong.
    package var problem: String
    /// Why that matters; empty when nothing is wrong.
    package var reason: String
    /// The command or the click that mends it; empty when nothing is wrong.
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

    /// What could not be found out is told, and doesn't pass.
    package static func unknown(_ subject: String, _ problem: String, do remedy: String = "") -> Finding {
        Finding(
            .warning, subject, "could not be checked: \(problem)", why: "Whether it is right is not known.", do: remedy)
    }
}

/// Looks at everything that can be wrong with an installation of byoc.
package protocol Examining: Sendable {
    /// - Parameter installation: only this one and what concerns all; `nil`: everything.
    func examine(_ installation: InstallationID?) async -> [Finding]
}
