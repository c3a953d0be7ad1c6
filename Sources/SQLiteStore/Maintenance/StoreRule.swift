import RelayCore

/// Something that is true of every sound store, beyond what SQLite itself looks after.
struct StoreRule {
    var name: String
    var severity: StoreReport.Severity
    /// Asked only where there are accounts: not of an earlier version's tables.
    var needsAccounts = false
    /// Gives the names of what breaks it, as text.
    var sql: String
    var problem: String
    var remedy: String

    private static let repaired = "No action needed: the workers repair this by themselves."

    static let all: [StoreRule] = [
        StoreRule(
            name: "unknown_word", severity: .damage,
            sql: """
                SELECT CAST(id AS TEXT) FROM outbox
                WHERE state NOT IN ('waiting', 'held', 'dead', 'delivered', 'discarded')
                    OR direction NOT IN ('inbound', 'outbound')
                ORDER BY id
                """,
            problem: "deliveries in a state or direction that there isn't",
            remedy: "If a newer version wrote them, install it. Otherwise restore a backup."),
        StoreRule(
            name: "no_lane", severity: .damage,
            sql: """
                SELECT CAST(id AS TEXT) FROM outbox
                WHERE state = 'waiting'
                    AND NOT EXISTS (SELECT 1 FROM lanes WHERE lanes.ordering_key = outbox.ordering_key)
                ORDER BY id
                """,
            problem: "deliveries that wait and that no worker would ever find",
            remedy: "Put them back into the queue: byoc retry ID …"),
        StoreRule(
            name: "late_lane", severity: .warning,
            sql: """
                SELECT ordering_key FROM lanes
                WHERE owner IS NULL AND ready_at > (
                    SELECT next_attempt_at FROM outbox
                    WHERE outbox.ordering_key = lanes.ordering_key AND state = 'waiting' ORDER BY id LIMIT 1)
                """,
            problem: "ordering keys that are looked at later than their first delivery is due",
            remedy: "Make their deliveries due now: byoc retry ID …"),
        StoreRule(
            name: "empty_lane", severity: .warning,
            sql: """
                SELECT ordering_key FROM lanes
                WHERE owner IS NULL AND NOT EXISTS (
                    SELECT 1 FROM outbox WHERE outbox.ordering_key = lanes.ordering_key AND state = 'waiting')
                """,
            problem: "ordering keys in use with nothing that waits", remedy: repaired),
        StoreRule(
            name: "wrong_lane", severity: .damage, needsAccounts: true,
            // On the key of a conversation whose owner became known, its first delivery tells.
            sql: """
                SELECT DISTINCT CAST(outbox.id AS TEXT) FROM lanes
                JOIN outbox ON outbox.ordering_key = lanes.ordering_key AND outbox.state = 'waiting'
                WHERE CASE
                    WHEN lanes.installation = outbox.installation THEN
                        lanes.side <> iif(outbox.direction = 'inbound'
                            OR EXISTS (SELECT 1 FROM helpdesk_accounts WHERE id = outbox.installation), 'helpdesk', 'channel')
                    ELSE lanes.owner IS NULL AND outbox.id = (
                            SELECT min(id) FROM outbox AS first
                            WHERE first.ordering_key = lanes.ordering_key AND first.state = 'waiting')
                        OR outbox.ordering_key NOT LIKE 'out/%/%'
                    END
                """,
            problem: "deliveries that wait on the ordering key of another installation or direction",
            remedy: "Discard them (byoc discard ID …), or restore a backup."),
        StoreRule(
            name: "lost_lease", severity: .damage,
            sql: """
                SELECT ordering_key FROM lanes
                WHERE owner IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM outbox WHERE outbox.id = lanes.delivery
                        AND outbox.ordering_key = lanes.ordering_key AND state = 'waiting')
                """,
            problem: "leases of deliveries that aren't there or don't wait",
            remedy: "Restart the workers, which ends the leases."),
        StoreRule(
            name: "fence", severity: .damage,
            sql: """
                SELECT ordering_key FROM lanes
                WHERE fence > coalesce((SELECT number FROM meta WHERE name = 'fence'), 0)
                """,
            problem: "leases with a number that was never given",
            remedy: "Restore the newest backup: this store can't tell an old lease from a new one."),
        StoreRule(
            name: "open_attempt", severity: .warning,
            sql: """
                SELECT CAST(delivery AS TEXT) FROM attempts
                WHERE outcome IS NULL
                    AND NOT EXISTS (SELECT 1 FROM lanes WHERE owner IS NOT NULL AND lanes.delivery = attempts.delivery)
                """,
            problem: "deliveries with an attempt that nobody makes", remedy: repaired),
        StoreRule(
            name: "two_conversations", severity: .damage,
            sql: """
                SELECT CAST(contact AS TEXT) FROM conversations NOT INDEXED
                WHERE is_current = 1 GROUP BY contact, topic HAVING count(*) > 1
                """,
            problem: "contacts with two current conversations on one topic",
            remedy: StoreFailure.restoreAdvice),
        StoreRule(
            name: "no_contact", severity: .damage,
            sql: """
                SELECT CAST(id AS TEXT) FROM outbox
                WHERE state IN ('waiting', 'held', 'dead') AND contact IS NOT NULL
                    AND NOT EXISTS (SELECT 1 FROM contacts WHERE contacts.id = outbox.contact)
                ORDER BY id
                """,
            problem: "deliveries whose contact isn't there",
            remedy: "Discard them (byoc discard ID …), or restore a backup."),
        StoreRule(
            name: "no_installation", severity: .damage, needsAccounts: true,
            sql: """
                SELECT CAST(id AS TEXT) FROM outbox
                WHERE state = 'waiting' AND NOT EXISTS (
                    SELECT 1 FROM installations
                    WHERE installations.id = outbox.installation AND installations.state <> 'removed')
                    AND NOT EXISTS (
                        SELECT 1 FROM helpdesk_accounts
                        WHERE helpdesk_accounts.id = outbox.installation AND helpdesk_accounts.state <> 'removed')
                ORDER BY id
                """,
            problem: "deliveries that wait for an installation that isn't there",
            remedy: "Restore a backup that contains the installation."),
        StoreRule(
            name: "no_account", severity: .damage, needsAccounts: true,
            sql: """
                SELECT id FROM installations
                WHERE state <> 'removed' AND (
                    NOT EXISTS (SELECT 1 FROM channel_accounts WHERE channel_accounts.id = channel_account)
                    OR NOT EXISTS (
                        SELECT 1 FROM helpdesk_accounts
                        WHERE helpdesk_accounts.id = helpdesk_account AND helpdesk_accounts.state <> 'removed'))
                ORDER BY number
                """,
            problem: "installations whose accounts aren't there",
            remedy: StoreFailure.restoreAdvice),
        StoreRule(
            name: "same_identity", severity: .warning, needsAccounts: true,
            sql: """
                SELECT DISTINCT a.id FROM channel_accounts AS a
                JOIN channel_accounts AS b ON b.identity = a.identity AND b.kind = a.kind AND b.id <> a.id
                UNION ALL
                SELECT DISTINCT a.id FROM helpdesk_accounts AS a
                JOIN helpdesk_accounts AS b ON b.identity = a.identity AND b.id <> a.id
                """,
            problem: "accounts that are one to their service",
            remedy: "Check one of their installations: its accounts become one then."),
        StoreRule(
            name: "foreign_conversation", severity: .damage, needsAccounts: true,
            sql: """
                SELECT conversations.id FROM conversations JOIN contacts ON contacts.id = conversations.contact
                WHERE contacts.installation <> conversations.installation
                """,
            problem: "conversations of another installation than their contacts",
            remedy: StoreFailure.restoreAdvice),
        StoreRule(
            name: "parked", severity: .warning, needsAccounts: true,
            sql: """
                SELECT DISTINCT account || ' ' || address FROM parked
                WHERE NOT EXISTS (SELECT 1 FROM channel_accounts WHERE channel_accounts.id = parked.account)
                    OR EXISTS (
                        SELECT 1 FROM installations
                        WHERE installations.channel_account = parked.account AND installations.address = parked.address
                            AND state IN ('active', 'paused'))
                """,
            problem: "events that are parked for addresses that aren't there, or have an installation",
            remedy: "Save the installation again: that takes them in."),
    ]
}
