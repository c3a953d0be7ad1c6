package import RelayCore

/// New values of an installation. What is `nil` or missing stays.
package struct InstallationChange: Hashable, Sendable {
    package var name: String?
    /// The channel account's, by ``SettingField/key``; an empty one goes back to its default.
    package var settings: [String: String] = [:]
    package var textLimit: Int?
    package var resolvedPolicy: Installation.ResolvedPolicy?
    package var doubtPolicy: Installation.DoubtPolicy?
    package var forwardsSystemLines: Bool?

    package init() {}

    /// The text limits that make sense.
    package static let textLimits = 100...100_000
}

/// Another address of an account to connect.
package struct AddressPlan: Hashable, Sendable {
    /// The installation whose two accounts are used.
    package var besides: InstallationID
    package var address: Address
    package var topic: TopicID
    /// `nil` for the address's own name.
    package var name: String?
}
