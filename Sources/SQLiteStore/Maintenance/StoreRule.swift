import RelayCore

/// Something that is true of every sound store, beyond what SQLite itself looks after.
struct StoreRule {
    var name: String
    var severity: StoreReport.Severity
    /// Gives the names of what breaks it, as text.
    var sql: String
    var problem: String
    var remedy: String

    private static let repaired = "Nothing: the workers repair it when they come to it."

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
            remedy: "Put a backup in place; if a newer version wrote them, run that."),
        StoreRule(
            name: "no_lane", severity: .damage,
            sql: """
                SELECT CAST(id AS TEXT) FROM outbox
                WHERE state = 'waiting'
                    AND NOT EXISTS (SELECT 1 FROM lanes WHERE lanes.ordering_key = outbox.ordering_key)
                ORDER BY id
                """,
            problem: "deliveries that wait and that no worker would ever find",
            remedy: "`byoc retry` with their ids puts them back on their way."),
        StoreRule(
            name: "late_lane", severity: .warning,
            sql: """
                SELECT ordering_key FROM lanes
                WHERE owner IS NULL AND ready_at > (
                    SELECT next_attempt_at FROM outbox
                    WHERE outbox.ordering_key = lanes.ordering_key AND state = 'waiting' ORDER BY id LIMIT 1)
                """,
            problem: "ordering keys that are looked at later than their first delivery is due",
            remedy: "`byoc retry` with the ids of their deliveries makes them due now."),
        StoreRule(
            name: "empty_lane", severity: .warning,
            sql: """
                SELECT ordering_key FROM lanes
                WHERE owner IS NULL AND NOT EXISTS (
                    SELECT 1 FROM outbox WHERE outbox.ordering_key = lanes.ordering_key AND state = 'waiting')
                """,
            problem: "ordering keys in use with nothing that waits", remedy: repaired),
        StoreRule(
            name: "wrong_lane", severity: .damage,
            sql: """
                SELECT DISTINCT CAST(outbox.id AS TEXT) FROM outbox
                JOIN lanes ON lanes.ordering_key = outbox.ordering_key
                WHERE outbox.state = 'waiting' AND (
                    lanes.installation <> outbox.installation
                    OR lanes.side <> iif(outbox.direction = 'inbound', 'helpdesk', 'channel'))
                """,
            problem: "deliveries that wait on the ordering key of another installation or direction",
            remedy: "`byoc discard` them, or put a backup in place."),
        StoreRule(
            name: "lost_lease", severity: .damage,
            sql: """
                SELECT ordering_key FROM lanes
                WHERE owner IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM outbox WHERE outbox.id = lanes.delivery
                        AND outbox.ordering_key = lanes.ordering_key AND state = 'waiting')
                """,
            problem: "leases of deliveries that aren't there or don't wait",
            remedy: "Restart the workers: that ends the leases."),
        StoreRule(
            name: "fence", severity: .damage,
            sql: """
                SELECT ordering_key FROM lanes
                WHERE fence > coalesce((SELECT number FROM meta WHERE name = 'fence'), 0)
                """,
            problem: "leases with a number that was never given",
            remedy: "Put the newest backup in place: an old and a new lease can't be distinguished here."),
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
            remedy: "`byoc discard` them, or put a backup in place."),
        StoreRule(
            name: "no_installation", severity: .damage,
            sql: """
                SELECT CAST(id AS TEXT) FROM outbox
                WHERE state = 'waiting' AND NOT EXISTS (
                    SELECT 1 FROM installations
                    WHERE installations.id = outbox.installation AND installations.state <> 'removed')
                ORDER BY id
                """,
            problem: "deliveries that wait for an installation that isn't there",
            remedy: "Put a backup in place that has the installation."),
    ]
}
