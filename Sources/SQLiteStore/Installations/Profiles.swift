package import FoundationEssentials
import GRDB
package import RelayCore

/// Which contacts' profiles are to be written to the helpdesk.
extension SQLiteStore {
    package func nextProfile(now: Date) async throws(StoreFailure) -> Date? {
        try await read { db in
            var earliest: Int64?
            for installation in try Self.profileInstallations(now: now.milliseconds, in: db) {
                guard let row = try Self.firstDueProfile(of: installation.id, by: .max, in: db) else { continue }
                let due = max(row.dueAt, installation.readyAt)
                earliest = min(earliest ?? due, due)
            }
            return earliest.map(Date.init(milliseconds:))
        }
    }

    package func takeProfiles(now: Date) async throws(StoreFailure) -> [ProfileUpdate] {
        try await change { db in
            let clock = now.milliseconds
            var taken: [ProfileUpdate] = []
            for installation in try Self.profileInstallations(now: clock, in: db) where installation.readyAt <= clock {
                guard let update = try Self.takeProfile(of: installation.id, now: now, in: db) else { continue }
                try Self.keepProfilePace(
                    installation.id, readyAt: clock + WrittenProfile.spacing.milliseconds, in: db)
                taken.append(update)
            }
            return taken
        }
    }

    package func record(
        _ result: ProfileResult, of update: ProfileUpdate, rest: Duration, now: Date
    ) async throws(StoreFailure) {
        try await changeCounting { db, tally in
            if rest > .zero {
                try Self.keepProfilePace(
                    update.installation.rawValue, readyAt: now.milliseconds + rest.milliseconds, in: db)
            }
            guard var row = try ProfileRow(of: update.contact.rawValue, in: db), row.user == update.user,
                row.written.dueAt?.milliseconds == update.takenUntil.milliseconds
            else { return }
            row.written.settle(result, told: update.profile, present: row.present, now: now)
            try row.keep(in: db)
            if result == .written { tally.add(.profiles, Flow(update.installation, .inbound)) }
        }
    }

    // MARK: Noting what changes

    /// A contact's profile changed, or it isn't known what the helpdesk was told of it.
    static func noteProfile(ofContact contact: Int64, now: Date, in db: Database) throws {
        guard var row = try ProfileRow(of: contact, in: db), row.user != nil else { return }
        let known = row.written
        row.written.note(row.present, now: now)
        if row.written != known { try row.keep(in: db) }
    }

    /// The relay has found or created a contact's user.
    static func keepUser(
        _ user: HelpdeskUserID, written: ContactProfile?, of contact: Int64, now: Date, in db: Database
    ) throws {
        guard var row = try ProfileRow(of: contact, in: db), row.user != user || written != nil else { return }
        try keepUser(user, of: contact, replacing: true, in: db)
        row.written = WrittenProfile(ofUserWith: written, present: row.present, now: now)
        try row.keep(in: db)
    }

    // MARK: Parts of these

    /// An installation whose contacts' profiles may be written, from a time on.
    private struct ProfileInstallation {
        var id: String
        var readyAt: Int64
    }

    private static func profileInstallations(now: Int64, in db: Database) throws -> [ProfileInstallation] {
        try db.rows("SELECT id FROM installations WHERE state = 'active' ORDER BY number").compactMap { row in
            let id = try row.text(0)
            // While the breaker is open, only a delivery finds out whether the helpdesk is well again.
            guard let gate = try gate(of: LaneGroup(installation: id, side: Side.helpdesk.rawValue), in: db),
                !gate.isProbed, try !hasDueLane(towardsHelpdeskOf: id, now: now, in: db)
            else { return nil }
            let pace = try db.row("SELECT ready_at FROM profile_pace WHERE installation = ?", [id])?.integer(0)
            return ProfileInstallation(id: id, readyAt: max(gate.until, pace ?? 0))
        }
    }

    /// Whether a delivery waits for a worker: messages have the helpdesk's limit to themselves then.
    private static func hasDueLane(towardsHelpdeskOf installation: String, now: Int64, in db: Database) throws -> Bool {
        try db.exists(
            """
            SELECT 1 FROM lanes INDEXED BY lanes_ready
            WHERE owner IS NULL AND installation = ? AND side = 'helpdesk' AND ready_at <= ? LIMIT 1
            """, [installation, now])
    }

    /// The contact whose update has been due for the longest, of those with no message on its way.
    private static func firstDueProfile(
        of installation: String, by time: Int64, in db: Database
    ) throws -> (contact: Int64, dueAt: Int64)? {
        let row = try db.row(
            """
            SELECT id, profile_due_at FROM contacts INDEXED BY contacts_with_profile_due
            WHERE installation = ? AND profile_due_at <= ?
                AND NOT EXISTS (SELECT 1 FROM lanes WHERE ordering_key = 'in/' || contacts.id)
            ORDER BY profile_due_at LIMIT 1
            """, [installation, time])
        return try row.map { (try $0.integer(0), try $0.integer(1)) }
    }

    /// Takes the first update that has something to say; those that turn out to have nothing are let go of on the way.
    private static func takeProfile(
        of installation: String, now: Date, in db: Database
    ) throws -> ProfileUpdate? {
        while let (contact, _) = try firstDueProfile(of: installation, by: now.milliseconds, in: db),
            var row = try ProfileRow(of: contact, in: db)
        {
            guard let user = row.user, row.written.isOutdated(by: row.present) else {
                row.written.drop()
                try row.keep(in: db)
                continue
            }
            row.written.take(now: now)
            try row.keep(in: db)
            return ProfileUpdate(
                installation: InstallationID(installation), contact: ContactID(rawValue: contact), user: user,
                profile: row.present, written: row.written.profile, takenUntil: row.written.dueAt ?? now)
        }
        return nil
    }

    private static func keepProfilePace(_ installation: String, readyAt: Int64, in db: Database) throws {
        try db.run(
            """
            INSERT INTO profile_pace (installation, ready_at) VALUES (?, ?)
            ON CONFLICT (installation) DO UPDATE SET ready_at = max(ready_at, excluded.ready_at)
            """, [installation, readyAt])
    }
}

/// What is kept of a contact for writing its profile.
private struct ProfileRow {
    let contact: Int64
    let user: HelpdeskUserID?
    let present: ContactProfile
    var written: WrittenProfile

    init?(of contact: Int64, in db: Database) throws {
        let row = try db.row(
            """
            SELECT channel_user, name, avatar_url, language, country, phone_number, helpdesk_user,
                is_written, written_name, written_avatar_url, written_language, written_country, written_phone_number,
                profile_updated_at, profile_due_at, profile_failures
            FROM contacts WHERE id = ?
            """, [contact])
        guard let row else { return nil }
        self.contact = contact
        let channelUser: ChannelUserID = try row.id(0)
        present = try ContactProfile(row, of: channelUser, from: 1)
        user = try row.textIfAny(6).map(HelpdeskUserID.init(rawValue:))
        written = WrittenProfile(
            profile: try row.flag(7) ? try ContactProfile(row, of: channelUser, from: 8) : nil,
            updatedAt: try row.dateIfAny(13), dueAt: try row.dateIfAny(14), failures: try row.int(15))
    }

    func keep(in db: Database) throws {
        let profile = written.profile
        try db.run(
            """
            UPDATE contacts SET is_written = ?, written_name = ?, written_avatar_url = ?, written_language = ?,
                written_country = ?, written_phone_number = ?, profile_updated_at = ?, profile_due_at = ?,
                profile_failures = ?
            WHERE id = ?
            """,
            [
                profile != nil, profile?.name, profile?.avatarURL, profile?.language, profile?.country,
                profile?.phoneNumber, written.updatedAt?.milliseconds, written.dueAt?.milliseconds, written.failures,
                contact,
            ])
    }
}

extension ContactProfile {
    /// Reads name, picture, language, country and phone number, which stand in this order from a column on.
    init(_ row: some Columns, of user: ChannelUserID, from index: Int) throws {
        self.init(
            userID: user, name: try row.textIfAny(index), avatarURL: try row.textIfAny(index + 1),
            language: try row.textIfAny(index + 2), country: try row.textIfAny(index + 3),
            phoneNumber: try row.textIfAny(index + 4))
    }
}
