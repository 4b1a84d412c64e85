"""Asks Arachnid Shield which of our PDQ values it knows. Files never leave this server."""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from heed.integrations.exchanges.base import Base
from heed.integrations.exchanges.credentials import credentials
from heed.integrations.exchanges.remote import Remote, basic, private, words
from heed.ports import ExchangeBusy, ExchangeRefused, SharedPage, SharedSignal

BASE = "https://shield.projectarachnid.com"
KNOWN = {"csam", "harmful-abusive-material"}


class ArachnidShield(Base):
    """Keeps the promise of `ports.Exchange`: it is asked, and gives no lists."""

    def settings(self) -> Mapping[str, str]:
        """Names, and what each is for."""
        return {
            "classes": f"which answers count: {', '.join(sorted(KNOWN))}; both when left out",
            "base": "another address, for trying out",
            "private": "host:port of that address when it is your own",
        }

    def check(self, name: str, said: Mapping[str, Any]) -> None:
        """Raises `ExchangeRefused`, for credentials first."""
        credentials(name, ["user", "password"])
        _classes(said)

    def page(
        self, name: str, said: Mapping[str, Any], cursor: Mapping[str, Any], *, now: datetime
    ) -> SharedPage:
        """It gives no lists: see `ask`."""
        raise NotImplementedError

    def ask(self, name: str, said: Mapping[str, Any], values: Sequence[bytes]) -> SharedPage:
        """Those of these values that it knows, each as an entry of its own."""
        known = credentials(name, ["user", "password"])
        remote = Remote(
            str(said.get("base") or BASE), basic(known["user"], known["password"]), private(said)
        )
        texts = {base64.b64encode(value).decode(): value for value in values}
        told = remote.send_json("/v1/pdq", {"hashes": list(texts)})
        rows = told.get("scanned_hashes") if isinstance(told, dict) else None
        if not isinstance(rows, dict) or not set(texts) <= set(rows):
            raise ExchangeBusy("half an answer: some hashes were not answered")
        classes = _classes(said)
        entries = {
            value.hex(): [SharedSignal(type="pdq", value=value, note=_class(rows[text]))]
            for text, value in texts.items()
            if _class(rows[text]) in classes
        }
        return SharedPage(entries=entries, cursor={}, more=False, passed_over={})


def _classes(said: Mapping[str, Any]) -> set[str]:
    chosen = set(words(said, "classes")) or KNOWN
    if unknown := sorted(chosen - KNOWN):
        raise ExchangeRefused(f"classes: {', '.join(sorted(KNOWN))}, not {', '.join(unknown)}")
    return chosen


def _class(row: Any) -> str:
    return str(row.get("classification") or "") if isinstance(row, dict) else ""
