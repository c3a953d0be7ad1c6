"""What a store costs that has been in use for long."""

import random
import sqlite3
import time

import ack
import relay
import webhooks

DAY = 86_400_000


def fill(data, count, first_contact):
    """Adds contacts, each with a conversation and a message that was delivered within the last ten days, in the form in
    which byoc itself stored the newest one."""
    connection = sqlite3.connect(f"{data}/byoc.sqlite", isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -200000")
    connection.row_factory = sqlite3.Row
    delivery = dict(connection.execute("SELECT * FROM outbox WHERE state = 'delivered' ORDER BY id DESC").fetchone())
    attempt = dict(connection.execute(
        "SELECT * FROM attempts WHERE delivery = ? ORDER BY id DESC", (delivery["id"],)).fetchone())
    contact = dict(connection.execute("SELECT * FROM contacts WHERE id = ?", (delivery["contact"],)).fetchone())
    conversation = dict(connection.execute(
        "SELECT * FROM conversations WHERE contact = ?", (delivery["contact"],)).fetchone())
    next_ids = {
        table: connection.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}").fetchone()[0]
        for table in ("outbox", "attempts", "contacts")}
    sides = [row[0] for row in connection.execute(
        "SELECT side FROM message_ids WHERE delivery = ?", (delivery["id"],))]
    begin = int(time.time() * 1000) - 10 * DAY
    step = 10 * DAY / count

    def insert(table, rows, columns):
        marks = ", ".join("?" * len(columns))
        connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)

    def copies(of, **changes):
        """Rows like `of`, of which some columns depend on the number."""
        columns = list(of)
        return ([changes[name](number) if name in changes else of[name] for name in columns]
                for number in range(count)), columns

    def at(number):
        return begin + int(number * step)

    connection.execute("BEGIN")
    insert("contacts", *copies(
        contact, id=lambda n: next_ids["contacts"] + n,
        channel_user=lambda n: webhooks.contact_id(first_contact + n), name=lambda n: f"Customer {first_contact + n}",
        helpdesk_user=lambda n: f"bench-user-{n:036d}"))
    insert("conversations", *copies(
        conversation, id=lambda n: f"bench-conversation-{n:036d}", contact=lambda n: next_ids["contacts"] + n,
        # They are not among those that are looked into for replies.
        look_base=lambda n: None))
    insert("outbox", *copies(
        delivery, id=lambda n: next_ids["outbox"] + n, contact=lambda n: next_ids["contacts"] + n,
        ordering_key=lambda n: delivery["ordering_key"].replace(
            str(delivery["contact"]), str(next_ids["contacts"] + n)),
        accepted_at=at, next_attempt_at=at, finished_at=lambda n: at(n) + 10))
    insert("attempts", *copies(
        attempt, id=lambda n: next_ids["attempts"] + n, delivery=lambda n: next_ids["outbox"] + n,
        started_at=lambda n: at(n) + 2, finished_at=lambda n: at(n) + 10))
    for side in sides:
        insert("message_ids", ((delivery["installation"], side, f"bench-{random.getrandbits(128):032x}",
                                next_ids["outbox"] + n) for n in range(count)),
               ["installation", "side", "message_id", "delivery"])
    insert("dedupe", ((delivery["installation"], f"message:{5_700_000_000_000_000_000 + n}:"
                       + webhooks.contact_id(first_contact + n), at(n)) for n in range(count)),
           ["installation", "key", "accepted_at"])
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def run(stack, plan):
    small = stack.new_store("data")
    contacts = ack.CONTACTS
    with stack.ended(stack.start_sandbox()):
        with stack.ended(stack.start_byoc(small, relay.WORKERS, relay=True)):
            relay.settle(stack, small)
        large = stack.new_store("other", like=small)
        fill(large, plan.grown, len(contacts))
        size = (large / "byoc.sqlite").stat().st_size
        stack.say(f"  {plan.grown} more contacts and delivered messages: {size / 2**20:.0f} MiB")
        everybody = random.sample(range(plan.grown), min(plan.grown, 20_000))
        with stack.ended(stack.start_byoc(small, relay.WORKERS, relay=False)), \
                stack.ended(stack.start_byoc(large, relay.WORKERS, relay=False, name="other")):
            before = stack.rows(small), stack.rows(large)
            runs = ack.alternate(
                stack, ["byoc", "other"], plan.seconds, plan.rounds, {"byoc": contacts, "other": everybody})
            ack.check_rows(stack, small, before[0], runs["byoc"], 64 * plan.rounds)
            ack.check_rows(stack, large, before[1], runs["other"], 64 * plan.rounds)
        result = {"grown": plan.grown, "bytes": size, "small": ack.summary(runs["byoc"]),
                  "large": ack.summary(runs["other"])}
        result["ratio"] = result["large"]["per_s"] / result["small"]["per_s"]
        ack.line(stack, "few rows", result["small"])
        ack.line(stack, "many rows", result["large"])

        result["relay"] = {}
        for name, data in (("small", small), ("large", large)):
            # What was only taken in above isn't part of this.
            discard_waiting(data)
            with stack.ended(stack.start_byoc(data, relay.WORKERS, relay=True)):
                result["relay"][name] = relay.measure(stack, data, plan.relay_messages, 0)
        result["relay"]["ratio"] = result["relay"]["large"]["per_s"] / result["relay"]["small"]["per_s"]
    stack.say(
        f"  relay: few rows {result['relay']['small']['per_s']:.0f}/s, many rows "
        f"{result['relay']['large']['per_s']:.0f}/s; ratios: ack {result['ratio']:.2f}, "
        f"relay {result['relay']['ratio']:.2f}")
    return result


def discard_waiting(data):
    connection = sqlite3.connect(f"{data}/byoc.sqlite", isolation_level=None, timeout=30)
    connection.execute("DELETE FROM outbox WHERE state = 'waiting'")
    connection.execute("DELETE FROM lanes")
    connection.close()
