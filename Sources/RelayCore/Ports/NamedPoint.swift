#if BYOC_NAMED_POINTS && !DEBUG
    #error("Named points end the process on demand: they are for debug builds only.")
#endif

/// An instant at which a process that dies leaves something half done. `deploy/torture` kills workers exactly there.
package enum NamedPoint: CaseIterable, Hashable, Sendable {
    /// A webhook is verified and read; nothing of it is on disk.
    case afterAccept
    /// Its events are on disk; it isn't answered.
    case afterCommit
    /// An attempt is recorded; nothing is sent.
    case beforeSend
    /// The far side has the message; only this process knows.
    case afterAnswer
    /// An attempt has come to its end, well or not; that isn't written.
    case beforeOutcome
    /// Freshchat has a new user; only this process knows the id.
    case createUser
    /// Freshchat has a new conversation with the message in it; only this process knows the id.
    case createConversation
    /// What has had its time is being removed from the store.
    case retention
    /// The store's tables are new, or changed, and nothing is done yet with them.
    case migration
    /// New workers take over from old ones.
    case reload
}

/// Tells that the process has come to a point. Compiled to nothing in a release build.
///
/// - Parameter subject: what it was busy with, for an investigation.
@inline(__always)
package func reach(_ point: NamedPoint, _ subject: @autoclosure () -> String = "") {
    #if BYOC_NAMED_POINTS
        if let points = NamedPoints.shared, let signal = points.take(point, subject: subject()) { points.raise(signal) }
    #endif
}
