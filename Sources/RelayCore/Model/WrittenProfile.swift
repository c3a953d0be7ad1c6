package import FoundationEssentials

/// What the helpdesk was last told of a contact, and when it is told again: pure decisions that every store shares.
///
/// Creating the user tells the helpdesk the profile of that moment. From then on an update is due when the channel's profile
/// differs from what was last told. The first one is due at once; after it the contact rests for a day, and what changes
/// meanwhile is told together at its end. The creation itself doesn't start that day: a customer whose name becomes known
/// with their second message gets it at once.
package struct WrittenProfile: Hashable, Sendable {
    /// How long a contact rests after an update.
    package static let rest = Duration.seconds(24 * 60 * 60)
    /// How long a worker that took an update has for it. Then it is due again: that worker has died, or hangs.
    package static let patience = Duration.seconds(300)
    /// From one update of an installation to the next, over all workers: they leave most of the helpdesk's limit to messages.
    package static let spacing = Duration.seconds(2)

    /// `nil` while it isn't known: the user was there before, or an earlier version created it.
    package var profile: ContactProfile?
    /// When the helpdesk last answered an update; `nil` before the first.
    package var updatedAt: Date?
    /// When an update is due; `nil` if none is.
    package var dueAt: Date?
    /// Updates in a row that failed for a reason that may pass.
    package var failures: Int

    package init(profile: ContactProfile? = nil, updatedAt: Date? = nil, dueAt: Date? = nil, failures: Int = 0) {
        self.profile = profile
        self.updatedAt = updatedAt
        self.dueAt = dueAt
        self.failures = failures
    }

    /// A contact's user became known, or is another one now.
    ///
    /// - Parameters:
    ///   - written: what the user was created with; `nil` for a user that was there already.
    ///   - present: the contact's profile, which may have changed while the user was created.
    package init(ofUserWith written: ContactProfile?, present: ContactProfile, now: Date) {
        self.init(profile: written)
        note(present, now: now)
    }

    /// Whether an update has anything to say.
    package func isOutdated(by present: ContactProfile) -> Bool {
        profile.map { present.hasNews(since: $0) } ?? true
    }

    /// The channel told the contact's profile. An update that is due already stays as it is.
    package mutating func note(_ present: ContactProfile, now: Date) {
        guard dueAt == nil, isOutdated(by: present) else { return }
        // An update that seems to come from the future was made by a clock that was wrong.
        dueAt = updatedAt.map { $0 <= now ? max(now, $0 + Self.rest / .seconds(1)) : now } ?? now
    }

    /// A worker takes the update.
    package mutating func take(now: Date) { dueAt = now + Self.patience / .seconds(1) }

    /// There turned out to be nothing to say.
    package mutating func drop() { dueAt = nil }

    /// What came of an update is known.
    ///
    /// - Parameters:
    ///   - told: the profile that the update was about.
    ///   - present: the contact's profile now.
    package mutating func settle(
        _ result: ProfileResult, told: ContactProfile, present: ContactProfile, now: Date
    ) {
        switch result {
        case .written, .refused:
            profile = told
            updatedAt = now
        case .unchanged:
            profile = told
        case .postponed(let until):
            dueAt = until
            return
        case .failed(let after):
            failures += 1
            dueAt = now + max(Self.backoff(failures: failures), after ?? .zero) / .seconds(1)
            return
        }
        failures = 0
        dueAt = nil
        note(present, now: now)
    }

    /// The wait after so many failures in a row.
    ///
    /// 1: 1 min, 2: 2 min, 3: 4 min, … 9 and more: 256 min.
    static func backoff(failures: Int) -> Duration { .seconds(60) * (1 << min(max(failures - 1, 0), 8)) }
}

/// What came of an update of a contact's profile.
package enum ProfileResult: Hashable, Sendable {
    /// The helpdesk has it, or as much of it as it takes.
    case written
    /// The helpdesk had all of it already.
    case unchanged
    /// The helpdesk takes nothing of it, or has no such user any more. It isn't tried again before the profile changes.
    case refused
    /// It was not tried, or is not to be tried before this instant.
    case postponed(until: Date)
    /// It may succeed another time: after our own wait, or after this one if it is longer.
    case failed(after: Duration?)
}

extension ContactProfile {
    /// The profile with what another one tells besides. A value that is missing there, or blank, doesn't erase one that is
    /// known: a channel leaves out what it doesn't want to tell this time.
    package func updated(by told: ContactProfile) -> ContactProfile {
        ContactProfile(
            userID: userID, name: told.name.filled ?? name, avatarURL: told.avatarURL.filled ?? avatarURL,
            language: told.language.filled ?? language, country: told.country.filled ?? country,
            phoneNumber: told.phoneNumber.filled ?? phoneNumber)
    }

    /// Whether there is a value in it that the earlier one hasn't.
    package func hasNews(since earlier: ContactProfile) -> Bool { earlier.updated(by: self) != earlier }
}

extension String? {
    /// `nil` for a text in which there is nothing to be seen.
    fileprivate var filled: String? { flatMap { $0.isBlank ? nil : $0 } }
}
