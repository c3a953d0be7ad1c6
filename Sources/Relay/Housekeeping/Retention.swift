import FoundationEssentials
import Logging
import RelayCore

/// Sweeps the store for as long as the relay runs: step by step with pauses, so that ingress never waits for it.
struct Retention {
    let store: any RetentionStore
    let settings: RelaySettings
    let time: RelayTime
    let logger: Logger

    /// Until the task is cancelled.
    func run() async {
        var sum = SweepResult()
        while !Task.isCancelled {
            do {
                sum += try await store.sweep(settings.retention, now: time.now())
                reach(.retention)
            } catch {
                // The store says itself when it can't be written; the sweep goes on from where it stood.
                logger.debug("sweep failed", metadata: ["error": "\(error)"])
                sum.hasMore = false
            }
            if !sum.hasMore {
                report(sum)
                sum = SweepResult()
            }
            let pause = sum.hasMore ? settings.retentionPause : settings.retentionInterval
            guard (try? await time.sleep(pause)) != nil else { return }
        }
    }

    private func report(_ sum: SweepResult) {
        guard sum.removed > 0 || sum.freedBytes > 0 else { return }
        logger.info(
            "old records removed",
            metadata: [
                "retention.deliveries": "\(sum.deliveries)", "retention.attempts": "\(sum.attempts)",
                "retention.receipts": "\(sum.receipts)", "retention.message_ids": "\(sum.messageIDs)",
                "retention.dedupe_keys": "\(sum.dedupeKeys)", "retention.freed_bytes": "\(sum.freedBytes)",
            ])
    }
}
