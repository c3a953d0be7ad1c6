package import RelayCore

/// The channels there are: one line for each.
package enum ChannelRegistry {
    /// In the order in which they are offered.
    package static let all: [any Channel] = [
        Viber()
    ]

    package static func channel(_ kind: ChannelKind) -> (any Channel)? {
        all.first { $0.descriptor.kind == kind }
    }
}
