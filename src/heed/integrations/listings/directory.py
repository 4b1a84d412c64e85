"""A directory whose files the site serves under one address."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from urllib.parse import quote

from heed.ports import Listed, ListedFile, ListedPage, NotListed

PAGE = 200


class DirectoryListing:
    """Every file of a directory and those beneath it, in the order of their paths; no links.

    Names that begin with a dot are passed over.
    """

    def __init__(self, root: Path, url_prefix: str) -> None:
        if not root.is_dir():
            raise NotListed(f"{root} is no directory")
        self.root, self.url_prefix = root, url_prefix
        self._total: int | None = None

    def page(self, after: str) -> ListedPage:
        """The paths that come after this one."""
        if self._total is None:
            self._total = sum(1 for _ in self._paths(()))
        begin = tuple(after.split("/")) if after else ()
        found = list(islice(self._paths(begin), PAGE + 1))
        page = found[:PAGE]
        return ListedPage(
            items=tuple(self._listed(path) for path in page),
            after=page[-1] if len(found) > PAGE else "",
            total=self._total,
        )

    def _paths(self, after: tuple[str, ...], under: str = "") -> Iterator[str]:
        """Sorted by their parts, so that where one stopped can be found again."""
        try:
            entries = sorted(os.scandir(self.root / under), key=lambda entry: entry.name)
        except OSError as why:
            raise NotListed(f"{self.root / under} can't be read: {why.strerror}") from None
        for entry in entries:
            if entry.name.startswith(".") or (after and entry.name < after[0]):
                continue
            begins = after[1:] if after and entry.name == after[0] else ()
            path = f"{under}/{entry.name}" if under else entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from self._paths(begins, path)
            elif entry.is_file(follow_symlinks=False) and not (after and entry.name == after[0]):
                yield path

    def _listed(self, path: str) -> Listed:
        url = self.url_prefix + quote(os.fsencode(path))
        return Listed(ref=url, url=url, files=(ListedFile(url=url, key=path),))

    def read(self, key: str, max_bytes: int) -> bytes:
        """The file."""
        try:
            with (self.root / key).open("rb") as file:
                return file.read(max_bytes + 1)
        except OSError as why:
            raise NotListed(why.strerror or "it can't be read") from None
