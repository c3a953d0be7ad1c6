package import FoundationEssentials

/// What the updates of contacts' profiles in the helpdesk need: which are due, and where it goes what came of them.
///
/// The store notes by itself when one becomes due: with a message or a subscription that tells a new profile, and when a
/// user becomes known. When it is due is for ``WrittenProfile`` to say.
package protocol ProfileStore: Sendable {
    /// When the next update can be taken, by the conditions of ``takeProfiles(now:)``; `nil` if none is due at any time.
    func nextProfile(now: Date) async throws(StoreFailure) -> Date?

    /// Takes one update of each installation that has one due: active, its gate towards the helpdesk open, its breaker
    /// closed, no delivery to the helpdesk kept waiting, and ``WrittenProfile/spacing`` after the one before.
    ///
    /// An update comes after the contact's messages: while one waits or is being made, it isn't taken.
    ///
    /// Taking one puts its contact's next update off by ``WrittenProfile/patience`` in the same transaction. So no other
    /// worker makes it at the same time, and a worker that dies costs that time.
    func takeProfiles(now: Date) async throws(StoreFailure) -> [ProfileUpdate]

    /// Writes down what came of an update, and counts those that were written. Nothing is recorded if the update has been
    /// taken again since, or the contact's user is another one.
    ///
    /// - Parameter rest: for how long no update of the installation is taken.
    func record(
        _ result: ProfileResult, of update: ProfileUpdate, rest: Duration, now: Date
    ) async throws(StoreFailure)
}

/// A contact's profile that is this worker's to write to the helpdesk.
package struct ProfileUpdate: Hashable, Sendable {
    package var installation: InstallationID
    package var contact: ContactID
    package var user: HelpdeskUserID
    /// As the channel tells it.
    package var profile: ContactProfile
    /// As it was last written; `nil` if that isn't known.
    package var written: ContactProfile?
    /// Until when it is this worker's.
    package var takenUntil: Date

    package init(
        installation: InstallationID, contact: ContactID, user: HelpdeskUserID, profile: ContactProfile,
        written: ContactProfile?, takenUntil: Date
    ) {
        self.installation = installation
        self.contact = contact
        self.user = user
        self.profile = profile
        self.written = written
        self.takenUntil = takenUntil
    }
}
