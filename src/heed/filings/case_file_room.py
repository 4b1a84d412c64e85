"""How much of a case file is printed: the PDF is laid out in memory, and a notice may be a book.

What is left out stands in the JSON that is attached, to the last letter.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

LONGEST = 60_000  # of one text
MOST = 500_000  # of all of them: some hundred pages, some seconds, some hundred megabytes
_A_LINE, _A_ROW, _A_SECTION = 50, 100, 300  # letters that would take as long


class Room:
    """What is left of the paper. Counted in letters."""

    def __init__(self) -> None:
        self._left, self._full = MOST, False

    def printed(self, sections: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The sections, up to where the paper ends; there it says so."""
        shown = []
        for section in sections:
            if self._full:
                break
            self._left -= _A_SECTION
            words = [text for [text] in self._rows([text] for text in section["words"])]
            rows = list(self._rows(section["rows"]))
            shown.append({**section, "words": words, "rows": rows})
        return shown

    def _rows(self, rows: Iterable[Sequence[str]]) -> Iterator[list[str]]:
        for *name, text in rows:
            if not self._full:
                self._left -= _A_ROW
                yield [*name, self._cut(text)]

    def _cut(self, text: str) -> str:
        room = max(0, min(LONGEST, self._left))
        if _length(text) > room:
            self._full = room < LONGEST
            text = _fitting(text, room)
            text += "\n" + _("This is cut here. All of it stands in the JSON that is attached.")
        self._left -= _length(text)
        return text


def _length(text: str) -> int:
    return len(text) + _A_LINE * text.count("\n")


def _fitting(text: str, room: int) -> str:
    """Its beginning; of many short lines not all that many."""
    for at, letter in enumerate(text[:room]):
        room -= 1 + _A_LINE * (letter == "\n")
        if room <= 0:
            return text[:at]
    return text[:room]
