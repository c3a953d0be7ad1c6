/// An answer with which a service says that the fault is its own: HTTP 500 to 599.
///
/// It says nothing about whether the request was applied, so such an attempt at a send stays in doubt. Many of them in a row
/// are no riddle, though: the service is down, and the reason says so.
package struct ServiceFault: Hashable, Codable, Sendable {
    /// From how many attempts in a row on the service counts as down.
    package static let outage = 5

    /// As people call it: "Freshchat".
    package var service: String
    package var status: Int

    package init(service: String, status: Int) {
        self.service = service
        self.status = status
    }

    /// In words that an agent understands.
    ///
    /// - Parameter count: how many attempts in a row ended so, this one included.
    package func reason(inARow count: Int = 1) -> String {
        if count < Self.outage { return passing + "it answered \(status)" }
        return lasting + "it answered \(count) attempts in a row with faults of its own, this one with \(status)"
    }

    /// The reason of an attempt that only looked, and sent nothing because an earlier one may still be under way.
    package static func unsettled(by service: String) -> String { "It is not known yet whether \(service) has it" }

    /// Whether an attempt's detail is of one that sent nothing; see ``unsettled(by:)``.
    fileprivate func onlyLooked(in detail: String) -> Bool { detail.hasPrefix(Self.unsettled(by: service)) }

    /// Whether an attempt's detail is of such a fault of this service, whatever its status.
    package func isTold(in detail: String) -> Bool { detail.hasPrefix(passing) || detail.hasPrefix(lasting) }

    private var passing: String { "\(service) has a problem of its own: " }
    private var lasting: String { "\(service) is down: " }
}

extension DeliveryFailure {
    /// The failure of an attempt that the service answered with a fault of its own.
    package init(_ fault: ServiceFault, after wait: Duration?, isCertain: Bool, detail: String) {
        self.init(.retry(after: wait), isCertain: isCertain, reason: fault.reason(), detail: detail)
        self.fault = fault
    }

    /// The same failure, with a reason that says for how many attempts in a row the service has failed.
    ///
    /// - Parameter earlier: the attempts of the same piece before this one, the oldest first.
    package func following(_ earlier: [Attempt]) -> DeliveryFailure {
        guard let fault else { return self }
        var failure = self
        let sends = earlier.reversed().filter { !fault.onlyLooked(in: $0.detail) }
        failure.reason = fault.reason(inARow: 1 + sends.prefix { fault.isTold(in: $0.detail) }.count)
        return failure
    }
}
