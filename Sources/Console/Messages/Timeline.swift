import FoundationEssentials
import RelayCore

/// One stage of a message's timeline.
struct StageView: Sendable {
    /// `good`, `warn`, `bad`, or none.
    var kind: String
    var label: String
    /// None for a stage that is known only as a fact, and for one that hasn't begun.
    var time: [TimeView]
    var words: [String]
    var wait: [WaitView] = []
}

/// From the webhook to the receipt, in the order of time.
struct Timeline {
    let delivery: Delivery
    let attempts: [Attempt]
    let decisions: [DeliveryDecision]
    let receipts: [Receipt]
    /// The reason for waiting; `nil` for a message that doesn't wait.
    let wait: WaitReason?
    let waitView: [WaitView]
    /// The channel's name.
    let channel: String
    /// Makes another service's words fit to be shown.
    let mask: (String) -> String

    private var hasPieces: Bool { attempts.contains { $0.piece > 0 } || decisions.contains { $0.piece > 0 } }

    func stages(_ texts: Texts) -> [StageView] {
        let timeline = texts.timeline
        var accepted = StageView(
            kind: "good", label: timeline.accepted, time: [TimeView(delivery.acceptedAt)], words: [origin(timeline)])
        if delivery.source == .poll, let delay = delivery.acceptanceDelay {
            accepted.words.append(timeline.delay(words(for: delay / .seconds(1))))
        }
        let made = attempts.map { ($0.startedAt, stage($0, timeline)) } + decisions.map { ($0.at, stage($0, timeline)) }
        // The sort is stable: what happened in one instant stays in the order of its kind.
        let middle = made.sorted { $0.0 < $1.0 }.map(\.1)
        return [accepted] + middle + end(texts) + receipts.map { stage($0, timeline) }
    }

    private func origin(_ texts: TimelineTexts) -> String {
        if case .note = delivery.payload { return texts.acceptedNote }
        return delivery.direction == .inbound
            ? texts.acceptedInbound(channel) : texts.acceptedOutbound(delivery.source)
    }

    private func stage(_ attempt: Attempt, _ texts: TimelineTexts) -> StageView {
        let kind =
            switch attempt.outcome {
            case .delivered: "good"
            case .failed: "bad"
            case .inDoubt: "warn"
            case nil: ""
            }
        let outcome =
            attempt.finishedAt.map {
                texts.took(attempt.outcome, words(for: $0.timeIntervalSince(attempt.startedAt)))
            } ?? texts.outcome(attempt.outcome)
        return StageView(
            kind: kind, label: texts.attempt(attempt.number, piece: attempt.piece + 1, hasPieces: hasPieces),
            time: [TimeView(attempt.startedAt)], words: [outcome] + shown(attempt.detail))
    }

    private func stage(_ decision: DeliveryDecision, _ texts: TimelineTexts) -> StageView {
        StageView(
            kind: "", label: texts.decided(decision.kind, piece: decision.piece + 1, hasPieces: hasPieces),
            time: [TimeView(decision.at)], words: [texts.origin(decision.origin)])
    }

    private func stage(_ receipt: Receipt, _ texts: TimelineTexts) -> StageView {
        StageView(
            kind: receipt.state == .failed ? "bad" : "good", label: texts.receipt(receipt.state, channel),
            time: [TimeView(receipt.at)], words: shown(receipt.reason ?? ""))
    }

    /// The present state, unless a stage before it shows that already.
    private func end(_ texts: Texts) -> [StageView] {
        let label = texts.timeline.ended(delivery.state)
        let time = delivery.finishedAt.map { [TimeView($0)] } ?? []
        switch delivery.state {
        case .waiting:
            guard let wait else { return [] }
            if case .underWay = wait, attempts.last?.outcome == nil, !attempts.isEmpty { return [] }
            return [
                StageView(
                    kind: "", label: texts.waiting.label(wait), time: [], words: shown(delivery.reason), wait: waitView)
            ]
        case .discarded:
            guard decisions.last?.kind != .discard else { return [] }
            return [StageView(kind: "", label: label, time: time, words: shown(delivery.reason, delivery.detail))]
        case .delivered:
            return [StageView(kind: "good", label: label, time: time, words: [])]
        case .dead:
            // The last attempt says why.
            let isSaid = attempts.last?.detail.contains(delivery.reason) ?? false
            return [
                StageView(
                    kind: "bad", label: label, time: time,
                    words: isSaid ? [] : shown(delivery.reason, delivery.detail))
            ]
        case .held:
            return [StageView(kind: "warn", label: label, time: time, words: shown(delivery.reason, delivery.detail))]
        }
    }

    private func shown(_ words: String...) -> [String] { words.filter { !$0.isEmpty }.map(mask) }
}

/// A duration in one unit: `12 ms`, `3.4 s`, `5 min`, `2 h`, `3 d`.
func words(for seconds: Double) -> String {
    guard seconds.isFinite else { return "?" }
    let seconds = min(max(0, seconds), 1e12)
    switch seconds {
    case ..<0.9995: return "\(Int((seconds * 1000).rounded())) ms"
    case ..<9.95:
        let tenths = Int((seconds * 10).rounded())
        return tenths.isMultiple(of: 10) ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
    case ..<119.5: return "\(Int(seconds.rounded())) s"
    case ..<(119.5 * 60): return "\(Int((seconds / 60).rounded())) min"
    case ..<(47.5 * 3600): return "\(Int((seconds / 3600).rounded())) h"
    default: return "\(Int((seconds / 86_400).rounded())) d"
    }
}
