"""All that a case knows, as one text that goes with a tip: what no form has room for.

Plain words for an analyst, line by line, without a limit: every notice as it was said, every place
that carried the file, every file's hashes, what was decided, what was told before. Accounts stand
in it only where a person named them in the tip; who passed something on is nobody here.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from heed.cases.models import Case, Copy, Join, Notice
from heed.cases.queries import case_page
from heed.filings import gathering, telling
from heed.filings.models import Tip
from heed.media.models import File, Signal
from heed.rules.tips.document import Document

NAME = gathering.CONTEXT
_ADDED = (  # what somebody may add later; who they are and what they signed is not for this
    "words", "stated_age", "age_then", "standing", "police_agency", "police_reference", "other_app",
    "their_account", "time_given", "danger_now", "country",
)  # fmt: skip


def text(case: Case, document: Document) -> str:
    """The whole context as it is known now."""
    parts = (
        ("The case", _case(case, document)),
        ("What people told us", _notices(case)),
        ("Where it was", _places(case, document)),
        ("The files", _files(case)),
        ("Nearly the same", _near(case)),
        ("What was told before", _earlier(case)),
    )
    return "\n\n".join(f"{title.upper()}\n{_lines(lines)}" for title, lines in parts) + "\n"


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines) or "Nothing."


def _at(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "time not known"


def _case(case: Case, document: Document) -> Iterator[str]:
    yield f"Case {case.number} on {case.platform.name}, opened {_at(case.opened_at)}."
    made = gathering.decision_of(case)
    if made is not None:
        facts = made.facts.strip() or "no words"
        yield f"Found {_at(made.decided_at)} by a trained person: {facts}"
    if document.agency:
        yield f"Police: {document.agency}, {document.agency_ref or 'number not known'}."
    if document.spread:
        yield document.spread
    if named := _named(document):
        yield f"Accounts that a person named for this report: {', '.join(sorted(named))}."


def _notices(case: Case) -> Iterator[str]:
    joined = Join.objects.filter(case=case, undone_at=None).values("notice_id")
    for notice in Notice.objects.filter(id__in=joined).order_by("received_at"):
        yield f"--- Notice {notice.number}, received {_at(notice.received_at)}"
        yield telling.notice(notice)
    for told in case_page.notices(case):
        for later in told.supplements:
            yield f"--- Added to {told.notice.number}, {_at(later.at)}"
            yield "; ".join(
                f"{name}: {later.said[name]}" for name in _ADDED if later.said.get(name)
            )
        for message in told.messages:
            if message.from_staff is None:
                yield f"--- Written later by who gave {told.notice.number}, {_at(message.at)}"
                yield message.text.strip()


def _places(case: Case, document: Document) -> Iterator[str]:
    """Every copy but those that a person said are another picture."""
    named = _named(document)
    copies = Copy.objects.filter(case=case).exclude(same=False).select_related("item__account")
    for copy in copies.order_by("item__published_at", "item__ref").iterator(1_000):
        item = copy.item
        bits = "" if copy.distance_bits is None else f", {copy.distance_bits} of 256 bits away"
        unsure = ", no person has said yet whether it is the same" if _unsure(copy) else ""
        account = item.account.ref if item.account else ""
        yield (
            f"{item.url} | {copy.how}{bits}{unsure} | published {_at(item.published_at)} | "
            f"{item.views:,} views" + (f" | account {account}" if account in named else "")
        )


def _named(document: Document) -> set[str]:
    suspects = {one.account_ref for one in document.suspects}
    return (suspects | {one.account_ref for one in document.victims}) - {""}


def _unsure(copy: Copy) -> bool:
    return copy.how == Copy.How.NEAR and copy.same is None


def _files(case: Case) -> Iterator[str]:
    return _all_hashes(gathering.files_of(case))


def _near(case: Case) -> Iterator[str]:
    """Those that a person confirmed, the closest first: all of them."""
    return _all_hashes(gathering.near(case))


def _all_hashes(files: Sequence[File]) -> Iterator[str]:
    """A line for each; asked for a thousand at a time, since there may be very many."""
    for begin in range(0, len(files), 1_000):
        some = files[begin : begin + 1_000]
        looks: dict[UUID, list[bytes]] = {}
        still = [one.id for one in some if one.kind != "video"]  # nobody could read each frame's
        found = Signal.objects.filter(file_id__in=still, type="pdq").order_by("id")
        for file_id, value in found.values_list("file_id", "value"):
            looks.setdefault(file_id, []).append(bytes(value))
        yield from (_hashes(one, looks.get(one.id, [])[:8]) for one in some)


def _hashes(file: File, looks: Sequence[bytes]) -> str:
    told = [f"SHA-256 {bytes(file.sha256).hex()}"]
    told += [f"MD5 {bytes(file.md5).hex()}"] if file.md5 else []
    told += [f"PDQ {one.hex()}" for one in looks]
    size = f"{file.size_bytes:,} bytes" if file.size_bytes else "its bytes were never here"
    return f"{', '.join(told)} ({file.mime or file.kind or 'kind not known'}, {size})"


def _earlier(case: Case) -> Iterator[str]:
    done = Tip.objects.filter(case_id=case.id, state=Tip.State.FINISHED, practice=False)
    for tip in done.order_by("finished_at"):
        yield f"{tip.authority}: {tip.report_ref or 'no number'}, {_at(tip.finished_at)}"
