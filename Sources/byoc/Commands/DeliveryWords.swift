import Foundation
import RelayCore

/// The words of commands about one installation's deliveries.
struct DeliveryWords {
    private let party: @Sendable (Side) -> String

    /// - Parameter installation: names the channel; `nil` if it is removed.
    init(_ installation: Installation?, helpdesk: String) {
        let channel = installation.map { App.channel($0.channel.kind)?.descriptor.name ?? $0.channel.kind.rawValue }
        party = { $0 == .helpdesk ? helpdesk : channel ?? "the channel" }
    }

    /// "Queued behind #30."
    func sentence(_ reason: WaitReason) -> String {
        let words = reason.words(party: party)
        let subject: String? =
            switch words.subject {
            case .delivery(let id): "#\(id)"
            case .pause(let reason, let since): "\(reason) (since \(Terminal.text(since)))"
            case .time(let date): Terminal.text(date)
            case nil: nil
            }
        return [words.before, subject].compactMap(\.self).joined(separator: " ") + words.after
    }

    /// What to know before the delivery is retried; `nil` if there is nothing.
    func sentence(_ advice: RetryAdvice, about delivery: Delivery) -> String? {
        advice.sentence(party: party(delivery.direction.side))
    }
}

extension WaitReason {
    /// The command that ends a pause; `nil` for another reason.
    func advice(about installation: Installation) -> String? {
        switch self {
        case .paused: "To resume: byoc resume \(installation.id)"
        case .accountPaused(let side, _, _):
            "To replace the credential: byoc set-key \(installation.id) --kind \(SetKey.Kind(of: side).rawValue)"
        case .underWay, .behind, .gateClosed, .breakerOpen, .retry, .due, .noWorker: nil
        }
    }
}

extension DeliveryDecision {
    /// "retry of piece 2, on the pages from 192.0.2.7".
    var words: String {
        let what =
            switch kind {
            case .retry: "retry of piece \(piece + 1)"
            case .resend: "resend of piece \(piece + 1)"
            case .confirmedArrival: "piece \(piece + 1) marked as delivered"
            case .discard: "discard"
            }
        let place =
            switch origin {
            case .command: "on the command line"
            case .pages(let address): "on the pages" + (address.map { " from \($0)" } ?? "")
            }
        return "\(what), \(place)"
    }
}

extension ReplySource {
    /// How a reply came, with how late it was.
    func words(after delay: Duration?) -> String {
        let late = delay.map { ", \($0.components.seconds) s after it was written" } ?? ""
        return switch self {
        case .webhook: "conversation webhook" + late
        case .productEvent: "Marketplace product event" + late
        case .poll: "polling" + late + "; no webhook had brought it"
        }
    }
}
