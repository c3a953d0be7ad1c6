package import FoundationEssentials

/// A person's decision about a delivery, kept with the delivery.
package struct DeliveryDecision: Hashable, Sendable {
    /// The raw values are the store's words.
    package enum Kind: String, Sendable, CaseIterable {
        /// Try a waiting or dead one again.
        case retry
        /// Send a held one again, although the customer may have it.
        case resend
        /// The piece in doubt arrived.
        case confirmedArrival = "confirmed_arrival"
        case discard

        /// The decision that makes this delivery due again.
        package init(redriving delivery: Delivery) { self = delivery.state == .held ? .resend : .retry }
    }

    /// Where a decision is made.
    package enum Origin: Hashable, Sendable {
        /// On the command line.
        case command
        /// On the pages, from this network address; `nil` if the web server tells none.
        case pages(address: String?)
    }

    package var kind: Kind
    /// The piece that the delivery had reached, from 0.
    package var piece: Int
    package var at: Date
    package var origin: Origin

    package init(_ kind: Kind, piece: Int, at: Date, from origin: Origin) {
        self.kind = kind
        self.piece = piece
        self.at = at
        self.origin = origin
    }
}
