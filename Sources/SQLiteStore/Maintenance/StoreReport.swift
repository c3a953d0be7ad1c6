/// What `byoc store check` found.
package struct StoreReport: Sendable, Encodable {
    package enum Severity: String, Sendable, Encodable {
        /// Something is not as it should be, and nothing is lost by it.
        case warning
        /// The file, or what it holds, is broken.
        case damage
    }

    package struct Finding: Sendable, Encodable {
        package var severity: Severity
        /// A stable name, for scripts.
        package var name: String
        package var problem: String
        package var remedy: String
    }

    package var path: String
    package var bytes: Int64
    package var walBytes: Int64
    /// Of the file's pages; `nil`, as with what follows, when it can't be read.
    package var freeBytes: Int64?
    package var journal: String?
    package var givesSpaceBack: Bool?
    /// The migrations that were made.
    package var schema: [String] = []
    /// Whether the secrets can be read with the key that is there; `nil`: not tried.
    package var keyMatches: Bool?
    /// Deliveries by their states.
    package var deliveries: [String: Int] = [:]
    package var findings: [Finding] = []

    package var worst: Severity? {
        if findings.contains(where: { $0.severity == .damage }) { return .damage }
        return findings.isEmpty ? nil : .warning
    }
}
