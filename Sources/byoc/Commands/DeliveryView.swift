import Foundation
import RelayCore

/// A delivery as the commands show it.
struct DeliveryView: Encodable {
    var id: Int64
    var installation: String
    var direction: String
    var state: String
    var inDoubt: Bool
    var late: Bool
    /// All attempts made, of all its pieces.
    var attempts: Int
    var acceptedAt: Date
    /// Why it waits; `nil` if it doesn't.
    var wait: String?
    var contact: String?
    var reason: String
    var detail: String
    var text: String

    init(_ delivery: Delivery, contact: Contact?, attempts: Int, wait: String?) {
        id = delivery.id.rawValue
        installation = delivery.installation.rawValue
        direction = delivery.direction.rawValue
        state = delivery.state.rawValue
        inDoubt = delivery.doubtSince != nil
        late = delivery.isLate
        self.attempts = attempts
        acceptedAt = delivery.acceptedAt
        self.wait = wait
        self.contact = contact.map { $0.profile.name ?? $0.profile.userID.rawValue }
        reason = delivery.reason
        detail = delivery.detail
        text = delivery.payload?.plainText ?? "(unreadable)"
    }

    /// Why it waits, and what went wrong last.
    var explanation: String {
        let failure = reason + (detail.isEmpty ? "" : " (\(detail))")
        return [wait ?? "", failure].filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// The state with its qualifications: "waiting, in doubt".
    var status: String { state + (inDoubt ? ", in doubt" : "") + (late ? ", late" : "") }
}
