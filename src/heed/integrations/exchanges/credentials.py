"""Credentials of exchanges: from the environment or a file, and nowhere else."""

import json
import os
import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from heed.ports import ExchangeRefused


def variable(name: str) -> str:
    """The environment variable of an exchange: `HEED_EXCHANGE_` and its name in capitals."""
    return "HEED_EXCHANGE_" + re.sub(r"[^A-Z0-9]+", "_", name.upper())


def credentials(name: str, fields: Sequence[str]) -> dict[str, str]:
    """These fields, from a JSON object in the variable or in `var/keys/exchanges/<name>.json`.

    Raises `ExchangeRefused`, which says where to put them and never what they are.
    """
    path = settings.HEED_VAR / "keys" / "exchanges" / f"{name}.json"
    where = f"put a JSON object with {', '.join(fields)} into {variable(name)} or {path}"
    text = os.environ.get(variable(name), "")
    if not text and "/" not in name and path.is_file():
        text = path.read_text(encoding="utf-8")
    if not text:
        raise ExchangeRefused(f"there are no credentials: {where}")
    try:
        found: Any = json.loads(text)
    except ValueError:
        raise ExchangeRefused(f"the credentials are no JSON: {where}") from None
    missing = [one for one in fields if not isinstance(found, dict) or not found.get(one)]
    if missing:
        raise ExchangeRefused(f"the credentials lack {', '.join(missing)}: {where}")
    return {one: str(found[one]) for one in fields} | {
        one: str(value) for one, value in found.items() if one not in fields
    }
