"""A list that the site has written: an address a line, or an item as `POST /api/v1/items` takes it.

A line with several addresses is a page and the files on it. A line that begins with `{` is JSON:
`{"ref": "p1", "url": "...", "files": [{"url": "..."}], "account_ref": "...", "reshare_of": "..."}`.
"""

import json
from collections.abc import Sequence
from typing import Any

from heed.ports import Listed, ListedFile, ListedPage, NotListed

PAGE = 200


class AddressListing:
    """Lines, in their order. Empty ones and those that begin with `#` say nothing."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines

    def page(self, after: str) -> ListedPage:
        """The lines after this one, counted from 1."""
        begin = int(after or 0)
        part = self.lines[begin : begin + PAGE]
        items = [
            _listed(line.strip(), number)
            for number, line in enumerate(part, begin + 1)
            if line.strip() and not line.lstrip().startswith("#")
        ]
        end = begin + len(part)
        return ListedPage(
            items=tuple(items),
            after=str(end) if end < len(self.lines) else "",
            total=len(self.lines),
        )


def _listed(line: str, number: int) -> Listed:
    if line.startswith("{"):
        return _told(line, number)
    page, *files = line.split()
    for url in (page, *files):
        if not url.startswith(("https://", "http://")):
            raise NotListed(f"line {number}: {url[:80]!r} is no address")
    return Listed(ref=page, url=page, files=tuple(ListedFile(url=url) for url in files or [page]))


def _told(line: str, number: int) -> Listed:
    try:
        said: dict[str, Any] = json.loads(line)
        files = said.get("files", [])
        return Listed(
            ref=_text(said["ref"]),
            url=_text(said["url"]),
            files=tuple(
                ListedFile(url=_text(one["url"]), preview_url=_text(one.get("preview_url", "")))
                for one in files
            ),
            kind=_text(said.get("kind", "post")),
            account_ref=_text(said.get("account_ref", "")),
            reshare_of=_text(said.get("reshare_of", "")),
            text=_text(said.get("text", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotListed(
            f'line {number} is no item: {{"ref": ..., "url": ..., "files": [{{"url": ...}}]}}'
        ) from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
