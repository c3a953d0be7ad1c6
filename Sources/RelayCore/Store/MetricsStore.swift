package import FoundationEssentials

/// The figures and the alarms, which all workers share: any of them answers for all.
package protocol MetricsStore: Sendable {
    /// Counts what no other change of the store counts by itself.
    func count(_ counter: Counter, _ flow: Flow, by amount: Int) async throws(StoreFailure)

    /// Adds what a process has counted of webhooks.
    func add(_ tally: IntakeTally) async throws(StoreFailure)

    /// Everything there is to tell at this moment. Blocks the calling thread for some reading; for request threads.
    func metrics() throws(StoreFailure) -> StoreMetrics

    /// As ``metrics()``, without blocking the caller's thread.
    func currentMetrics() async throws(StoreFailure) -> StoreMetrics

    /// Keeps what the figures say at the beginning of a minute, once however many workers tell it. Old minutes give way.
    func keepMinute(of metrics: StoreMetrics, now: Date) async throws(StoreFailure)

    /// What is kept of the last minutes, of each flow.
    func minutes() async throws(StoreFailure) -> [Flow: [MinuteMark]]

    /// How much there is, as cheap as can be.
    ///
    /// - Parameter waitingUpTo: counts no further than this.
    func load(waitingUpTo limit: Int) async throws(StoreFailure) -> StoreLoad

    /// The alarms that are raised.
    func alarms() async throws(StoreFailure) -> [RaisedAlarm]

    /// - Returns: whether it wasn't raised before: then it is the caller's to tell of it.
    func raise(_ alarm: Alarm, because reason: String, now: Date) async throws(StoreFailure) -> Bool

    /// - Returns: whether it was raised: then it is the caller's to tell of its end.
    func clear(_ alarm: Alarm) async throws(StoreFailure) -> Bool
}

/// The figures of the store at one moment.
package struct StoreMetrics: Sendable {
    /// An installation that isn't removed.
    package struct InstallationState: Hashable, Sendable {
        package var id: InstallationID
        /// Why it is paused; `nil` if it isn't.
        package var pausedReason: String?
        /// Whether Freshchat's webhook can be verified.
        package var hasWebhookKey: Bool

        package init(id: InstallationID, pausedReason: String?, hasWebhookKey: Bool = true) {
            self.id = id
            self.pausedReason = pausedReason
            self.hasWebhookKey = hasWebhookKey
        }
    }

    /// What isn't finished of one direction of one installation.
    package struct Outbox: Hashable, Sendable {
        package var waiting: Int64 = 0
        /// Of those that wait.
        package var inDoubt: Int64 = 0
        package var held: Int64 = 0
        package var dead: Int64 = 0
        /// When the oldest of those that wait was accepted.
        package var oldestWaiting: Date?

        package init() {}
    }

    /// What the relay could do, and how long it has been at it.
    package struct Relay: Hashable, Sendable {
        /// Since when there has been a delivery that a worker may take, in the past or in the future, as
        /// ``OutboxStore/nextDue(now:)`` says: not what is leased, paused, behind a closed gate or an open breaker. `nil` if
        /// there is none.
        package var dueSince: Date?
        /// How much time the lease that ends first still has, by the ``BootClock``; below zero, it is over and nobody has
        /// freed it. `nil` if no lane is leased.
        package var leaseEndsIn: Duration?

        package init() {}
    }

    /// Webhooks with a wrong signature since the last right one.
    package struct Signatures: Hashable, Sendable {
        package var ascii: Int64 = 0
        /// Those whose bodies hold other characters.
        package var other: Int64 = 0

        package init() {}
    }

    package var installations: [InstallationState] = []
    package var counters: [Flow: [Counter: Int64]] = [:]
    package var histograms: [Histogram.Kind: [Flow: Histogram]] = [:]
    package var outbox: [Flow: Outbox] = [:]
    package var signatures: [Flow: Signatures] = [:]
    package var relay = Relay()
    /// When the last webhook came that was answered with success.
    package var lastWebhooks: [Flow: Date] = [:]
    /// How Freshchat's webhooks come, for each installation of which something is known.
    package var helpdesk: [InstallationID: HelpdeskSigns] = [:]
    /// When the last message was withheld.
    package var lastWithheld: [Flow: Date] = [:]
    package var alarms: [RaisedAlarm] = []
    package var breakers: [OpenBreaker] = []
    /// Why the delivery whose failure opened a breaker still waits; without those of which nothing is known any more.
    package var breakerReasons: [OpenBreaker: String] = [:]
    package var size = StoreSize()

    package init() {}

    /// Both ways of each installation, also where nothing has come yet.
    package var flows: Set<Flow> {
        Set(installations.flatMap { installation in Direction.allCases.map { Flow(installation.id, $0) } })
    }
}

/// What the store takes on the disk, in bytes.
package struct StoreSize: Hashable, Sendable {
    package var database: Int64 = 0
    /// The write-ahead log.
    package var log: Int64 = 0
    /// What is free for us on the file system; `nil`: nobody knows.
    package var free: Int64?

    package init() {}
}

/// What back-pressure is decided by.
package struct StoreLoad: Hashable, Sendable {
    package var waiting: Int
    /// Bytes on the file system; `nil`: nobody knows.
    package var free: Int64?

    package init(waiting: Int, free: Int64?) {
        self.waiting = waiting
        self.free = free
    }
}
