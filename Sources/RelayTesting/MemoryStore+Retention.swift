package import FoundationEssentials
package import RelayCore
import Synchronization

extension MemoryStore {
    package func sweep(_ ages: RetentionAges, now: Date) async throws(StoreFailure) -> SweepResult {
        state.withLock { state in
            if let end = state.sweepRestsUntil, now < end { return SweepResult() }
            state.sweepRestsUntil = now.addingTimeInterval(ages.rest / .seconds(1))
            return state.removeWhatIsOver(ages, now: now)
        }
    }
}

extension MemoryState {
    struct PastMessage {
        var delivery: DeliveryID
        var direction: Direction
        var at: Date
    }

    /// All of it in one step.
    fileprivate mutating func removeWhatIsOver(_ ages: RetentionAges, now: Date) -> SweepResult {
        var result = SweepResult()
        let over = deliveries.values.filter { $0.state == .delivered || $0.state == .discarded }
        let overIDs = Set(over.map(\.id))
        let attemptsBefore = attempts.count
        attempts.removeAll {
            overIDs.contains($0.attempt.delivery) && $0.attempt.startedAt <= now.before(ages.attempts)
        }
        result.attempts = attemptsBefore - attempts.count
        let old = over.filter { ($0.finishedAt ?? now) <= now.before(ages.delivered) }
        for delivery in old { remove(delivery) }
        result.deliveries = old.count
        let receiptsBefore = receipts.count
        receipts = receipts.filter {
            channelMessages[$0.key] != nil || $0.value.receipt.at > now.before(ages.delivered)
        }
        result.receipts = receiptsBefore - receipts.count
        let keysEnd = now.before(max(ages.dedupe, RetentionAges.shortestDedupe))
        let messagesBefore = pastMessages.count
        pastMessages = pastMessages.filter { $0.value.at > keysEnd }
        result.messageIDs = messagesBefore - pastMessages.count
        let keysBefore = dedupe.count
        dedupe = dedupe.filter { $0.value > keysEnd }
        result.dedupeKeys = keysBefore - dedupe.count
        return result
    }

    private mutating func remove(_ delivery: Delivery) {
        for (name, id) in helpdeskMessages where id == delivery.id {
            pastMessages[name] = PastMessage(
                delivery: id, direction: delivery.direction, at: delivery.finishedAt ?? delivery.acceptedAt)
            helpdeskMessages[name] = nil
        }
        channelMessages = channelMessages.filter { $0.value != delivery.id }
        attempts.removeAll { $0.attempt.delivery == delivery.id }
        decisions[delivery.id] = nil
        noted[delivery.id] = nil
        deliveries[delivery.id] = nil
    }
}

extension Date {
    fileprivate func before(_ age: Duration) -> Date { addingTimeInterval(-(age / .seconds(1))) }
}
