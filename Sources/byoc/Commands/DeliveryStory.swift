import Foundation
import RelayCore

/// A delivery with its history.
struct DeliveryStory: Encodable {
    struct AttemptView: Encodable {
        /// Which attempt at its piece, from 1.
        var number: Int
        var piece: Int
        var startedAt: Date
        var finishedAt: Date?
        var outcome: String
        var detail: String

        init(_ attempt: Attempt) {
            number = attempt.number
            piece = attempt.piece + 1
            startedAt = attempt.startedAt
            finishedAt = attempt.finishedAt
            outcome =
                switch attempt.outcome {
                case .delivered: "delivered"
                case .failed: "failed"
                case .inDoubt: "in doubt"
                case nil: "in flight"
                }
            detail = attempt.detail
        }
    }

    struct ReceiptView: Encodable {
        var messageID: String
        var state: String
        var at: Date
        var reason: String?

        init(_ receipt: Receipt) {
            messageID = receipt.messageID.rawValue
            state = receipt.state.rawValue
            at = receipt.at
            reason = receipt.reason
        }
    }

    struct DecisionView: Encodable {
        var decision: String
        var at: Date

        init(_ decision: DeliveryDecision) {
            self.decision = decision.words
            at = decision.at
        }
    }

    var delivery: DeliveryView
    /// How a reply came; `nil` for everything else, and for replies that an earlier version accepted.
    var source: String?
    var attempts: [AttemptView]
    var receipts: [ReceiptView]
    /// What operators decided.
    var decisions: [DecisionView]
    /// What to do about it; `nil` if byoc does everything by itself.
    var advice: String?

    init(
        _ found: BrowsedMessage, _ words: DeliveryWords, attempts: [Attempt], receipts: [Receipt],
        decisions: [DeliveryDecision], wait: String?,
        isUndecided: Bool = false
    ) {
        delivery = DeliveryView(found.delivery, contact: found.contact, attempts: attempts.count, wait: wait)
        source = found.delivery.source?.words(after: found.delivery.acceptanceDelay)
        self.decisions = decisions.map(DecisionView.init)
        self.attempts = attempts.map(AttemptView.init)
        self.receipts = receipts.map(ReceiptView.init)
        let kind = RetryAdvice(found.delivery, subscription: found.contact?.subscription)
        advice =
            isUndecided && found.delivery.state == .held
            ? "Move one of the installations to another topic (byoc installation move), then byoc retry "
                + "\(found.delivery.id), or byoc discard \(found.delivery.id)"
            : Self.advice(about: found.delivery, kind, words)
    }

    private static func advice(about delivery: Delivery, _ advice: RetryAdvice, _ words: DeliveryWords) -> String? {
        guard delivery.state == .dead || delivery.state == .held else { return nil }
        let discard = "byoc discard \(delivery.id)"
        let commands =
            if advice.isHopeless {
                discard
            } else if advice == .mayDouble {
                "byoc mark-delivered \(delivery.id), byoc retry \(delivery.id) or \(discard)"
            } else {
                "byoc retry \(delivery.id) or \(discard)"
            }
        return (words.sentence(advice, about: delivery).map { "\($0) Decide with: " } ?? "") + commands
    }

    func show() {
        let rows: [(String, String?)] = [
            ("Delivery", "#\(delivery.id), \(delivery.direction), \(delivery.installation)"),
            ("Status", delivery.status), ("Contact", delivery.contact),
            ("Accepted", Terminal.text(delivery.acceptedAt)),
            ("Received by", source), ("Waiting", delivery.wait),
            ("Reason", delivery.reason.isEmpty ? nil : delivery.reason),
            ("Raw answer", delivery.detail.isEmpty ? nil : delivery.detail), ("Fix", advice),
        ]
        for (name, value) in rows {
            if let value { Terminal.print(name.padded(to: 14) + value.printableOnOneLine) }
        }
        // Indented, so that no line of the message looks like one of ours.
        let lines = delivery.text.printable.split(separator: "\n", omittingEmptySubsequences: false)
        Terminal.print("\n" + lines.map { $0.isEmpty ? "" : "  " + $0 }.joined(separator: "\n") + "\n")
        if attempts.isEmpty {
            Terminal.print("Not attempted yet.")
        } else {
            Terminal.printTable(
                ["STARTED", "PIECE", "ATTEMPT", "OUTCOME", "DETAIL"],
                attempts.map {
                    [Terminal.text($0.startedAt), "\($0.piece)", "\($0.number)", $0.outcome, $0.detail]
                })
        }
        for decision in decisions {
            Terminal.print("Operator: \(decision.decision), \(Terminal.text(decision.at))".printableOnOneLine)
        }
        for receipt in receipts {
            let reason = receipt.reason.map { " (\($0))" } ?? ""
            let line = "Receipt for \(receipt.messageID): \(receipt.state)\(reason), \(Terminal.text(receipt.at))"
            Terminal.print(line.printableOnOneLine)
        }
    }
}
