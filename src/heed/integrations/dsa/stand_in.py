"""A stand-in for the DSA Transparency Database: keeps statements, and misbehaves on demand.

`heed stand-in dsa` runs it. Batches are atomic, a known id is answered 302 and refused 422, as the
real one documents it. It sends nothing on.
"""

import json
import re
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from heed.integrations import stand_ins

TOKEN = "stand-in"
FAULTS = ("silent", "busy", "error", "locked")  # carry out and never answer; 429; 500; 401
_ENUMS = json.loads(Path(__file__).with_name("enums.json").read_text())
_CHECKS: Mapping[str, tuple[str, bool]] = {  # field: its enumeration, and whether it is a list
    "decision_visibility": ("DECISION_VISIBILITIES", True),
    "decision_ground": ("DECISION_GROUNDS", False),
    "content_type": ("CONTENT_TYPES", True),
    "category": ("STATEMENT_CATEGORIES", False),
    "category_specification": ("KEYWORDS", True),
    "source_type": ("SOURCE_TYPES", False),
    "automated_decision": ("AUTOMATED_DECISIONS", False),
    "territorial_scope": ("EUROPEAN_COUNTRY_CODES", True),
}
_REQUIRED = (
    "puid", "decision_visibility", "decision_ground", "content_type", "category", "content_date",
    "application_date", "decision_facts", "source_type", "automated_detection",
    "automated_decision",
)  # fmt: skip


_INCOMPATIBLE = ("incompatible_content_ground", "incompatible_content_explanation")
_ILLEGAL = ("illegal_content_legal_ground", "illegal_content_explanation")
_FORMS = {
    "puid": r"[a-zA-Z0-9-_]{1,500}",
    "content_date": r"20[0-3]\d-\d\d-\d\d",
    "application_date": r"20[2-3]\d-\d\d-\d\d",
    "decision_facts": r".{1,5000}",
}


def faults(row: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with one statement, by field."""
    found = {one: [f"The {one} field is required."] for one in _REQUIRED if not row.get(one)}
    for field, (enum, many) in _CHECKS.items():
        said = row.get(field)
        values = said if many and isinstance(said, list) else [said]
        if said is not None and not set(values) <= set(_ENUMS[enum]):
            found[field] = [f"The selected {field} is invalid."]
    ground = str(row.get("decision_ground"))
    needed = _INCOMPATIBLE if ground.endswith("INCOMPATIBLE_CONTENT") else _ILLEGAL
    found.update({one: [f"The {one} field is required."] for one in needed if not row.get(one)})
    for field, form in _FORMS.items():
        if not re.fullmatch(form, str(row.get(field)), re.DOTALL):
            found[field] = [f"The {field} format is invalid."]
    return found


class StandIn(stand_ins.Server):
    """`kept` holds statements by id; `fault` is one of `FAULTS`, for the next question alone."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), _Visit)
        self.kept: dict[str, dict[str, Any]] = {}
        self.fault, self.calls = "", 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def take(self, rows: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        """All, or none."""
        if not 1 <= len(rows) <= 100:
            return 422, {"errors": {"statements": ["between 1 and 100 statements"]}}
        wrong = {f"statement_{n}": found for n, row in enumerate(rows) if (found := faults(row))}
        if wrong:
            return 422, {"message": "The given data was invalid.", "errors": wrong}
        with self.lock:
            known = [row["puid"] for row in rows if row["puid"] in self.kept]
            if known:
                words = "The identifier(s) given are not all unique within this platform."
                return 422, {"message": words, "errors": {"existing_puids": known}}
            made = [{**row, "uuid": str(uuid.uuid4())} for row in rows]
            self.kept.update({row["puid"]: row for row in made})
        return 201, {"statements": made}


class _Visit(stand_ins.Visit):
    server: StandIn

    def visit(self) -> None:
        """Whether a statement is known, or some that are handed in."""
        if self.command == "POST":
            self._take()
        elif not self._misbehaves():
            self._look_up()

    def _look_up(self) -> None:
        found = re.fullmatch(r"/api/v1/statement/existing-puid/(.+)", self.path)
        if found is None:
            self._say(404, {})
        elif unquote(found.group(1)) in self.server.kept:
            self._say(302, {}, Location="/api/v1/statement/x")
        else:
            self._say(404, {"message": "statement not found"})

    def _take(self) -> None:
        body = self.body()
        if self.path != "/api/v1/statements":
            self._say(404, {})
        elif not self._misbehaves(body):
            self._say(*self.server.take(json.loads(body).get("statements", [])))

    def _misbehaves(self, body: bytes = b"") -> bool:
        self.server.calls += 1
        fault, self.server.fault = self.server.fault, ""
        if self.headers.get("Authorization") != f"Bearer {TOKEN}" or fault == "locked":
            self._say(401, {"message": "Unauthenticated."})
        elif fault == "busy":
            self._say(429, {"message": "Limit Reached. Please do not overload the API"})
        elif fault == "error":
            self._say(500, {})
        elif fault == "silent":
            self.server.take(json.loads(body)["statements"])
            self.close_connection = True
        else:
            return False
        return True

    def _say(self, status: int, told: dict[str, Any], **headers: str) -> None:
        self.send(status, json.dumps(told).encode(), "application/json", headers)


@contextmanager
def running() -> Iterator[StandIn]:
    """A stand-in that answers, for the block."""
    with stand_ins.answering(StandIn()) as server:
        yield server
