"""Filling in the form as a browser does."""

import re
from typing import Any

from django.test import Client


def step_one(*links: str, **more: Any) -> dict[str, str]:
    """A boy under 18 names a picture of himself."""
    said = {
        "links": "\n".join(links),
        "what": "picture",
        "who": "me-child",
        "danger": "no",
        "true": "yes",
        "token": "one-sending-of-the-form",
    }
    return {**said, **more}


def send(client: Client, *links: str, **more: Any) -> Any:
    return client.post("/notice", step_one(*links, **more))


def number_in(answer: Any) -> str:
    found = re.search(r'class="number">(H-[0-9A-Z-]+)<', answer.content.decode())
    assert found is not None, answer.content.decode()[:2_000]
    return found.group(1)


def words_in(answer: Any) -> str:
    found = re.search(r'class="words">([a-z ]+)<', answer.content.decode())
    return found.group(1) if found else ""


def link_in(answer: Any) -> str:
    found = re.search(r'href="https?://[^/"]+(/n/H-[^"]+\?k=[^"]+)"', answer.content.decode())
    assert found is not None
    return found.group(1)
