"""What byoc takes of the machine: memory, the time to start, the size of the file."""

import os
import pathlib
import socket
import statistics
import struct
import subprocess
import time

import ack
import relay
from stack import Failed


def memory_of(process):
    """Resident, its highest so far, and private, in MiB."""
    status = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines())
    rollup = pathlib.Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    private = sum(int(line.split()[1]) for line in rollup if line.startswith(("Private_Clean", "Private_Dirty")))
    return {
        "rss_mib": int(status["VmRSS"].split()[0]) / 1024, "peak_mib": int(status["VmHWM"].split()[0]) / 1024,
        "private_mib": private / 1024}


def worst(stack, byoc):
    """The largest figures of any worker."""
    all_figures = [memory_of(worker) for worker in stack.workers(byoc)]
    return {name: max(figures[name] for figures in all_figures) for name in all_figures[0]}


def run_memory(stack, plan):
    data = stack.new_store("data")
    with stack.ended(stack.start_sandbox()), stack.ended(stack.start_byoc(data, relay.WORKERS, relay=True)) as byoc:
        # What a worker does once after its start is over by then.
        time.sleep(3)
        result = {"idle": worst(stack, byoc)}
        relay.settle(stack, data)
        before = stack.rows(data)
        file = stack.webhooks(ack.EXPECTED_PER_SECOND * plan.seconds, ack.CONTACTS)
        entry = stack.saturate("byoc", file, plan.seconds)
        os.unlink(file)
        ack.check_rows(stack, data, before, [entry], 64)
        stack.wait_until_delivered(data)
        result["load"] = worst(stack, byoc)
    say(stack, "idle", result["idle"])
    say(stack, f"full load, {entry['answers']} messages taken in and relayed", result["load"])
    if plan.many:
        data = stack.new_store("data")
        # Nothing is relayed here, so all of it waits; that is more than byoc would let wait.
        with stack.ended(stack.start_byoc(data, relay.WORKERS, relay=False, BYOC_OUTBOX_LIMIT=2 * plan.many)) as byoc:
            for _ in range(10):
                relay.send(stack, plan.many // 10)
            result["many"] = {"messages": plan.many, **worst(stack, byoc)}
        say(stack, f"after {plan.many} messages taken in", result["many"])
    return result


def say(stack, name, figures):
    stack.say(
        f"  {name}: resident {figures['rss_mib']:.1f} (at most {figures['peak_mib']:.1f}), private "
        f"{figures['private_mib']:.1f} MiB a worker")


# Start


def fastcgi_request(path):
    """One GET as a web server sends it by FastCGI."""
    def pair(name, value):
        return struct.pack("BB", len(name), len(value)) + name.encode() + value.encode()

    def record(kind, content):
        return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content

    parameters = b"".join(pair(name, value) for name, value in {
        "REQUEST_METHOD": "GET", "REQUEST_URI": path, "SCRIPT_NAME": path, "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "REMOTE_ADDR": "127.0.0.1", "QUERY_STRING": ""}.items())
    return (record(1, struct.pack(">HB5x", 1, 0)) + record(4, parameters) + record(4, b"") + record(5, b""))


def first_answer(stack, environment):
    """Seconds from exec to the answer to a request that waits already, on a socket that byoc inherits."""
    path = str(stack.work / "start.sock")
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as client, \
            open(stack.work / "start.log", "ab") as log:
        if os.path.exists(path):
            os.unlink(path)
        listening.bind(path)
        listening.listen(8)
        client.connect(path)
        client.sendall(fastcgi_request("/healthz"))
        client.settimeout(30)
        begin = time.perf_counter()
        process = os.posix_spawn(stack.byoc, [stack.byoc, "serve"], environment, file_actions=[
            (os.POSIX_SPAWN_DUP2, listening.fileno(), 0), (os.POSIX_SPAWN_DUP2, log.fileno(), 1),
            (os.POSIX_SPAWN_DUP2, log.fileno(), 2)])
        try:
            answer = client.recv(4096)
            seconds = time.perf_counter() - begin
        finally:
            os.kill(process, 15)
            os.waitpid(process, 0)
    if b"200" not in answer:
        raise Failed(f"The first answer is not a good one: {answer}")
    return seconds


def cgi_request(stack, environment):
    environment = {
        **environment, "GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET", "REQUEST_URI": "/healthz",
        "PATH_INFO": "/healthz", "SCRIPT_NAME": "", "SERVER_PROTOCOL": "HTTP/1.1", "SERVER_NAME": "localhost",
        "SERVER_PORT": "80", "REMOTE_ADDR": "127.0.0.1", "QUERY_STRING": "",
        "BYOC_LOG_FILE": str(stack.work / "start.log")}
    begin = time.perf_counter()
    process = subprocess.Popen([stack.byoc], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        answer = process.stdout.read(7)
        seconds = time.perf_counter() - begin
    finally:
        process.stdout.read()
        process.wait(60)
        process.stdout.close()
    if answer != b"Status:":
        raise Failed(f"CGI was answered with {answer}")
    return seconds


def forget(path):
    """Takes a file out of the page cache; it must not be in use."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def run_start(stack, plan):
    data = stack.new_store("data")
    environment = stack.environment(data)
    first_answer(stack, environment)
    measured = {
        "warm": [first_answer(stack, environment) for _ in range(plan.starts)],
        "cgi": [cgi_request(stack, environment) for _ in range(plan.starts // 2)],
        "cold": []}
    for _ in range(5):
        forget(stack.byoc)
        measured["cold"].append(first_answer(stack, environment))
    result = {}
    for name, seconds in measured.items():
        result[name] = {
            "median_ms": statistics.median(seconds) * 1000, "min_ms": min(seconds) * 1000,
            "max_ms": max(seconds) * 1000, "starts": len(seconds)}
    for name, title in (("warm", "exec to first answer"), ("cold", "the same, its file not in memory"),
                        ("cgi", "one CGI request")):
        entry = result[name]
        stack.say(
            f"  {title:34} median {entry['median_ms']:6.1f}   {entry['min_ms']:.1f}–{entry['max_ms']:.1f} ms "
            f"({entry['starts']} starts)")
    return result


def run_size(stack, plan):
    result = {
        "built_mib": os.path.getsize(plan.built) / 2**20, "stripped_mib": os.path.getsize(stack.byoc) / 2**20}
    stack.say(f"  as built {result['built_mib']:.0f} MiB, stripped {result['stripped_mib']:.0f} MiB")
    return result
