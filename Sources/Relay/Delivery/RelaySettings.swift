package import RelayCore

/// How a worker relays.
package struct RelaySettings: Hashable, Sendable {
    /// The most deliveries that this worker makes at the same moment.
    package var concurrency = 16
    /// How long a claimed ordering key is this worker's while it lives. Longer than any request.
    package var lease: Duration = .seconds(120)
    /// How often the outbox is looked at without having been told: what another worker accepted.
    package var pollInterval: Duration = .milliseconds(500)
    /// How often dead workers are looked for.
    package var housekeepingInterval: Duration = .seconds(1)
    /// For how long what is in hand may go on after the relay was told to stop.
    package var drainTime: Duration = .seconds(20)
    package var retryPolicy = RetryPolicy()
    /// How old what is over may become.
    package var retention = RetentionAges()
    /// Between two steps of a sweep through what is over.
    package var retentionPause: Duration = .milliseconds(50)
    /// How often it is asked whether a sweep is due.
    package var retentionInterval: Duration = .seconds(10)

    package init() {}
}
