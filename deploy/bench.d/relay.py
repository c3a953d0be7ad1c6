"""How fast messages get to Freshchat: from the webhook until Freshchat has answered and that is on disk."""

import collections
import os

import ack
from stack import Failed

WORKERS = 2
CONTACTS = ack.CONTACTS


def settle(stack, data, contacts=CONTACTS):
    """Lets each contact write once: from now on all are known, as in the steady state."""
    send(stack, len(contacts), contacts)
    stack.wait_until_delivered(data)


def send(stack, count, contacts=CONTACTS, rate=0, name="byoc"):
    file = stack.webhooks(count, contacts)
    result = stack.pace(name, file, rate)
    os.unlink(file)
    return result


def mark(stack, data):
    """The newest message and the newest entry of the doubles' log."""
    newest = stack.query(data, "SELECT coalesce(max(id), 0) FROM outbox")[0][0]
    return newest, stack.control("/log?limit=1&since=999999999")["last"]


def set_latency(stack, milliseconds):
    stack.control("/freshchat/faults", "DELETE")
    if milliseconds:
        stack.control("/freshchat/faults", "POST", {
            "count": 0, "action": "none", "delayMilliseconds": milliseconds})


def seen_by_freshchat(stack, since, count):
    """The calls that Freshchat got, by route. Each of the messages must have come in, and once."""
    calls, texts = collections.Counter(), collections.Counter()
    while entries := stack.control(f"/log?since={since}&limit=10000")["entries"]:
        for entry in entries:
            if entry["side"] == "freshchat" and entry["kind"] == "request":
                calls[entry["name"]] += 1
            elif entry["side"] == "freshchat" and entry["kind"] == "message":
                texts[entry["text"]] += 1
        since = entries[-1]["number"]
    if len(texts) != count or set(texts.values()) != {1}:
        raise Failed(f"Of {count} messages Freshchat has {len(texts)} different ones, {sum(texts.values())} in all.")
    return calls


def times(stack, data, above):
    """Instants of accepting and of delivery of each message, in milliseconds, in the order of delivery."""
    return stack.query(
        data, "SELECT accepted_at, finished_at FROM outbox WHERE id > ? ORDER BY finished_at", above)


def measure(stack, data, count, paced_seconds):
    """With running workers and settled contacts: what goes through, and how long one takes at half of that."""
    newest, since = mark(stack, data)
    sent = send(stack, count)
    stack.wait_until_delivered(data)
    rows = times(stack, data, newest)
    calls = seen_by_freshchat(stack, since, count)
    seconds = (rows[-1][1] - min(row[0] for row in rows)) / 1000
    result = {
        "messages": count, "per_s": count / seconds, "calls": sum(calls.values()) / count, "routes": dict(calls),
        "ack_p99_ms": sent["p99_us"] / 1000, "ack_max_ms": sent["max_us"] / 1000}
    if not paced_seconds:
        return result

    newest, since = mark(stack, data)
    rate = result["per_s"] / 2
    count = int(rate * paced_seconds)
    sent = send(stack, count, rate=rate)
    stack.wait_until_delivered(data)
    ages = sorted(finished - accepted for accepted, finished in times(stack, data, newest))
    seen_by_freshchat(stack, since, count)
    result["half"] = {
        "rate": rate, "p50_ms": ages[len(ages) // 2], "p99_ms": ages[int(len(ages) * 0.99)], "max_ms": ages[-1],
        "ack_p99_ms": sent["p99_us"] / 1000}
    return result


def run(stack, plan):
    result = {"workers": WORKERS}
    for latency in (0, 50):
        data = stack.new_store("data")
        with stack.ended(stack.start_sandbox()), stack.ended(stack.start_byoc(data, WORKERS, relay=True)):
            settle(stack, data)
            set_latency(stack, latency)
            entry = measure(stack, data, plan.relay_messages, plan.seconds)
        result[f"{latency}_ms"] = entry
        half = entry["half"]
        stack.say(
            f"  Freshchat takes {latency:2} ms   {entry['per_s']:6.0f}/s   {entry['calls']:.3f} calls a message   "
            f"at {half['rate']:.0f}/s: p50 {half['p50_ms']}, p99 {half['p99_ms']}, max {half['max_ms']} ms")
    return result


def run_backlog(stack, plan):
    data = stack.new_store("data")
    count = plan.backlog
    with stack.ended(stack.start_sandbox()):
        with stack.ended(stack.start_byoc(data, WORKERS, relay=True)):
            settle(stack, data)
            newest, since = mark(stack, data)
        with stack.ended(stack.start_byoc(data, WORKERS, relay=False)):
            send(stack, count)
        with stack.ended(stack.start_byoc(data, WORKERS, relay=True)):
            stack.wait_until_delivered(data, 1200)
        seen_by_freshchat(stack, since, count)
    finished = [row[1] for row in times(stack, data, newest)]
    tenth = count // 10
    bounds = [finished[0]] + [finished[min((number + 1) * tenth, count) - 1] for number in range(10)]
    rates = [tenth / (end - begin) * 1000 for begin, end in zip(bounds, bounds[1:])]
    result = {
        "messages": count, "per_s": count / (finished[-1] - finished[0]) * 1000, "tenths_per_s": rates,
        "ratio": rates[-1] / rates[0]}
    stack.say(
        f"  {count} messages   {result['per_s']:.0f}/s   first tenth {rates[0]:.0f}/s, last {rates[-1]:.0f}/s, "
        f"ratio {result['ratio']:.2f}")
    return result
