import Foundation
import RelayCore

/// What commands say about a delivery that isn't delivered yet.
struct WaitWords {
    let party: @Sendable (Side) -> String

    /// - Parameter installation: names the channel; `nil` if it is removed.
    init(_ installation: Installation?, helpdesk: String) {
        let channel = installation.map { App.channel($0.channel.kind)?.descriptor.name ?? $0.channel.kind.rawValue }
        party = { $0 == .helpdesk ? helpdesk : channel ?? "the channel" }
    }

    /// "queued behind #30".
    func words(_ reason: WaitReason) -> String {
        switch reason {
        case .underWay(let since): "being sent since \(Terminal.text(since))"
        case .behind(let id): "queued behind #\(id)"
        case .paused(let reason, let since): "installation paused since \(Terminal.text(since)): \(reason)"
        case .gateClosed(let side, let until): "\(party(side)) limits the rate until \(Terminal.text(until))"
        case .breakerOpen(let side, nil): "\(party(side)) isn't responding; byoc retries one message at a time"
        case .breakerOpen(let side, let probe?):
            "\(party(side)) isn't responding; next attempt at \(Terminal.text(probe))"
        case .retry(let at, orWhenCustomerWrites: true):
            "retrying at \(Terminal.text(at)), or earlier if the customer writes"
        case .retry(let at, orWhenCustomerWrites: false): "retrying at \(Terminal.text(at))"
        case .due: "ready to send"
        case .noWorker: "no worker is running"
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
