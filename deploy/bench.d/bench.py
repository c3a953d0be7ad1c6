"""Runs the parts of the bench. Called by deploy/bench, which has built and compiled what is needed."""

import argparse
import json
import os
import pathlib
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import time

import ack
import footprint
import growth
import relay
from stack import Failed, Stack

PARTS = {
    "ack": ("webhooks taken in, beside an empty responder", ack.run),
    "relay": ("from the webhook to Freshchat", relay.run),
    "backlog": ("what waits is relayed", relay.run_backlog),
    "growth": ("a store long in use", growth.run),
    "memory": ("memory of a worker", footprint.run_memory),
    "start": ("start", footprint.run_start),
    "size": ("the program", footprint.run_size),
}


class Plan:
    """How much of everything."""

    def __init__(self, quick, built):
        self.built = built
        self.rounds = 2
        self.seconds = 3 if quick else 10
        self.worst_seconds = 10 if quick else 60
        self.relay_messages = 4_000 if quick else 20_000
        self.backlog = 10_000 if quick else 100_000
        self.grown = 200_000 if quick else 1_000_000
        self.many = 0 if quick else 1_000_000
        self.starts = 20 if quick else 50


def machine():
    models = [line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
              if line.startswith("model name")]
    memory = int(pathlib.Path("/proc/meminfo").read_text().split()[1]) / 2**20
    system = dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return {
        "cores": os.cpu_count(), "model": models[0] if models else platform.machine(), "memory_gib": round(memory),
        "system": system["PRETTY_NAME"].strip('"'), "kernel": platform.release()}


def sync_ms(folder):
    """How long the disk takes until a page is safe on it: what each commit waits for. The median, in milliseconds."""
    kind = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=True).stdout.strip()
    if kind in ("tmpfs", "ramfs"):
        raise Failed(f"{folder} is in memory, where nothing is durable: set TMPDIR to a folder on a disk.")
    seconds = []
    with open(folder / "sync", "wb", buffering=0) as file:
        for _ in range(100):
            file.write(bytes(4096))
            begin = time.perf_counter()
            os.fdatasync(file.fileno())
            seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds) * 1000


# The names of the last line, and where their figures stand.
FIGURES = {
    "ack_ratio": ("{:.2f}", "ack", "ratio"),
    "p99_ratio": ("{:.2f}", "ack", "p99_ratio"),
    "relay_per_s": ("{:.0f}", "relay", "0_ms", "per_s"),
    "calls_per_message": ("{:.3f}", "relay", "0_ms", "calls"),
    "rss_idle_mib": ("{:.1f}", "memory", "idle", "peak_mib"),
    "rss_load_mib": ("{:.1f}", "memory", "load", "peak_mib"),
    "start_ms": ("{:.1f}", "start", "warm", "median_ms"),
    "growth_ratio": ("{:.2f}", "growth", "ratio"),
}


def last_line(results):
    words = []
    for name, (form, part, *path) in FIGURES.items():
        value = results.get(part)
        if value is None:
            continue
        for step in path:
            value = value[step]
        words.append(f"{name}={form.format(value)}")
    return " ".join(words)


def main():
    parser = argparse.ArgumentParser(prog="deploy/bench")
    parser.add_argument("parts", nargs="*", metavar="PART", help="of: " + ", ".join(PARTS))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--work", required=True)
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    options = parser.parse_args()
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")

    # As it is shipped: without symbols.
    byoc = pathlib.Path(options.work) / "byoc"
    subprocess.run(["strip", "-o", byoc, options.bin / "byoc"], check=True)
    stack = Stack(options.work, byoc, options.bin / "byoc-sandbox")
    plan = Plan(options.quick, options.bin / "byoc")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    begin = time.monotonic()
    results = {
        "machine": machine(), "quick": options.quick, "at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        # What else the machine does: 0 is nothing.
        "load_before": os.getloadavg()[0]}
    host = results["machine"]
    try:
        results["sync_ms"] = sync_ms(stack.work)
        print(
            f"{host['cores']} cores ({host['model']}), {host['memory_gib']} GiB, {host['system']}; wrk, nginx, workers "
            f"and doubles share them.\nLoad before: {results['load_before']:.1f}; the disk takes "
            f"{results['sync_ms']:.2f} ms to make a page durable.", flush=True)
        stack.start_nginx()
        stack.install()
        for part, (title, run) in PARTS.items():
            if options.parts and part not in options.parts:
                continue
            print(f"{part}: {title}", flush=True)
            results[part] = run(stack, plan)
    except Failed as failure:
        sys.exit(f"deploy/bench: {failure}")
    finally:
        stack.stop_all()
        shutil.rmtree(stack.work / "data", ignore_errors=True)
    results["seconds"] = time.monotonic() - begin
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    print(f"took {results['seconds']:.0f} s")
    print(last_line(results))


if __name__ == "__main__":
    main()
