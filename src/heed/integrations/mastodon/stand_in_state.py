"""What a stand-in for Mastodon knows: accounts, statuses, files on a disk, reports, webhooks.

It has the ways of the real one that Heed must mind: any action on an account but `none` resolves
every open report about it; a suspension takes the files out of sight, and 30 days later for good.
"""

import hmac
import json
import shutil
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

TOKEN, SECRET = "stand-in-token", "stand-in-webhook-secret"
SCOPES = ["read:statuses", "admin:read:accounts", "admin:write:accounts", "admin:read:reports",
          "admin:write:reports"]  # fmt: skip
PURGED_AFTER = timedelta(days=30)
FIRST_ID = 113_000_000_000_000_000  # numbers there are times, and have eighteen digits
PER_WINDOW, WINDOW = 300, timedelta(minutes=5)


@dataclass
class Account:
    """One account."""

    id: str
    name: str
    silenced: bool = False
    suspended_at: datetime | None = None
    purged: bool = False
    strikes: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Status:
    """One post; `files` are numbers of attachments."""

    id: str
    account: Account
    words: str
    files: list[str] = field(default_factory=list)
    visibility: str = "public"
    reblog: "Status | None" = None
    reply_to: str | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class Report:
    """One report. `by` is a member's own account, or a server from which it was passed on."""

    id: str
    by: Account
    about: Account
    comment: str
    statuses: list[Status]
    category: str = "other"
    rules: list[dict[str, str]] = field(default_factory=list)
    resolved_at: datetime | None = None
    resolved_times: int = 0
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Mastodon:
    """The state behind the doors. `faults` maps a path's beginning to what goes wrong there next.

    A fault is a status such as 429 or 500, or `silent`, `half`, `after` (done, and then a 500).
    """

    def __init__(self, disk: Path) -> None:
        self.disk, self.base, self.media = disk, "", ""
        self.accounts: dict[str, Account] = {}
        self.statuses: dict[str, Status] = {}
        self.reports: dict[str, Report] = {}
        self.scopes = list(SCOPES)
        self.faults: dict[str, list[str | int]] = {}
        self.calls: Counter[str] = Counter()
        self.asked: list[datetime] = []
        self.per_window = PER_WINDOW
        self.ahead = timedelta()
        self.lock = threading.RLock()
        self._last = FIRST_ID

    def now(self) -> datetime:
        """Its own clock, which a test may set ahead."""
        return datetime.now(UTC) + self.ahead

    def _id(self) -> str:
        with self.lock:
            self._last += 65_536
            return str(self._last)

    # -------------------------------------------------------------- what members do

    def join(self, name: str) -> Account:
        """Somebody has an account."""
        account = Account(self._id(), name)
        self.accounts[account.id] = account
        return account

    def post(self, by: Account, words: str, *files: bytes, **more: Any) -> Status:
        """Somebody posts; each file lies on the disk in two sizes, as there."""
        status = Status(self._id(), by, words, **more)
        for data in files:
            number = self._id()
            for size in ("original", "small"):
                place = self.disk / self.path(number, size)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(data if size == "original" else data[: len(data) // 2])
            status.files.append(number)
        self.statuses[status.id] = status
        return status

    @staticmethod
    def path(number: str, size: str, *, cached: bool = False) -> str:
        """Where an attachment lies, below the directory of files."""
        parts = "/".join(number[at : at + 3] for at in range(0, len(number), 3))
        cache = "cache/" if cached else ""
        return f"{cache}media_attachments/files/{parts}/{size}/{number[-12:]}.png"

    def url(self, number: str, size: str = "original") -> str:
        """The address of an attachment."""
        return f"{self.media}/system/{self.path(number, size)}"

    def report(
        self, by: Account, about: Account, comment: str, *statuses: Status, **more: Any
    ) -> Report:
        """Somebody reports somebody, and posts of theirs."""
        report = Report(self._id(), by, about, comment, list(statuses), **more)
        self.reports[report.id] = report
        return report

    # -------------------------------------------------------------- what moderators do

    def resolve(self, report: Report) -> None:
        """Resolving again changes nothing."""
        report.resolved_times += 1
        report.resolved_at = report.resolved_at or self.now()

    def act(self, account: Account, kind: str, words: str) -> None:
        """Whatever is not `none` resolves all open reports about the account."""
        account.strikes.append({"type": kind, "text": words})
        if kind == "none":
            return
        account.silenced = account.silenced or kind == "silence"
        if kind == "suspend":
            account.suspended_at = self.now()
            self._out_of_sight(account)
        for report in self.reports.values():
            if report.about is account and report.resolved_at is None:
                self.resolve(report)

    def _out_of_sight(self, account: Account) -> None:
        for status in self.statuses.values():
            for number in status.files if status.account is account else ():
                for size in ("original", "small"):
                    place = self.disk / self.path(number, size)
                    hidden = place.with_suffix(".private")
                    if place.exists():
                        place.rename(hidden)

    def tidy(self) -> None:
        """What was suspended 30 days ago is deleted."""
        for account in self.accounts.values():
            since = account.suspended_at
            if since is not None and self.now() >= since + PURGED_AFTER and not account.purged:
                account.purged = True
                for status in [one for one in self.statuses.values() if one.account is account]:
                    for number in status.files:
                        shutil.rmtree((self.disk / self.path(number, "x")).parent.parent)
                    del self.statuses[status.id]

    # -------------------------------------------------------------- what it says

    def hook(self, event: str, thing: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        """A webhook's body and headers, signed as it signs them."""
        said = {"event": event, "created_at": _at(self.now()), "object": thing}
        body = json.dumps(said).encode()
        signature = hmac.new(SECRET.encode(), body, "sha256").hexdigest()
        return body, {"Content-Type": "application/json", "X-Hub-Signature": f"sha256={signature}"}

    def status_said(self, status: Status) -> dict[str, Any]:
        """A status, as its interface gives it."""
        passed_on = self.status_said(status.reblog) if status.reblog else None
        return {
            "id": status.id, "created_at": _at(status.at), "visibility": status.visibility,
            "in_reply_to_id": status.reply_to, "spoiler_text": "", "reblog": passed_on,
            "content": f"<p>{status.words}</p>", "account": self._short(status.account),
            "url": f"{self.base}/@{status.account.name}/{status.id}",
            "uri": f"{self.base}/ap/users/{status.account.id}/statuses/{status.id}",
            "media_attachments": [
                {"id": number, "type": "image", "url": self.url(number),
                 "preview_url": self.url(number, "small"), "remote_url": None}
                for number in status.files
            ],
        }  # fmt: skip

    def _short(self, account: Account) -> dict[str, Any]:
        return {"id": account.id, "username": account.name, "acct": account.name,
                "url": f"{self.base}/@{account.name}"}  # fmt: skip

    def account_said(self, account: Account) -> dict[str, Any]:
        """An account as moderators see it: with addresses that Heed must never keep."""
        return {
            "id": account.id, "username": account.name, "domain": None,
            "email": f"{account.name}@mail.example", "ip": "203.0.113.7",
            "ips": [{"ip": "203.0.113.7"}], "silenced": account.silenced,
            "suspended": account.suspended_at is not None, "account": self._short(account),
        }  # fmt: skip

    def report_said(self, report: Report) -> dict[str, Any]:
        """A report, as its interface gives it."""
        resolved = report.resolved_at
        return {
            "id": report.id, "action_taken": resolved is not None,
            "action_taken_at": _at(resolved) if resolved else None, "category": report.category,
            "comment": report.comment, "forwarded": False, "created_at": _at(report.at),
            "updated_at": _at(resolved or report.at), "account": self.account_said(report.by),
            "target_account": self.account_said(report.about), "assigned_account": None,
            "action_taken_by_account": None, "rules": report.rules,
            "statuses": [self.status_said(one) for one in report.statuses],
        }  # fmt: skip


def _at(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
