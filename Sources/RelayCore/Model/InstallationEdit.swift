/// New values of an installation. One that is `nil` or missing stays as it is.
package struct InstallationEdit: Hashable, Sendable {
    package var name: String?
    /// The channel account's, by ``SettingField/key``; an empty one goes back to its default.
    package var settings: [String: String] = [:]
    /// The helpdesk account's.
    package var textLimit: Int?
    package var resolvedPolicy: Installation.ResolvedPolicy?
    package var doubtPolicy: Installation.DoubtPolicy?
    package var forwardsSystemLines: Bool?

    package init() {}

    /// The text limits that make sense.
    package static let textLimits = 100...100_000
}
