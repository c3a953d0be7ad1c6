"""Webhooks as Viber sends them: each with a message token of its own, signed with the bot's token."""

import base64
import hashlib
import hmac
import itertools
import json
import time

# In the range of real ones, and never the same twice in one run.
_tokens = itertools.count(5_800_000_000_000_000_000 + time.time_ns() // 1_000_000 * 10_000)


def contact_id(number):
    """A Viber user id, which looks like the real ones, / + = and all."""
    return base64.b64encode(hashlib.md5(b"contact %d" % number).digest()).decode()


def write(path, count, bot_token, contacts):
    """Writes `count` webhooks, a line each: signature, space, body. They come from `contacts`, numbers, in turn."""
    key = bot_token.encode()
    senders = [
        json.dumps({
            "id": contact_id(number), "name": f"Customer {number}", "language": "uk-UA", "country": "UA",
            "avatar": f"https://media-direct.cdn.viber.com/download_photo?dlid={number:032d}", "api_version": 10})
        for number in contacts]
    with open(path, "w", encoding="utf-8", buffering=1 << 20) as file:
        for sender in itertools.islice(itertools.cycle(senders), count):
            token = next(_tokens)
            body = (
                f'{{"event":"message","timestamp":{time.time_ns() // 1_000_000},"chat_hostname":"SN-CALLBACK-04_",'
                f'"message_token":{token},"sender":{sender},"message":{{"text":"Доброго дня! Where is order {token}? 👋",'
                f'"type":"text"}},"silent":false}}')
            signature = hmac.digest(key, body.encode(), "sha256").hex()
            file.write(f"{signature} {body}\n")
