"""The processes of the bench: nginx, byoc, the empty responder, the doubles. All on loopback, all in one folder."""

import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.request

import webhooks

KEPT_CONNECTIONS = 64
_libc = ctypes.CDLL(None)


class Failed(Exception):
    """The bench can't go on; says why."""


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def wait_for(what, condition, seconds=30, pause=0.02):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failed(f"{what} did not happen within {seconds} seconds.")
        time.sleep(pause)


def request(url, method="GET", body=None):
    """The JSON that a double answers."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=60) as answer:
        return json.loads(answer.read() or b"null")


def answers(port, path="/readyz"):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


class Stack:
    def __init__(self, work, byoc, sandbox):
        self.work = pathlib.Path(work)
        self.byoc = str(byoc)
        self.sandbox_program = str(sandbox)
        self.running = []
        # One port for each upstream; webhooks to byoc come in by the first, which its installation's address names.
        self.ports = {"byoc": free_port(), "other": free_port(), "empty": free_port()}
        self.sandbox_ports = [free_port() for _ in range(3)]
        self.about = None
        self.files = 0

    # Processes

    def start(self, name, words, environment=None, stdin=None, stdout=subprocess.DEVNULL):
        with open(self.work / f"{name}.log", "ab") as log:
            process = subprocess.Popen(
                words, cwd=self.work, env=environment, stdin=stdin, stdout=stdout, stderr=log,
                # Nothing outlives the bench, however it ends.
                preexec_fn=lambda: _libc.prctl(1, signal.SIGTERM))
        process.name = name
        self.running.append(process)
        return process

    def stop(self, process):
        self.running.remove(process)
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failed(f"{process.name} did not stop within 30 seconds.") from None

    def stop_all(self):
        for process in reversed(self.running):
            process.terminate()
        for process in reversed(self.running):
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
        self.running = []

    @contextlib.contextmanager
    def ended(self, process):
        try:
            yield process
        finally:
            if process in self.running:
                self.stop(process)

    def environment(self, data, **more):
        return {
            "PATH": os.environ["PATH"], "HOME": str(self.work), "BYOC_DATA_DIR": str(data),
            "BYOC_BASE_URL": f"http://127.0.0.1:{self.ports['byoc']}", **{key: str(more[key]) for key in more}}

    def start_nginx(self):
        servers = ""
        for name, port in self.ports.items():
            servers += f"""
    upstream {name} {{
        server unix:{self.work}/{name}.sock max_fails=0;
        keepalive {KEPT_CONNECTIONS};
        keepalive_requests 100000000;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            include /etc/nginx/fastcgi_params;
            fastcgi_param HTTP_X_REQUEST_ID $request_id;
            fastcgi_pass {name};
            fastcgi_keep_conn on;
            fastcgi_read_timeout 60s;
        }}
    }}
"""
        user = ""
        if os.geteuid() == 0:
            user = "user root;"
        temporary = "".join(
            f"    {kind}_temp_path {self.work}/nginx-{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.work / "nginx.conf").write_text(f"""{user}
worker_processes 1;
daemon off;
pid {self.work}/nginx.pid;
error_log {self.work}/nginx.log warn;
events {{
    worker_connections 1024;
}}
http {{
    access_log off;
    keepalive_requests 100000000;
{temporary}{servers}}}
""")
        process = self.start("nginx", ["nginx", "-p", self.work, "-c", self.work / "nginx.conf", "-e",
                                       self.work / "nginx.log"])
        wait_for("nginx", lambda: (self.work / "nginx.pid").exists())
        return process

    def start_byoc(self, data, workers, relay, name="byoc", **settings):
        """`relay`: whether the workers relay, or only take in."""
        if not relay:
            settings["BYOC_RELAY_CONCURRENCY"] = 0
        process = self.start(
            name, [self.byoc, "serve", "--socket", self.work / f"{name}.sock", "--workers", str(workers)],
            self.environment(data, **settings))
        wait_for("byoc behind nginx", lambda: answers(self.ports[name]))
        wait_for("each worker", lambda: len(self.workers(process)) == workers)
        return process

    def workers(self, process):
        """The process ids of a byoc's workers."""
        found = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        return [int(word) for word in found]

    def start_empty(self, processes):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.work / "empty.sock")
        # libfcgi's way holds a thread for each kept connection.
        process = self.start("empty", [self.work / "empty", self.work / "empty.sock", str(processes),
                                       str(KEPT_CONNECTIONS // processes)])
        wait_for("the empty responder", lambda: answers(self.ports["empty"], "/"))
        return process

    def start_sandbox(self):
        about = self.work / "about.json"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(about)
        viber, freshchat, control = map(str, self.sandbox_ports)
        process = self.start("sandbox", [
            self.sandbox_program, "serve", "--about-file", about, "--viber-port", viber, "--freshchat-port", freshchat,
            "--control-port", control])
        wait_for("the doubles", lambda: about.exists())
        self.about = json.loads(about.read_text())
        return process

    def control(self, path, method="GET", body=None):
        return request(self.about["control"]["url"] + path, method, body)

    # The data store

    def install(self):
        """Makes a data store with one installation, to be copied for each run."""
        data = self.work / "installed"
        with self.ended(self.start_sandbox()), self.ended(self.start_byoc(data, 1, relay=False)):
            secrets = self.work / "secrets"
            secrets.write_text("auth_token={}\nfreshchat_token={}\nwebhook_key={}\n".format(
                self.about["viber"]["token"], self.about["freshchat"]["token"],
                self.about["freshchat"]["webhookPublicKey"].replace("\n", "\\n")))
            words = [
                self.byoc, "install", "viber", "--json", "--secrets", secrets,
                "--set", "api_base_url=" + self.about["viber"]["url"],
                "--freshchat-url", self.about["freshchat"]["url"],
                "--topic", self.about["freshchat"]["topics"][0]["name"]]
            done = subprocess.run(words, env=self.environment(data), cwd=self.work, capture_output=True, check=False)
            if done.returncode != 0:
                raise Failed(f"byoc install: {done.stderr.decode()}")
            self.path = urllib.request.urlparse(json.loads(done.stdout)["targetURL"]).path
        self.token = self.about["viber"]["token"]
        self.installed = data

    def new_store(self, name, like=None):
        data = self.work / name
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(like or self.installed, data)
        return data

    @staticmethod
    def query(data, sql, *arguments):
        connection = sqlite3.connect(f"file:{data}/byoc.sqlite?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(sql, arguments).fetchall()
        finally:
            connection.close()

    def rows(self, data):
        """How many messages were taken in, and how many different events, when nothing comes any more."""
        seen = None
        while seen != (now := self.query(data, "SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM dedupe)")[0]):
            seen = now
            time.sleep(0.2)
        return seen

    def wait_until_delivered(self, data, seconds=600):
        wait_for("the delivery of all messages", lambda: self.query(
            data, "SELECT NOT EXISTS (SELECT 1 FROM outbox WHERE state = 'waiting')")[0][0] == 1, seconds, pause=0.1)
        others = self.query(data, "SELECT state, count(*) FROM outbox WHERE state <> 'delivered' GROUP BY state")
        if others:
            raise Failed(f"Not all messages were delivered: {others}")

    # The load

    def webhooks(self, count, contacts):
        self.files += 1
        path = self.work / f"webhooks-{self.files}"
        webhooks.write(path, count, self.token, contacts)
        return path

    def saturate(self, name, file, seconds):
        """As many webhooks as are answered, with wrk."""
        return self.load([
            "wrk", "-t1", f"-c{KEPT_CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "-s",
            pathlib.Path(__file__).parent / "wrk.lua", f"http://127.0.0.1:{self.ports[name]}{self.path}", "--", file])

    def pace(self, name, file, rate):
        """So many webhooks a second, or with rate 0 as many as are answered; each of the file exactly once."""
        return self.load([
            self.work / "pace", str(self.ports[name]), self.path, str(KEPT_CONNECTIONS), str(rate), file])

    def load(self, words):
        process = self.start("load", words, stdout=subprocess.PIPE)
        output = process.communicate()[0].decode()
        self.running.remove(process)
        if process.returncode != 0:
            raise Failed(f"{words[0]} failed; see load.log")
        result = json.loads(output.strip().splitlines()[-1])
        if result["refused"] or result["broken"] or not result["answers"]:
            raise Failed(f"Not all webhooks were answered with 200: {result}")
        result["per_s"] = result["answers"] / result["seconds"]
        return result

    @staticmethod
    def say(text):
        print(text, flush=True)
