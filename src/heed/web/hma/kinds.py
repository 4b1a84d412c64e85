"""The protocol's words for signals and contents, and ours."""

from collections.abc import Sequence

from heed.hashing import refusals
from heed.hashing.refusals import Reason
from heed.hashing.signals import HASHED, NOT_HASHABLE, FileSignals
from heed.web.hma.asking import Refusal

TYPES = {"pdq": "pdq", "video_md5": "md5"}  # theirs to ours
NOT_ENABLED = frozenset({"vpdq"})  # known to clients; videos are compared by their bytes here
OURS = {ours: theirs for theirs, ours in TYPES.items()}
CONTENTS = {"photo": ("pdq",), "video": ("video_md5",)}
_DIGITS = {"pdq": 64, "video_md5": 32}
_WORDS = {"pdq": "invalid PDQ hash", "video_md5": "invalid MD5 hash"}


def signal_type(name: str, *, unknown: str = "No such SignalType '{name}'") -> str:
    """A type of theirs that there is. Raises `Refusal`."""
    if name in NOT_ENABLED:
        raise Refusal(400, f"SignalType '{name}' is not enabled")
    if name not in TYPES:
        raise Refusal(400, unknown.format(name=name))
    return name


def value(name: str, text: str, *, says: str = "invalid signal: {why}") -> bytes:
    """A signal's bytes. Upper case is read as lower case. Raises `Refusal`."""
    cleaned = text.strip()
    try:
        found = bytes.fromhex(cleaned)
    except ValueError:
        found = b""
    if len(cleaned) != _DIGITS[name] or len(found) * 2 != _DIGITS[name]:
        raise Refusal(400, says.format(why=_WORDS[name], name=name))
    return found


def content_type(name: str) -> str:
    """A content type that there is. Raises `Refusal`."""
    if name not in CONTENTS:
        raise Refusal(400, f"no such content_type: '{name}'")
    return name


def content_of(mime: str) -> str:
    """What a server's content type says. Raises `Refusal`."""
    kind = {"image": "photo", "video": "video"}.get(mime.partition("/")[0].strip().lower())
    if kind is None:
        raise Refusal(
            400,
            f"unsupported url ContentType: '{mime}', if you know the expected type, provide it "
            "with the content_type query param",
        )
    return kind


def wanted(types: str | None, content: str) -> Sequence[str]:
    """The signal types asked for, of those that fit the content. Raises `Refusal`."""
    if types is None:
        return CONTENTS[content]
    names = [name.strip() for name in types.split(",") if name.strip()]
    for name in names:
        signal_type(name, unknown="signal type '{name}' doesn't exist or is disabled")
    found = [name for name in names if name in CONTENTS[content]]
    if not found:
        raise Refusal(400, "empty signal type selection")
    return found


WEAK = frozenset({Reason.TOO_SMALL, Reason.TOO_FLAT, Reason.LOW_QUALITY})


def unread(signals: FileSignals, types: Sequence[str]) -> Refusal | None:
    """Why nothing can be said of how a file looks; None when it can, or need not.

    Too little to compare is no such reason: then there is no value, and the bytes are compared.
    """
    if "pdq" not in types or signals.state != NOT_HASHABLE or signals.reason in WEAK:
        return None
    status = 503 if signals.reason in refusals.OURS else 400
    return Refusal(status, f"the file could not be read as a picture: {signals.reason}")


def hashed(signals: FileSignals, types: Sequence[str]) -> dict[str, str]:
    """What is said of a file; an empty text where it has too little quality. Raises `Refusal`."""
    if why := unread(signals, types):
        raise why
    good = signals.state == HASHED and signals.pdq is not None
    pdq = signals.pdq.hex() if good and signals.pdq else ""
    found = {"pdq": pdq, "video_md5": signals.md5.hex()}
    return {name: found[name] for name in types}
