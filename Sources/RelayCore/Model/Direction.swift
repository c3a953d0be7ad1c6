/// Which way a delivery goes.
package enum Direction: String, Codable, Sendable, CaseIterable {
    /// From the customer to the agent.
    case inbound
    /// From the agent to the customer.
    case outbound

    /// Whose API the delivery is made through.
    package var side: Side { self == .inbound ? .helpdesk : .channel }
}

/// One of the two services that byoc relays between.
package enum Side: String, Codable, Sendable, CaseIterable {
    case channel, helpdesk
}
