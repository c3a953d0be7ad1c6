import RelayCore

/// Collects the values that an installation needs: given ones, then those of the environment, then by asking.
struct Answers {
    private var given: [String: String]
    private let isInteractive: Bool
    private var missing: [String] = []

    init(given: [String: String], isInteractive: Bool) {
        self.given = given
        self.isInteractive = isInteractive
    }

    mutating func value(
        _ key: String, label: String, help: String, isSecret: Bool = false, isRequired: Bool = true,
        otherwise: String?, problem: (String) -> String? = { _ in nil }
    ) -> String? {
        if let value = given.removeValue(forKey: key) ?? otherwise, !value.isEmpty {
            if let problem = problem(value) { missing.append("\(key): \(problem)") }
            return value
        }
        guard isRequired else { return nil }
        guard isInteractive else {
            missing.append("\(key) is missing: \(label) (\(help))")
            return nil
        }
        Terminal.note("\(label): \(help)")
        while let value = Terminal.ask(label, isSecret: isSecret)?.trimmingWhiteSpace() {
            if value.isEmpty { continue }
            guard let problem = problem(value) else { return value }
            Terminal.note(problem)
        }
        missing.append("\(key) is missing")
        return nil
    }

    mutating func value(of field: SettingField, otherwise: String?) -> String? {
        value(
            field.key, label: field.label, help: field.help, isSecret: field.isSecret, isRequired: field.isRequired,
            otherwise: otherwise, problem: field.problem)
    }

    /// - Throws: ``CommandFailure`` with all values that are missing, wrong or unknown.
    func check() throws {
        let all = missing + given.keys.sorted().map { "\($0): unknown setting" }
        guard all.isEmpty else {
            throw CommandFailure(
                "Values are missing or wrong:", details: all,
                remedy:
                    "Pass settings with --set key=value and secrets with --secrets FILE, or set them in the environment."
            )
        }
    }
}
