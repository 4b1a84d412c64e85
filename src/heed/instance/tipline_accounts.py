"""Credentials of single platforms at NCMEC, from files or the environment; each for test and real.

A platform that has none of its own files with the server's.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PREFIX = "HEED_NCMEC_OF_"
ENVIRONMENTS = ("test", "production")
_FORM = (
    '{"environment": "test", "test": {"user": "...", "password": "..."}, '
    '"production": {"user": "...", "password": "..."}}'
)


class BadAccount(ValueError):
    """Credentials that can't be read. The message says where they are, never what they are."""


def accounts(
    directory: Path, environ: Mapping[str, str], urls: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """What each platform files with, by its slug: environment, url, user, password.

    `urls` are the addresses of the two environments. Raises `BadAccount`.
    """
    return {slug: _account(where, told, urls) for slug, where, told in _found(directory, environ)}


def _found(directory: Path, environ: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for path in sorted(directory.glob("*.json")) if os.access(directory, os.R_OK) else ():
        yield path.stem, str(path), path.read_text(encoding="utf-8")
    for name in sorted(environ):
        if name.startswith(PREFIX):
            yield slug_of(name), name, environ[name]


def slug_of(variable: str) -> str:
    """`HEED_NCMEC_OF_TOWN_SQUARE` is for the platform `town-square`."""
    return re.sub(r"_+", "-", variable.removeprefix(PREFIX).lower())


def _account(where: str, text: str, urls: Mapping[str, str]) -> dict[str, str]:
    try:
        told: Any = json.loads(text)
    except ValueError:
        raise BadAccount(f"{where} is no JSON; it looks like {_FORM}") from None
    if not isinstance(told, dict) or told.get("environment", "") not in ("", *ENVIRONMENTS):
        raise BadAccount(f"{where} names no environment; it looks like {_FORM}")
    chosen = str(told.get("environment", ""))
    own = told.get(chosen, {}) if chosen else {}
    if not isinstance(own, dict) or (chosen and not (own.get("user") and own.get("password"))):
        raise BadAccount(f"{where} has no user or no password for {chosen}; it looks like {_FORM}")
    return {
        "environment": chosen,
        "url": str(own.get("url") or urls.get(chosen, "")),
        "user": str(own.get("user", "")),
        "password": str(own.get("password", "")),
    }
