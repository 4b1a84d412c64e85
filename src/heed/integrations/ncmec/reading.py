"""Reads NCMEC's answers, and says what each code means for us. Pure."""

from dataclasses import dataclass

from lxml import etree

from heed.integrations.ncmec.structure import parsed
from heed.ports import (
    TipEnded,
    TiplineBusy,
    TiplineLocked,
    TiplineUnreachable,
    TipRefused,
    TipUnknown,
)

OK = 0
AGAIN = frozenset({1000, 1100, 1110, 1111, 1300})  # its own trouble: nothing was saved
LOCKED = frozenset({2000, 3000, 3100, 3300})
NO_SUCH_REPORT, RETRACTED, FINISHED = 5001, 5101, 5102
_TOO_MANY = 429


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A `reportResponse` or a `reportDoneResponse`. File ids are texts, never numbers."""

    code: int
    words: str = ""
    report_ref: str = ""
    file_ref: str = ""
    md5: str = ""
    file_refs: tuple[str, ...] = ()


class Unreadable(Exception):
    """No answer of NCMEC's reporting API: empty, cut, or somebody else's page."""


def said(body: bytes) -> Said:
    """Raises `Unreadable`."""
    try:
        root = parsed(body)
        if root.tag not in ("reportResponse", "reportDoneResponse"):
            raise Unreadable(str(root.tag))
        return Said(
            code=int(_text(root, "responseCode")),
            words=_text(root, "responseDescription"),
            report_ref=_text(root, "reportId"),
            file_ref=_text(root, "fileId"),
            md5=_text(root, "hash").lower(),
            file_refs=tuple((one.text or "").strip() for one in root.findall("files/fileId")),
        )
    except (etree.XMLSyntaxError, ValueError) as why:
        raise Unreadable(type(why).__name__) from None


def _text(root: etree._Element, name: str) -> str:
    return (root.findtext(name) or "").strip()


def judged(status: int, body: bytes) -> Said:
    """The answer when it is yes; else the error that says what to do (LAW: see docs/operate.md)."""
    try:
        told = said(body)
    except Unreadable:
        raise _without_words(status) from None
    if told.code == OK:
        return told
    raise _trouble(told)


def _without_words(status: int) -> Exception:
    """A 401 may have an empty body; a failing server may have done what was asked, or not."""
    if status in (401, 403):
        return TiplineLocked(f"HTTP {status}")
    if status == _TOO_MANY:
        return TiplineBusy(f"HTTP {status}")
    if 400 <= status < 500:
        return TipRefused(f"HTTP {status}, without a code")
    return TiplineUnreachable(f"HTTP {status}, without a code", heard=True)


def _trouble(told: Said) -> Exception:
    reason = f"{told.code} {told.words}".strip()
    if told.code in AGAIN:
        return TiplineBusy(reason)
    if told.code in LOCKED:
        return TiplineLocked(reason)
    if told.code == NO_SUCH_REPORT:
        return TipUnknown(reason)
    if told.code in (RETRACTED, FINISHED):
        return TipEnded("finished" if told.code == FINISHED else "retracted")
    return TipRefused(reason)
