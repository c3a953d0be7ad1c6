import FoundationEssentials
package import Logging
package import RelayCore

/// Raises and clears alarms, with one line in the log of one worker for each beginning and each end.
///
/// Which ones are raised stands in the store, so workers that see the same at the same moment tell it once, and one that
/// has just started doesn't tell it again. A collector of logs looks for the key `alarm`, whose values are
/// ``Alarm/Name``'s and never change.
package struct Alarms: Sendable {
    let store: any MetricsStore
    let time: RelayTime
    let logger: Logger

    package init(store: any MetricsStore, time: RelayTime, logger: Logger) {
        self.store = store
        self.time = time
        self.logger = logger
    }

    /// - Parameter reason: in words for the operator, nothing secret in it.
    package func raise(_ alarm: Alarm, because reason: String) async {
        do {
            guard try await store.raise(alarm, because: reason, now: time.now()) else { return }
            logger.error("alarm raised", metadata: metadata(alarm).merging(["reason": "\(reason)"]) { $1 })
        } catch {
            // The store reports its failure itself, and an alarm is raised again for as long as there is cause.
            logger.debug(
                "alarm can't be stored",
                metadata: metadata(alarm).merging(["reason": "\(reason)", "error": "\(error)"]) { $1 })
        }
    }

    package func clear(_ alarm: Alarm) async {
        do {
            guard try await store.clear(alarm) else { return }
            logger.notice("alarm cleared", metadata: metadata(alarm))
        } catch {
            logger.debug("alarm can't be cleared", metadata: metadata(alarm).merging(["error": "\(error)"]) { $1 })
        }
    }

    /// Brings what is raised to what is wanted, without a write where nothing has changed.
    ///
    /// - Parameter raised: those that the caller is to judge.
    func settle(_ raised: Set<Alarm>, to wanted: [Alarm: String]) async {
        for (alarm, reason) in wanted where !raised.contains(alarm) { await raise(alarm, because: reason) }
        for alarm in raised where wanted[alarm] == nil { await clear(alarm) }
    }

    private func metadata(_ alarm: Alarm) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["alarm": "\(alarm.name.rawValue)"]
        if let installation = alarm.installation { metadata["installation.id"] = "\(installation)" }
        if !alarm.subject.isEmpty { metadata["subject"] = "\(alarm.subject)" }
        return metadata
    }
}
