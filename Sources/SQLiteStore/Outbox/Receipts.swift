import FoundationEssentials
import GRDB
import RelayCore

/// What the channel reports of messages, and whose message an id is.
extension SQLiteStore {
    /// Remembers what a side calls a message of a delivery; the first delivery to name it keeps it.
    ///
    /// - Parameter scope: the installation, for what the channel calls it; else the helpdesk account.
    static func keepMessageID(
        _ id: String, _ side: Side, of scope: String, delivery: DeliveryID, in db: Database
    ) throws {
        try db.run(
            "INSERT OR IGNORE INTO message_ids (scope, side, message_id, delivery) VALUES (?, ?, ?, ?)",
            [scope, side.rawValue, id, delivery.rawValue])
    }

    /// Remembers what the far side called a piece that is delivered. A failure that was reported before is told now.
    static func keepMessageID(_ outcome: PieceOutcome, of claim: Claim, now: Int64, in db: Database) throws {
        switch outcome.messageID {
        case .channel(let id):
            let installation = claim.delivery.installation
            try keepMessageID(id.rawValue, .channel, of: installation.rawValue, delivery: claim.delivery.id, in: db)
            try leaveNote(about: id, of: installation, now: now, in: db)
        case .helpdesk(let id):
            try db.run(
                """
                INSERT OR IGNORE INTO message_ids (scope, side, message_id, delivery)
                SELECT coalesce(?1, (SELECT helpdesk_account FROM installations WHERE id = ?2), ?2), 'helpdesk', ?3, ?4
                """,
                [
                    claim.conversationAccount?.rawValue, claim.delivery.installation.rawValue, id.rawValue,
                    claim.delivery.id.rawValue,
                ])
        case nil:
            break
        }
    }

    /// Keeps the receipt if it says more than the one that is there.
    static func keepReceipt(
        _ receipt: Receipt, note: String?, of installation: InstallationID, now: Int64, in db: Database
    ) throws {
        let known = try db.row(
            "SELECT state FROM receipts WHERE installation = ? AND message_id = ?",
            [installation.rawValue, receipt.messageID.rawValue])
        if let known, try known.word(0, Receipt.State.self) >= receipt.state { return }
        try db.run(
            """
            INSERT INTO receipts (installation, message_id, state, at, reason, note) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (installation, message_id) DO UPDATE SET state = excluded.state, at = excluded.at,
                reason = excluded.reason, note = excluded.note
            """,
            [
                installation.rawValue, receipt.messageID.rawValue, receipt.state.rawValue, receipt.at.milliseconds,
                receipt.reason, receipt.state == .failed ? note : nil,
            ])
        if receipt.state == .failed { try leaveNote(about: receipt.messageID, of: installation, now: now, in: db) }
    }

    /// Leaves the agents the note of a failed receipt: when it is known which agent's reply the message belongs to, and
    /// once for each reply, however many of its pieces failed.
    private static func leaveNote(
        about message: ChannelMessageID, of installation: InstallationID, now: Int64, in db: Database
    ) throws {
        let found = try db.row(
            """
            SELECT receipts.note, outbox.id, outbox.payload, outbox.contact
            FROM receipts
            JOIN message_ids ON message_ids.scope = receipts.installation AND message_ids.side = 'channel'
                AND message_ids.message_id = receipts.message_id
            JOIN outbox ON outbox.id = message_ids.delivery
            WHERE receipts.installation = ? AND receipts.message_id = ? AND receipts.state = 'failed'
                AND receipts.note IS NOT NULL AND receipts.was_noted = 0
            """, [installation.rawValue, message.rawValue])
        guard let found, case .reply(let reply) = Payload(stored: try? found.blobIfAny(2)) else { return }
        let delivery = try found.integer(1)
        let isReported = try db.exists(
            """
            SELECT 1 FROM message_ids
            JOIN receipts ON receipts.installation = message_ids.scope
                AND receipts.message_id = message_ids.message_id
            WHERE message_ids.delivery = ? AND message_ids.side = 'channel' AND receipts.was_noted = 1
            """, [delivery])
        try db.run(
            "UPDATE receipts SET was_noted = 1 WHERE installation = ? AND message_id = ?",
            [installation.rawValue, message.rawValue])
        if isReported { return }
        try enqueueNote(
            NoteDraft(text: try found.text(0), conversation: reply.conversation), of: installation,
            contact: try found.integerIfAny(3), now: now, in: db)
    }

    /// Puts a private note for the agents into the outbox.
    static func enqueueNote(
        _ note: NoteDraft, of installation: InstallationID, contact: Int64?, now: Int64, in db: Database
    ) throws {
        let payload = try Payload.note(text: note.text, conversation: note.conversation).stored()
        _ = try enqueue(
            payload, of: installation, .inbound, key: .note(installation, note.conversation), contact: contact,
            now: now, in: db)
        try Counters.add(.accepted, Flow(installation, .inbound), in: db)
        try Counters.add(.notesAccepted, Flow(installation, .inbound), in: db)
    }
}
