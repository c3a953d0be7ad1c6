import RelayCore
import Synchronization

/// How full it may become before webhooks are refused. The senders keep what is refused, and send it again.
package struct PressureLimits: Hashable, Sendable {
    /// Waiting deliveries.
    package var outbox = 1_000_000
    /// Bytes that stay free on the file system: what is accepted already can then still be relayed, for the outcomes have
    /// room to be written. 0: none.
    package var diskReserve: Int64 = 64 * 1024 * 1024

    package init() {}

    /// How far the waiting deliveries have to be counted.
    var countLimit: Int { outbox }
}

/// What there is too much or too little of. The raw values are the subjects of ``Alarm/Name/storePressure``.
package enum Strain: String, Sendable, CaseIterable, Comparable {
    /// Too much waits. What becomes no delivery is still taken in: receipts and subscriptions are small, and most of them
    /// replace others.
    case outbox
    /// The disk is nearly full. Nothing is taken in.
    case disk

    package static func < (left: Strain, right: Strain) -> Bool { left.rawValue < right.rawValue }

    /// What is strained, each with the reason for an operator. Pure: the same for all workers that see the same.
    ///
    /// What has begun ends only when there is some air again, at nine tenths, so that it doesn't come and go with each
    /// delivery.
    ///
    /// - Parameter present: what was strained until now.
    static func all(by load: StoreLoad, limits: PressureLimits, present: Set<Strain>) -> [Strain: String] {
        var strains: [Strain: String] = [:]
        let highest = present.contains(.outbox) ? limits.outbox - limits.outbox / 10 : limits.outbox
        if load.waiting >= max(1, highest) {
            strains[.outbox] =
                "\(load.waiting) deliveries or more wait; BYOC_OUTBOX_LIMIT is \(limits.outbox)"
        }
        let needed = present.contains(.disk) ? limits.diskReserve + limits.diskReserve / 9 : limits.diskReserve
        if let free = load.free, free < needed {
            strains[.disk] =
                "\(free / (1024 * 1024)) MiB are free on the disk of the data store; BYOC_DISK_RESERVE is "
                + "\(limits.diskReserve / (1024 * 1024)) MiB"
        }
        return strains
    }
}

/// Whether this process takes webhooks in. Looked at by each request, and brought up to date by ``HealthKeeper``.
package final class Pressure: Sendable {
    private let strains = Mutex<[Strain: String]>([:])
    /// What is wrong around this process.
    let surroundings = LocalAlarms()

    package init() {}

    func update(_ present: [Strain: String]) { strains.withLock { $0 = present } }

    /// What is strained, and why.
    var present: [Strain: String] { strains.withLock { $0 } }

    /// Why these can't be taken in now; `nil`: they can.
    func obstacle(to arrivals: [Acceptance.Arrival]) -> Strain? {
        let present = strains.withLock { $0 }
        guard !present.isEmpty else { return nil }
        if present[.disk] != nil { return .disk }
        return present[.outbox] != nil && arrivals.contains { $0.content.isDelivery } ? .outbox : nil
    }
}

/// Webhooks aren't taken in now, so that what was taken in before can be relayed.
struct PressureRefusal: Error, Hashable {
    var strain: Strain
    /// Seconds for `Retry-After`: long enough for a part of the outbox to go, short enough for a sender's patience.
    static let retryAfter = 30

    /// For the sender, without our figures.
    var sentence: String {
        switch strain {
        case .outbox: "Too much waits to be relayed; please send it again later."
        case .disk: "There is too little room; please send it again later."
        }
    }
}
