"""A stand-in for NCMEC's CyberTipline: keeps state, and misbehaves on demand. Sends nothing on.

`heed stand-in ncmec` runs it. What a program would ask NCMEC is under `/ispws/`; what only a test
or a demonstration asks is under `/pretend`.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from heed.integrations import stand_ins
from heed.integrations.ncmec import schema, structure
from heed.rules.tips.lifetime import expires_at

USER, PASSWORD = "stand-in", "stand-in"
FIRST_REPORT = 4_564_654
WORDS = {
    0: "Success", 1000: "Server error", 1111: "File upload failed", 2000: "Authentication required",
    3100: "No authorization to submit", 4000: "Invalid request", 4100: "Validation failed",
    4110: "Malformed XML", 5001: "Report does not exist", 5002: "File does not exist",
    5101: "Report already retracted", 5102: "Report already finished",
}  # fmt: skip
FAULTS = {
    "silent": "carry it out, and never answer",
    "error": "answer 500 with nothing, and do nothing",
    "busy": "answer with the code 1000, and do nothing",
    "half": "keep half of an upload's bytes",
    "locked": "take the credentials for wrong",
    "vanish": "delete the report before it is asked about",
    "other-files": "name another file in the answer to finish",
}


class Refuse(Exception):
    """Answer with this code."""

    def __init__(self, code: int, words: str = "") -> None:
        self.code, self.words = code, words


@dataclass
class Kept:
    """One file of a report."""

    name: str
    size_bytes: int
    md5: str
    sha256: str
    details: str = ""


@dataclass
class Report:
    """One report, as the CyberTipline would keep it."""

    number: int
    xml: str
    opened_at: datetime
    changed_at: datetime
    files: dict[str, Kept] = field(default_factory=dict)
    finished_at: datetime | None = None
    finishes: int = 0  # how often it was asked to be finished
    ended: str = ""  # retracted | expired


class Tipline:
    """The state behind the doors. `faults` maps a call to what goes wrong with it next."""

    def __init__(self, known: bytes | None = None) -> None:
        self.schema, self.reports = known, dict[int, Report]()
        self.faults: dict[str, list[str]] = {}
        self.calls: Counter[str] = Counter()
        self.ahead = timedelta()
        self.lock = threading.RLock()

    def now(self) -> datetime:
        """Its own clock, which a test may set ahead."""
        return datetime.now(UTC) + self.ahead

    def fault(self, call: str) -> str:
        """What goes wrong with this call; each fault is used once."""
        waiting = self.faults.get(call) or []
        return waiting.pop(0) if waiting else ""

    def submit(self, body: bytes) -> Report:
        """Open a report."""
        if found := self._faults(body, "report"):
            raise Refuse(4100, found[0])
        with self.lock:
            number = FIRST_REPORT + len(self.reports)
            now = self.now()
            self.reports[number] = Report(number, body.decode(), now, now)
            return self.reports[number]

    def _faults(self, body: bytes, wanted: str) -> list[str]:
        try:
            root = structure.parsed(body)
        except Exception:  # whatever it is, it is not XML
            raise Refuse(4110) from None
        if root.tag != wanted:
            return [f"{root.tag} is not {wanted}"]
        return schema.faults(body, self.schema)

    def report(self, number: str) -> Report:
        """An open report. Raises `Refuse`."""
        found = self.reports.get(int(number)) if number.isdigit() else None
        if found is None:
            raise Refuse(5001)
        if found.finished_at is not None:
            raise Refuse(5102)
        if not found.ended and self.now() > expires_at(found.opened_at, found.changed_at):
            found.ended = "expired"
        if found.ended:
            raise Refuse(5101 if found.ended == "retracted" else 5001)
        return found

    def upload(self, report: Report, name: str, data: bytes) -> tuple[str, Kept]:
        """Keep a file."""
        kept = Kept(name, len(data), _md5(data), hashlib.sha256(data).hexdigest())
        file_ref = secrets.token_hex(16)
        with self.lock:
            report.files[file_ref], report.changed_at = kept, self.now()
        return file_ref, kept

    def inform(self, body: bytes) -> Report:
        """Keep what is said of a file, once."""
        if found := self._faults(body, "fileDetails"):
            raise Refuse(4100, found[0])
        root = structure.parsed(body)
        report = self.report(root.findtext("reportId") or "")
        kept = report.files.get(root.findtext("fileId") or "")
        if kept is None:
            raise Refuse(5002)
        if kept.details:
            raise Refuse(4000, "File details were given before")
        kept.details, report.changed_at = body.decode(), self.now()
        return report

    def finish(self, number: str) -> Report:
        """File it, once."""
        with self.lock:
            if number.isdigit() and (known := self.reports.get(int(number))):
                known.finishes += 1
            report = self.report(number)
            report.finished_at = self.now()
            return report

    def facts(self) -> dict[str, Any]:
        """All of it, for tests."""
        plain = json.loads(json.dumps([vars(r) for r in self.reports.values()], default=_plain))
        return {"reports": plain, "calls": dict(self.calls)}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else vars(value)


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


class Visit(stand_ins.Visit):
    """One request."""

    server: "StandIn"

    def visit(self) -> None:
        """What only asks has doors of its own."""
        doors = _ASKING if self.command == "GET" else _CHANGING
        body = self.body()
        door, call = doors.get(self.path), self.path.rpartition("/")[2]
        self.silent, self.half, self.other_files = False, False, False
        if door is None:
            return self.say(404, b"")
        if self.path.startswith("/pretend"):
            return door(self, body)
        tipline = self.server.tipline
        tipline.calls[call] += 1
        if self._misbehaves(tipline.fault(call), body) or not self._known():
            return None
        try:
            door(self, body)
        except Refuse as why:
            self.tell(why.code, description=why.words)

    def _misbehaves(self, fault: str, body: bytes) -> bool:
        """Whether that was the answer; some faults only change what the door does."""
        self.silent, self.half = fault == "silent", fault == "half"
        self.other_files = fault == "other-files"
        if fault == "vanish":
            for report in self.server.tipline.reports.values():
                report.ended = report.ended or ("" if report.finished_at else "expired")
        if fault == "error":
            self.say(500, b"")
        elif fault == "busy":
            self.tell(1000)
        elif fault == "locked":
            self.say(401, b"")
        return fault in ("error", "busy", "locked")

    def _known(self) -> bool:
        said = self.headers.get("Authorization", "").removeprefix("Basic ")
        wanted = base64.b64encode(f"{self.server.user}:{self.server.password}".encode())
        if hmac.compare_digest(said.encode(), wanted):
            return True
        self.say(401, b"")
        return False

    # ------------------------------------------------------------------ what NCMEC answers

    def _status(self, body: bytes) -> None:
        self.tell(0, description=f"Remote User : {self.server.user}, Remote Ip : 127.0.0.1")

    def _xsd(self, body: bytes) -> None:
        known = self.server.tipline.schema
        if known is None:
            return self.tell(1210)
        return self.say(200, known)

    def _submit(self, body: bytes) -> None:
        self.tell(0, self.server.tipline.submit(body).number)

    def _upload(self, body: bytes) -> None:
        form = _multipart(self.headers.get("Content-Type", ""), body)
        if "id" not in form or "file" not in form:
            raise Refuse(4000)
        report = self.server.tipline.report(form["id"][1].decode())
        name, data = form["file"]
        sent = data[: len(data) // 2] if self.half else data
        file_ref, kept = self.server.tipline.upload(report, name, sent)
        self.tell(0, report.number, fileId=file_ref, hash=kept.md5)

    def _fileinfo(self, body: bytes) -> None:
        self.tell(0, self.server.tipline.inform(body).number)

    def _finish(self, body: bytes) -> None:
        report = self.server.tipline.finish(_id(body))
        refs = ["0" * 32] if self.other_files else list(report.files)
        files = "".join(f"<fileId>{ref}</fileId>" for ref in refs)
        self.xml(
            f"<reportDoneResponse><responseCode>0</responseCode><reportId>{report.number}"
            f"</reportId><files>{files}</files></reportDoneResponse>"
        )

    def _retract(self, body: bytes) -> None:
        report = self.server.tipline.report(_id(body))
        report.ended = "retracted"
        self.tell(0, report.number)

    # ------------------------------------------------------------------ what tests ask

    def _facts(self, body: bytes) -> None:
        self.say(200, json.dumps(self.server.tipline.facts()).encode())

    def _pretend(self, body: bytes) -> None:
        """`{"on": "finish", "faults": ["silent"]}`, or `{"later_hours": 25}`."""
        wish, tipline = json.loads(body), self.server.tipline
        unknown = set(wish.get("faults", ())) - set(FAULTS)
        if unknown:
            return self.say(422, json.dumps(sorted(FAULTS)).encode())
        tipline.ahead += timedelta(hours=float(wish.get("later_hours", 0)))
        tipline.faults.setdefault(str(wish.get("on", "")), []).extend(wish.get("faults", ()))
        return self.say(200, b"{}")

    # ------------------------------------------------------------------ saying it

    def tell(
        self, code: int, number: int | None = None, description: str = "", **more: str
    ) -> None:
        """A `reportResponse`; a refusal comes with HTTP 400."""
        facts = {"responseCode": code, "responseDescription": description or WORDS.get(code, "?")}
        facts |= {"reportId": number} if number else {}
        inner = "".join(
            f"<{name}>{escape(str(value))}</{name}>" for name, value in {**facts, **more}.items()
        )
        self.xml(f"<reportResponse>{inner}</reportResponse>", 400 if code >= 4000 else 200)

    def xml(self, text: str, status: int = 200) -> None:
        """An answer, unless this one is never to come."""
        if self.silent:
            self.close_connection = True
            self.connection.close()
            return
        self.say(status, f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode())

    def say(self, status: int, body: bytes) -> None:
        """Headers and body."""
        named = {"Request-ID": secrets.token_hex(8)}
        self.send(status, body, "text/xml; charset=utf-8", named)


_ASKING: dict[str, Callable[[Visit, bytes], None]] = {
    "/ispws/status": Visit._status, "/ispws/xsd": Visit._xsd, "/pretend/facts": Visit._facts,
}  # fmt: skip
_CHANGING: dict[str, Callable[[Visit, bytes], None]] = {
    "/ispws/submit": Visit._submit, "/ispws/upload": Visit._upload,
    "/ispws/fileinfo": Visit._fileinfo, "/ispws/finish": Visit._finish,
    "/ispws/retract": Visit._retract, "/pretend": Visit._pretend,
}  # fmt: skip


def _id(body: bytes) -> str:
    return parse_qs(body.decode()).get("id", [""])[0]


def _multipart(kind: str, body: bytes) -> dict[str, tuple[str, bytes]]:
    """Parts by name: (file name, bytes)."""
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    found = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        found[str(name)] = (part.get_filename() or "", data if isinstance(data, bytes) else b"")
    return found


class StandIn(stand_ins.Server):
    """The server. `port` 0 takes any that is free."""

    def __init__(self, host: str, port: int, known: bytes | None = None) -> None:
        super().__init__((host, port), Visit)
        self.user, self.password, self.tipline = USER, PASSWORD, Tipline(known)
        self.url = f"http://{host}:{self.server_address[1]}/ispws"


@contextmanager
def running(known: bytes | None = None, port: int = 0) -> Iterator[StandIn]:
    """A stand-in on loopback for the block."""
    with stand_ins.answering(StandIn("127.0.0.1", port, known)) as server:
        yield server
