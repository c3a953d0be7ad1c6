"""What the scenarios play on: the addresses, the far sides' doubles, byoc's own commands."""

import json
import os
import sqlite3
import subprocess
import time
import urllib.parse
import urllib.request

from browser import PATIENCE


class Stage:
    def __init__(self, path):
        """path: a JSON file that deploy/browser-test writes."""
        with open(path) as file:
            self.given = json.load(file)
        with open(self.given["about"]) as file:
            self.about = json.load(file)
        self.base = self.given["base"]
        self.admin = self.base + "/admin"
        self.playground = self.about["control"]["url"] + "/"
        self.password = self.given["password"]
        self.work = self.given["work"]

    def control(self, method, path, body=None):
        """The doubles' interface for acting as customer and as agent."""
        request = urllib.request.Request(
            self.about["control"]["url"] + path, method=method,
            headers={"Content-Type": "application/json"},
            data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            text = answer.read().decode()
        return json.loads(text) if text else None

    def byoc(self, *arguments):
        """A command's JSON."""
        result = subprocess.run(
            [self.given["byoc"], *arguments, "--json"], env=self.given["environment"], cwd=self.work,
            capture_output=True, text=True, timeout=PATIENCE)
        assert result.returncode == 0, f"byoc {' '.join(arguments)}: {result.stdout}{result.stderr}"
        return json.loads(result.stdout)

    def clear(self):
        """As if nothing had ever been connected by hand."""
        for installation in self.byoc("installations"):
            self.byoc("uninstall", "--yes", "--now", installation["id"])

    def age_posts(self, minutes):
        """As if what customers wrote until now had been posted to Freshchat so much earlier."""
        with sqlite3.connect(os.path.join(self.work, "data", "byoc.sqlite"), timeout=PATIENCE) as store:
            store.execute(
                "UPDATE outbox SET finished_at = finished_at - ? WHERE direction = 'inbound' AND state = 'delivered'",
                [minutes * 60_000])
        store.close()

    def customer(self, name):
        return self.control("POST", "/viber/customers", {"name": name})["id"]

    def customers(self):
        """By their names."""
        return {customer["name"]: customer["id"] for customer in self.control("GET", "/viber/customers")}

    @staticmethod
    def path(segment):
        return urllib.parse.quote(segment, safe="")

    def writes(self, customer, text):
        self.control("POST", f"/viber/customers/{self.path(customer)}/messages", {"text": text})

    def texts_in_freshchat(self):
        """What customers wrote, as agents see it, over all conversations."""
        texts = []
        for conversation in self.control("GET", "/freshchat/conversations"):
            path = f"/freshchat/conversations/{self.path(conversation['conversation_id'])}/messages"
            for message in self.control("GET", path):
                texts += [part["text"]["content"] for part in message["message_parts"] if "text" in part]
        return texts

    def until(self, what, condition):
        """For what no page shows: asks until it is so."""
        deadline = time.monotonic() + PATIENCE
        while not (value := condition()):
            assert time.monotonic() < deadline, f"{what} never came"
            # Each question is a request or a process, which takes its time by itself.
            os.sched_yield()
        return value
