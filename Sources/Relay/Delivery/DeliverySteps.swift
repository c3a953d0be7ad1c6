import FoundationEssentials
import HTTPTypes
import RelayCore
import Synchronization

/// Tells of one attempt at a delivery.
struct DeliverySteps: Sendable {
    let trace: any Trace
    /// `nil` while it isn't known by which channel it leaves.
    let channel: ChannelKind?
    /// When this attempt began.
    let start: ContinuousClock.Instant

    func record(_ kind: TraceStep.Kind, _ claim: Claim, _ fill: (inout TraceStep) -> Void = { _ in }) {
        trace.record(kind) { step in
            step.set(Flow(claim.delivery.installation, claim.delivery.direction), of: channel)
            step.delivery = claim.delivery.id.rawValue
            step.attempt = claim.delivery.attempts + 1
            step.set(claim.delivery.payload)
            if let contact = claim.contact { step.set(contact.profile) }
            step.set(time: .now - start)
            fill(&step)
        }
    }

    func recordDelivered(_ claim: Claim, now: Date) {
        record(.delivered, claim) { step in
            let age = Int(clamping: claim.delivery.acceptedAt.duration(until: now).seconds * 1000)
            step.detail = "\(age) ms after it was accepted"
        }
    }

    func recordRetrying(_ claim: Claim, _ failure: DeliveryFailure, at: Date, now: Date) {
        record(.retrying, claim) { step in
            let wait = max(0, now.duration(until: at).seconds)
            step.detail = "again in \(Int(clamping: wait.rounded(.up))) s: \(failure.description)"
        }
    }

    /// A note that leaves with the next look at the outbox.
    func record(_ note: NoteDraft, _ claim: Claim) {
        record(.note, claim) { step in
            step.event = "note"
            step.set(text: note.text)
            step.detail = "a private note for the agents"
        }
    }
}

/// Tells of each request, and how it was answered.
final class TracingSender: HTTPSender {
    private let base: any HTTPSender
    private let record: Recorder
    private let hasSent = Mutex(false)

    /// Makes a step and passes it on.
    typealias Recorder = @Sendable (TraceStep.Kind, (inout TraceStep) -> Void) -> Void

    init(base: any HTTPSender, record: @escaping Recorder) {
        self.base = base
        self.record = record
    }

    /// Whether anything was asked for but information.
    var hasChangedAnything: Bool { hasSent.withLock { $0 } }

    func send(
        _ request: HTTPRequest, body: [UInt8], timeout: Duration
    ) async throws(TransportFailure) -> HTTPReply {
        if request.method != .get { hasSent.withLock { $0 = true } }
        let call = "\(request.method.rawValue) \(request.loggedURL)"
        record(.sending) { step in
            step.ms = nil
            step.detail = call
        }
        let start = ContinuousClock.now
        do {
            let reply = try await base.send(request, body: body, timeout: timeout)
            record(.answered) { step in
                step.set(time: .now - start)
                step.status = reply.status.code
                step.detail = call
            }
            return reply
        } catch {
            record(.answered) { step in
                step.set(time: .now - start)
                step.outcome = "no answer"
                step.detail = "\(call): \(error)"
            }
            throw error
        }
    }
}
