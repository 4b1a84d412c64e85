"""From what callers say to what flows take."""

from collections.abc import Sequence

from heed.flows.shared.shapes import FileIn, ItemIn, UploaderIn
from heed.media.keys import Caller
from heed.media.queries import under
from heed.web.platform_api.remedies import Wrong
from heed.web.platform_api.said import FileSaid, ItemSaid, Signals, UploaderSaid

MOST_ADDRESS_BYTES = 2083


def row(said: ItemSaid) -> ItemIn:
    """An item, to be registered."""
    return ItemIn(
        ref=said.ref,
        url=said.url,
        kind=said.kind,
        account_ref=said.account_ref or "",
        reshare_of=said.reshare_of or "",
        published_at=said.published_at,
        views=said.views,
        text=said.text or "",
        files=files(said.files),
        uploader=_uploader(said.uploader) if said.uploader else None,
    )


def _uploader(said: UploaderSaid) -> UploaderIn:
    return UploaderIn(
        ip=said.ip or "",
        port=said.port,
        at=said.at,
        screen_name=said.screen_name,
        profile_url=said.profile_url or "",
    )


def files(said: Sequence[FileSaid] | None) -> tuple[FileIn, ...] | None:
    """The files of an item; None when nothing was said of them."""
    return None if said is None else tuple(_file(one) for one in said)


def _file(said: FileSaid) -> FileIn:
    url, preview = said.url or "", said.preview_url or ""
    if said.signals is not None:
        return signals(said.signals, url=url, preview_url=preview)
    sha256 = bytes.fromhex(said.sha256) if said.sha256 else None
    return FileIn(sha256=sha256, url=url, preview_url=preview)


def signals(said: Signals, *, url: str = "", preview_url: str = "") -> FileIn:
    """A file by the signals that the platform computed."""
    return FileIn(
        sha256=bytes.fromhex(said.sha256),
        md5=bytes.fromhex(said.md5) if said.md5 else None,
        sha1=bytes.fromhex(said.sha1) if said.sha1 else None,
        pdq=bytes.fromhex(said.pdq) if said.pdq else None,
        pdq_quality=said.pdq_quality or 0,
        url=url,
        preview_url=preview_url,
    )


# ---------------------------------------------------------------- addresses of somebody else


def foreign(caller: Caller, said: ItemSaid) -> list[Wrong]:
    """Addresses of an item and its files that do not lie on the caller's platform."""
    wrong = [] if _is_own(caller, said.url) else [_wrong(caller, "url", said.url)]
    return wrong + foreign_files(caller, said.files) if said.files else wrong


def foreign_files(caller: Caller, said: Sequence[FileSaid] | None) -> list[Wrong]:
    """Addresses of files that do not lie on the caller's platform: we fetch them, so they must."""
    return [
        _wrong(caller, f"files.{n}.{name}", address)
        for n, one in enumerate(said or ())
        for name, address in (("url", one.url), ("preview_url", one.preview_url))
        if address and not _is_own(caller, address)
    ]


def _is_own(caller: Caller, address: str) -> bool:
    """Under a prefix of the platform, and short enough to be kept."""
    fits = any(under(prefix, address) for prefix in caller.url_prefixes)
    return fits and (address.isascii() or len(address.encode()) <= MOST_ADDRESS_BYTES)


def _wrong(caller: Caller, field: str, address: str) -> Wrong:
    if len(address.encode()) > MOST_ADDRESS_BYTES:
        return Wrong(field, f"send an address of at most {MOST_ADDRESS_BYTES} bytes")
    known = ", ".join(caller.url_prefixes)
    remedy = f"send an address of this platform, which begins with {known}"
    return Wrong(field, f"{remedy}; other addresses are added by whoever runs Heed")
