"""Takes over CSV and JSON files of a folder, each whole; what a file that is gone held goes too.

A file whose rows do not all fit is taken as far as it goes, and the rest is counted. One that is
being written at this moment waits: what it lacks yet was not taken back.
"""

import time
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from heed.flows.shared import bank_files
from heed.integrations.exchanges.base import Base
from heed.ports import ExchangeBusy, ExchangeRefused, SharedPage, SharedSignal

KINDS = {".csv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json"}
MOST_BYTES = 512 << 20
STILL_SECONDS = 5.0  # a file that changed since may be written still


class Folder(Base):
    """Keeps the promise of `ports.Exchange`."""

    def settings(self) -> Mapping[str, str]:
        """Names, and what each is for."""
        return {"path": "the folder, as this server sees it (required)"}

    def check(self, name: str, said: Mapping[str, Any]) -> None:
        """Raises `ExchangeRefused`."""
        path = Path(str(said.get("path") or ""))
        if not path.is_absolute() or not path.is_dir():
            raise ExchangeRefused("path: a folder that is there, from the root on")

    def page(
        self, name: str, said: Mapping[str, Any], cursor: Mapping[str, Any], *, now: datetime
    ) -> SharedPage:
        """The first file that changed since; then the next."""
        self.check(name, said)
        known = dict(cursor.get("files") or {})
        here = {
            path.name: path
            for path in sorted(Path(str(said["path"])).iterdir())
            if path.suffix.lower() in KINDS and path.is_file() and len(path.name) <= 200
        }
        for gone in [one for one in known if one not in here]:
            known.pop(gone)
            return _page({gone: []}, known, {})
        for file, path in here.items():
            digest = _digest(path)
            if known.get(file) != digest:
                if file in known and time.time() - path.stat().st_mtime < STILL_SECONDS:
                    raise ExchangeBusy(f"{file} was changed a moment ago: it may not be whole", 10)
                signals, passed = _read(path)
                return _page({file: signals}, {**known, file: digest}, passed)
        return SharedPage(entries={}, cursor={"files": known}, more=False, passed_over={})


def _page(
    entries: Mapping[str, list[SharedSignal]], known: Mapping[str, str], passed: Mapping[str, int]
) -> SharedPage:
    return SharedPage(entries=entries, cursor={"files": known}, more=True, passed_over=passed)


def _digest(path: Path) -> str:
    if path.stat().st_size > MOST_BYTES:
        raise ExchangeRefused(f"{path.name} is larger than {MOST_BYTES >> 20} MB: split it")
    return sha256(path.read_bytes()).hexdigest()


def _read(path: Path) -> tuple[list[SharedSignal], dict[str, int]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = list(bank_files.read(text, kind=KINDS[path.suffix.lower()]))
    except (UnicodeDecodeError, bank_files.Unreadable) as why:
        raise ExchangeBusy(f"{path.name} can't be read, or is being written: {why}") from None
    good = [row.signal for row in rows if row.signal is not None]
    signals = [
        SharedSignal(type=one.type, value=one.value, quality=one.quality, note=one.note)
        for one in good
    ]
    bad = len(rows) - len(good)
    return signals, {"rows that do not fit": bad} if bad else {}
