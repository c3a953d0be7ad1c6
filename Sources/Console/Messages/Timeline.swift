import FoundationEssentials
import RelayCore

/// One stage of a message's way.
struct StageView: Sendable {
    /// `good`, `warn`, `bad`, or none.
    var kind: String
    var label: String
    /// None when it is under way, or is only known as a fact.
    var time: [TimeView]
    var words: [String]
}

/// From the webhook to the other side's answer, in the order of time.
struct MessageWay {
    private let delivery: Delivery
    private let attempts: [Attempt]
    private let receipts: [Receipt]
    private let mask: (String) -> String

    /// - Parameter mask: makes the far side's words fit to be shown.
    init(_ delivery: Delivery, _ attempts: [Attempt], _ receipts: [Receipt], mask: @escaping (String) -> String) {
        self.delivery = delivery
        self.attempts = attempts
        self.receipts = receipts
        self.mask = mask
    }

    func steps(_ texts: MessageTexts) -> [StageView] {
        var steps = [
            StageView(
                kind: "good", label: texts.accepted, time: [TimeView(delivery.acceptedAt)], words: [origin(texts)])
        ]
        let hasPieces = attempts.contains { $0.piece > 0 }
        for (index, attempt) in attempts.enumerated() {
            steps.append(step(attempt, number: index + 1, hasPieces: hasPieces, texts))
        }
        if delivery.state == .waiting {
            if let last = attempts.last, last.outcome == nil { return steps + receiptSteps(texts) }
            let reason = [delivery.reason].filter { !$0.isEmpty }.map(mask)
            steps.append(
                StageView(kind: "", label: texts.nextAttempt, time: [TimeView(delivery.nextAttemptAt)], words: reason))
        } else {
            steps.append(end(texts))
        }
        return steps + receiptSteps(texts)
    }

    private func origin(_ texts: MessageTexts) -> String {
        if case .note = delivery.payload { return texts.acceptedNote }
        return delivery.direction == .inbound ? texts.acceptedInbound : texts.acceptedOutbound
    }

    private func step(_ attempt: Attempt, number: Int, hasPieces: Bool, _ texts: MessageTexts) -> StageView {
        let kind =
            switch attempt.outcome {
            case .delivered: "good"
            case .failed: "bad"
            case .inDoubt: "warn"
            case nil: ""
            }
        var outcome = texts.outcome(attempt.outcome)
        if let end = attempt.finishedAt {
            outcome += " " + texts.took(Self.words(for: end.timeIntervalSince(attempt.startedAt)))
        }
        return StageView(
            kind: kind, label: texts.attempt(number, piece: attempt.piece + 1, hasPieces: hasPieces),
            time: [TimeView(attempt.startedAt)],
            words: [outcome] + [attempt.detail].filter { !$0.isEmpty }.map(mask))
    }

    private func end(_ texts: MessageTexts) -> StageView {
        let kind =
            switch delivery.state {
            case .delivered: "good"
            case .dead: "bad"
            case .held: "warn"
            case .discarded, .waiting: ""
            }
        let words = [delivery.reason, delivery.detail].filter { !$0.isEmpty }.map(mask)
        return StageView(
            kind: kind, label: texts.ended(delivery.state), time: delivery.finishedAt.map { [TimeView($0)] } ?? [],
            words: words)
    }

    private func receiptSteps(_ texts: MessageTexts) -> [StageView] {
        receipts.map { receipt in
            StageView(
                kind: receipt.state == .failed ? "bad" : "good", label: texts.receipt(receipt.state),
                time: [TimeView(receipt.at)], words: [receipt.reason].compactMap(\.self).map(mask))
        }
    }

    /// `12 ms`, `3.4 s`, `5 min`, `2 h`, `3 d`.
    static func words(for seconds: Double) -> String {
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
}
