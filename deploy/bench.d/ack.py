"""How fast webhooks are taken in: durable on disk, and then answered."""

import os

from stack import Failed

# The empty responder is the faster one, and what it can't use up costs only disk.
EXPECTED_PER_SECOND = 60_000
CONTACTS = range(500)


def alternate(stack, names, seconds, rounds, contacts):
    """Drives several responders in turn, A B A B, with the same webhooks. `contacts`: of each name."""
    results = {name: [] for name in names}
    expected = EXPECTED_PER_SECOND
    for _ in range(rounds):
        files = {}
        for name in names:
            key = id(contacts[name])
            if key not in files:
                files[key] = stack.webhooks(int(expected * seconds), contacts[name])
            results[name].append(stack.saturate(name, files[key], seconds))
        for file in files.values():
            os.unlink(file)
        expected = max(expected, 2 * max(result["per_s"] for runs in results.values() for result in runs))
    return results


def summary(runs):
    """Of several runs: the mean throughput and 99 % time, the worst of all."""
    return {
        "per_s": sum(run["per_s"] for run in runs) / len(runs),
        "p50_ms": sum(run["p50_us"] for run in runs) / len(runs) / 1000,
        "p99_ms": sum(run["p99_us"] for run in runs) / len(runs) / 1000,
        "p999_ms": sum(run["p999_us"] for run in runs) / len(runs) / 1000,
        "max_ms": max(run["max_us"] for run in runs) / 1000,
        "answers": sum(run["answers"] for run in runs),
    }


def check_rows(stack, data, before, runs, cut):
    """As many rows as there were answers; wrk cuts what is under way at the end of a run, which may be in the store."""
    rows, events = stack.rows(data)
    added, answered = rows - before[0], sum(run["answers"] for run in runs)
    if not answered <= added <= answered + cut or events - before[1] != added:
        raise Failed(
            f"{answered} webhooks were answered with 200, and the store has {added} messages of "
            f"{events - before[1]} events.")
    return added


def run(stack, plan):
    result = {"workers": {}, "open": {}}
    for workers in (1, 2, 4, 8):
        data = stack.new_store("data")
        with stack.ended(stack.start_byoc(data, workers, relay=False)), stack.ended(stack.start_empty(workers)):
            before = stack.rows(data)
            runs = alternate(
                stack, ["empty", "byoc"], plan.seconds, plan.rounds, {"empty": CONTACTS, "byoc": CONTACTS})
            added = check_rows(stack, data, before, runs["byoc"], 64 * plan.rounds)
        entry = {name: summary(runs[name]) for name in runs}
        entry["rows"] = added
        entry["ratio"] = entry["byoc"]["per_s"] / entry["empty"]["per_s"]
        entry["p99_ratio"] = entry["byoc"]["p99_ms"] / entry["empty"]["p99_ms"]
        result["workers"][str(workers)] = entry
        for name in ("empty", "byoc"):
            line(stack, f"{workers} workers, {name}" if workers > 1 else f"1 worker, {name}", entry[name])
        stack.say(f"    ratio {entry['ratio']:.2f}; 200s {entry['byoc']['answers']}, rows {added}")
    best = max(result["workers"], key=lambda workers: result["workers"][workers]["byoc"]["per_s"])
    result["best_workers"] = int(best)
    result["ratio"] = result["workers"][best]["ratio"]
    result["p99_ratio"] = result["workers"][best]["p99_ratio"]

    half = result["workers"][best]["byoc"]["per_s"] / 2
    data = stack.new_store("data")
    with stack.ended(stack.start_byoc(data, int(best), relay=False)):
        for name, rate in (("58", 58), ("500", 500), ("half", half)):
            count = int(rate * plan.seconds)
            before = stack.rows(data)
            file = stack.webhooks(count, CONTACTS)
            entry = stack.pace("byoc", file, rate)
            os.unlink(file)
            check_rows(stack, data, before, [entry], 0)
            result["open"][name] = {"rate": rate, **summary([entry])}
            line(stack, f"open loop, {rate:.0f}/s", result["open"][name])

    data = stack.new_store("data")
    with stack.ended(stack.start_byoc(data, 8, relay=False)):
        before = stack.rows(data)
        seconds = plan.worst_seconds
        file = stack.webhooks(int(seconds * (2 * result["workers"]["8"]["byoc"]["per_s"] + 2000)), CONTACTS)
        entry = stack.saturate("byoc", file, seconds)
        os.unlink(file)
        check_rows(stack, data, before, [entry], 64)
    result["worst"] = {"seconds": seconds, **summary([entry])}
    line(stack, f"8 workers, {seconds} s", result["worst"])
    return result


def line(stack, name, entry):
    stack.say(
        f"  {name:24}{entry['per_s']:8.0f}/s   p50 {entry['p50_ms']:7.2f}   p99 {entry['p99_ms']:7.2f}   "
        f"p99.9 {entry['p999_ms']:7.2f}   max {entry['max_ms']:7.1f} ms")
