package import RelayCore

/// Another address of an account to connect.
package struct AddressPlan: Hashable, Sendable {
    /// The installation whose two accounts are used.
    package var besides: InstallationID
    package var address: Address
    package var topic: TopicID
    /// `nil` for the address's own name.
    package var name: String?
}
