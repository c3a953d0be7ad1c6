import ArgumentParser
import Foundation
import RelayCore

/// `byoc delivery ID`: all that is known of one.
struct DeliveryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delivery",
        abstract: "Show one delivery: its content, every attempt, and what the channel reported of it.")

    @OptionGroup var options: StoreOptions
    @Argument(help: "Its id, as byoc outbox shows it.") var id: Int64

    func run() async throws {
        let app = try options.open()
        defer { app.close() }
        let wanted = DeliveryID(rawValue: id)
        guard let found = try await app.store.message(wanted) else {
            throw CommandFailure(
                "There is no delivery \(id).", remedy: "byoc outbox lists what waits, is held or is dead.")
        }
        let story = DeliveryStory(
            delivery: DeliveryView(found.delivery, contact: found.contact),
            attempts: try await app.store.attempts(of: wanted).map(DeliveryStory.AttemptView.init),
            receipts: try await app.store.receipts(of: wanted).map(DeliveryStory.ReceiptView.init))
        if options.json { return try Terminal.printJSON(story) }
        story.show()
    }
}

/// A delivery with its history.
private struct DeliveryStory: Encodable {
    struct AttemptView: Encodable {
        var piece: Int
        var startedAt: Date
        var finishedAt: Date?
        var outcome: String
        var detail: String

        init(_ attempt: Attempt) {
            piece = attempt.piece + 1
            startedAt = attempt.startedAt
            finishedAt = attempt.finishedAt
            outcome =
                switch attempt.outcome {
                case .delivered: "delivered"
                case .failed: "failed"
                case .inDoubt: "in doubt"
                case nil: "under way"
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

    var delivery: DeliveryView
    var attempts: [AttemptView]
    var receipts: [ReceiptView]

    func show() {
        let state = delivery.state + (delivery.inDoubt ? ", in doubt" : "") + (delivery.late ? ", late" : "")
        let rows: [(String, String?)] = [
            ("Delivery", "\(delivery.id), \(delivery.direction), of \(delivery.installation)"), ("State", state),
            ("Contact", delivery.contact), ("Accepted", Terminal.text(delivery.acceptedAt)),
            ("Next attempt", delivery.nextAttemptAt.map(Terminal.text)),
            ("Reason", delivery.reason.isEmpty ? nil : delivery.reason),
            ("Far side", delivery.detail.isEmpty ? nil : delivery.detail),
        ]
        for (name, value) in rows {
            if let value { Terminal.print(name.padded(to: 14) + value.printableOnOneLine) }
        }
        // Indented, so that no line of it looks like one of ours.
        let lines = delivery.text.printable.split(separator: "\n", omittingEmptySubsequences: false)
        Terminal.print("\n" + lines.map { $0.isEmpty ? "" : "  " + $0 }.joined(separator: "\n") + "\n")
        if attempts.isEmpty {
            Terminal.print("It was not attempted yet.")
        } else {
            Terminal.printTable(
                ["ATTEMPT", "PIECE", "OUTCOME", "DETAIL"],
                attempts.map { [Terminal.text($0.startedAt), "\($0.piece)", $0.outcome, $0.detail] })
        }
        for receipt in receipts {
            let reason = receipt.reason.map { " (\($0))" } ?? ""
            let line =
                "The channel says of \(receipt.messageID): \(receipt.state)\(reason), \(Terminal.text(receipt.at))"
            Terminal.print(line.printableOnOneLine)
        }
    }
}
