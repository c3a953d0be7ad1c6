/// One value that an installation of a channel needs.
package struct SettingField: Sendable {
    /// In the store and, with dashes and in capitals, in options and environment: `auth_token`.
    package var key: String
    package var label: String
    /// What it is and where to find it.
    package var help: String
    package var isSecret: Bool
    package var isRequired: Bool
    package var defaultValue: String?
    /// Says what is wrong with a value, `nil` when nothing is.
    package var problem: @Sendable (String) -> String?

    package init(
        key: String, label: String, help: String, isSecret: Bool = false, isRequired: Bool = true,
        defaultValue: String? = nil, problem: @escaping @Sendable (String) -> String? = { _ in nil }
    ) {
        self.key = key
        self.label = label
        self.help = help
        self.isSecret = isSecret
        self.isRequired = isRequired
        self.defaultValue = defaultValue
        self.problem = problem
    }
}
