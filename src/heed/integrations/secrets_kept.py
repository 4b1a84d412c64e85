"""Credentials of others' services: from the environment or a file, and nowhere else."""

import json
import os
import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings


class NotKept(Exception):
    """They are not there, or not whole. Says where to put them, and never what they are."""


def variable(prefix: str, name: str) -> str:
    """The environment variable of a service: the prefix, and its name in capitals."""
    return prefix + re.sub(r"[^A-Z0-9]+", "_", name.upper())


def read(*, folder: str, prefix: str, name: str, fields: Sequence[str]) -> dict[str, str]:
    """These fields and any others, from a JSON object in the variable or in
    `var/keys/<folder>/<name>.json`. Raises `NotKept`.
    """
    path = settings.HEED_VAR / "keys" / folder / f"{name}.json"
    named = variable(prefix, name)
    where = f"put a JSON object with {', '.join(fields)} into {named} or {path}"
    text = os.environ.get(named, "")
    if not text and "/" not in name and path.is_file():
        text = path.read_text(encoding="utf-8")
    if not text:
        raise NotKept(f"there are no credentials: {where}")
    try:
        found: Any = json.loads(text)
    except ValueError:
        raise NotKept(f"the credentials are no JSON: {where}") from None
    missing = [one for one in fields if not isinstance(found, dict) or not found.get(one)]
    if missing:
        raise NotKept(f"the credentials lack {', '.join(missing)}: {where}")
    return {str(one): str(value) for one, value in found.items()}
