import Synchronization

/// Sends webhooks as the real services do: in order within a lane, lanes side by side, a failed one again later
/// without holding up those behind it.
package final class WebhookDispatcher: Sendable {
    private enum Work: Sendable {
        case drain(lane: String)
        case repeats(WebhookDelivery, headers: [(String, String)])
        case copy(WebhookDelivery)
        case timer(Duration, @Sendable () -> Void)
    }

    private struct State {
        /// What waits in each lane; a lane is here exactly while a task drains it.
        var lanes: [String: [WebhookDelivery]] = [:]
        var pending = 0
    }

    private let state = Mutex(State())
    private let work: AsyncStream<Work>
    private let addWork: AsyncStream<Work>.Continuation
    private let client = WebhookClient()
    private let log: EventLog

    package init(log: EventLog) {
        (work, addWork) = AsyncStream.makeStream()
        self.log = log
    }

    /// Deliveries that are neither accepted nor given up, and timers that have not fired.
    package var pending: Int { state.withLock { $0.pending } }

    package func enqueue(_ delivery: WebhookDelivery) {
        if delivery.disturbance.isDropped {
            log.record(
                delivery.side, .unsent, delivery.name, subject: delivery.subject, reference: delivery.reference,
                text: "dropped by a knob")
            delivery.onFirstAttempt?()
            return
        }
        let isNewLane = state.withLock { state in
            state.pending += 1
            if delivery.disturbance.isReordered { return false }
            let isNew = state.lanes[delivery.lane] == nil
            state.lanes[delivery.lane, default: []].append(delivery)
            return isNew
        }
        if delivery.disturbance.isReordered {
            addWork.yield(.copy(delivery))
        } else if isNewLane {
            addWork.yield(.drain(lane: delivery.lane))
        }
    }

    /// Enqueues and waits until the first attempt has been made.
    package func deliver(_ delivery: WebhookDelivery) async {
        await withCheckedContinuation { continuation in
            var delivery = delivery
            delivery.onFirstAttempt = { continuation.resume() }
            enqueue(delivery)
        }
    }

    /// Does something later; until then it counts as pending.
    package func schedule(after wait: Duration, _ action: @escaping @Sendable () -> Void) {
        state.withLock { $0.pending += 1 }
        addWork.yield(.timer(wait, action))
    }

    /// Sends what is enqueued until it is cancelled. To be run once.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await item in work {
                group.addTask { await self.perform(item) }
            }
        }
    }

    private func perform(_ item: Work) async {
        switch item {
        case .drain(let lane):
            while let batch = nextBatch(of: lane) {
                for delivery in batch { await makeFirstAttempt(delivery) }
            }
        case .copy(let delivery):
            await makeFirstAttempt(delivery)
        case .repeats(let delivery, let headers):
            await makeFurtherAttempts(delivery, headers)
        case .timer(let wait, let action):
            do { try await Task.sleep(for: wait) } catch { return }
            action()
            finish()
        }
    }

    /// What has gathered in the lane since the last batch; nil, and the lane is closed, when nothing has.
    private func nextBatch(of lane: String) -> [WebhookDelivery]? {
        state.withLock { state in
            guard let batch = state.lanes[lane], !batch.isEmpty else {
                state.lanes[lane] = nil
                return nil
            }
            state.lanes[lane] = []
            return batch
        }
    }

    private func makeFirstAttempt(_ delivery: WebhookDelivery) async {
        if delivery.disturbance.delay > .zero { try? await Task.sleep(for: delivery.disturbance.delay) }
        let headers = delivery.headers(delivery.body)
        if delivery.disturbance.isDuplicated {
            var copy = delivery
            copy.disturbance = Disturbance()
            copy.headers = { _ in headers }
            copy.onFirstAttempt = nil
            state.withLock { $0.pending += 1 }
            addWork.yield(.copy(copy))
        }
        let isDone = await attempt(delivery, headers, number: 0)
        delivery.onFirstAttempt?()
        if isDone {
            finish()
        } else {
            addWork.yield(.repeats(delivery, headers: headers))
        }
    }

    private func makeFurtherAttempts(_ delivery: WebhookDelivery, _ headers: [(String, String)]) async {
        for (index, wait) in delivery.policy.waits.enumerated() {
            do { try await Task.sleep(for: wait) } catch { return }
            if await attempt(delivery, headers, number: index + 1) { return finish() }
        }
        log.record(
            delivery.side, .unsent, delivery.name, subject: delivery.subject, reference: delivery.reference,
            text: "failed after \(delivery.policy.waits.count + 1) attempts")
        finish()
    }

    private func finish() {
        state.withLock { $0.pending -= 1 }
        log.noteChange()
    }

    /// Makes one attempt; true when there is nothing more to do.
    private func attempt(_ delivery: WebhookDelivery, _ headers: [(String, String)], number: Int) async -> Bool {
        guard let target = delivery.target() else {
            log.record(
                delivery.side, .unsent, delivery.name, subject: delivery.subject, reference: delivery.reference,
                text: "no webhook is set")
            return true
        }
        let since = log.last
        let numbered = headers + (delivery.attemptHeader.map { [($0, String(number))] } ?? [])
        let answer = await client.post(
            delivery.body, to: target, headers: numbered, timeoutMilliseconds: delivery.policy.timeoutMilliseconds)
        let isAccepted = delivery.policy.accepts(answer.status)
        if isAccepted { delivery.onAccepted?(answer.body) }
        log.record(
            delivery.side, .webhook, delivery.name, subject: delivery.subject, reference: delivery.reference,
            status: answer.status, text: "attempt \(number)\(answer.failure.map { ": \($0)" } ?? "")", since: since)
        return isAccepted
    }
}
