"""Where there is no protocol, or there are no credentials: a package, filed by a person's hand.

1. Put the package together: readable text, the document, a manifest with hashes. No pictures.
2. Note who took it. 3. Note when it was filed and under which number: then it counts as filed.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.filings import context
from heed.filings.models import Tip
from heed.filings.tips import State, TipChanged, move
from heed.flows.shared import tip_ends, tipline
from heed.flows.shared.tip_text import as_text
from heed.ledger import services as ledger
from heed.rules.tips.authorities import authority
from heed.rules.tips.document import frozen, thawed


class NotFiledYet(Exception):
    """The time is not one that can be so. Give the time at which it was filed."""


def package(*, tip_id: UUID, by: UUID, now: datetime) -> bytes:
    """The ZIP of an approved tip. Taking it again is noted again. Raises `TipChanged`."""
    tip = Tip.objects.get(id=tip_id)
    if tip.state not in (State.READY, State.HANDED_OVER) or tip.report_ref:
        raise TipChanged("Only an approved tip that is not being filed is handed over.")
    with transaction.atomic():
        move(tip, [State.READY, State.HANDED_OVER], State.HANDED_OVER, due_at=None)
        facts = {"tip": str(tip.id), "to": tip.authority, "by": str(by)}
        ledger.enter("cybertip.handed", subject=f"case:{tip.case_id}", body=facts, at=now)
    return _zipped(_parts(tip), now)


def _parts(tip: Tip) -> dict[str, bytes]:
    document, to = thawed(tip.document), authority(tip.authority)
    told = {"to": to.name, "how": to.how, **frozen(document)}
    parts = {
        "report.txt": as_text(document, to).encode(),
        "report.json": json.dumps(told, indent=1, ensure_ascii=False).encode(),
        context.NAME: tip.context.encode(),
    }
    if to.protocol:
        parts["report.xml"] = tipline.tipline(tip.platform_id).written(document)
    rows = {name: hashlib.sha256(body).hexdigest() for name, body in parts.items()}
    parts["manifest.json"] = json.dumps(
        {"tip": str(tip.id), "case": document.case_ref, "sha256": rows}, indent=1
    ).encode()
    return parts


def _zipped(parts: Mapping[str, bytes], now: datetime) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(zipfile.ZipInfo(name, now.timetuple()[:6]), body)
    return held.getvalue()


def filed_by_hand(
    *, tip_id: UUID, report_ref: str, filed_at: datetime, by: UUID, now: datetime
) -> Tip:
    """It was filed. Raises `NotFiledYet`, `TipChanged`."""
    tip = Tip.objects.get(id=tip_id)
    if filed_at > now or (tip.approved_at is not None and filed_at < tip.approved_at):
        raise NotFiledYet("Give a time after the approval that has passed.")
    with transaction.atomic():
        if tip.state != State.HANDED_OVER:
            raise TipChanged("Take the package first: what is filed is what was approved.")
        tip_ends.finished(
            tip, raw=b"", differs="", now=filed_at, by=by, report_ref=report_ref.strip()
        )
    return tip
