"""The case file as a PDF that a screen reader can read (PDF/UA-1), with its JSON attached."""

import json
from collections.abc import Mapping, Set
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.utils.translation import get_language_bidi

from heed.filings import case_file_words

_TEMPLATE = Path(__file__).with_name("case_file.typ")
_FONTS = Path(__file__).with_name("fonts")  # Arabic and Devanagari, under the OFL beside them
_EVERYWHERE = range(0x500)  # Latin, Greek and Cyrillic: the fonts that come with the program
_OURS = (*_EVERYWHERE, *range(0x600, 0x700), *range(0x900, 0x980), 0x200C, 0x200D)
_DASHES = "\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u20ac"
BOX = "\u25a1"


def made(document: Mapping[str, Any], *, language: str) -> bytes:
    """The PDF of a signed case file, in the language in force; the same words, the same bytes.

    A letter for which there is no font becomes a box: the JSON inside has all of them.
    """
    told = _layout(document["file"], language)
    text = json.dumps(document, ensure_ascii=False, sort_keys=True)
    for letters in (_OURS, _EVERYWHERE):
        try:
            return _compiled(told, text)
        except typst.TypstError:
            told = _printable(told, frozenset(letters))
    return _compiled(told, text)


def _layout(file: Mapping[str, Any], language: str) -> dict[str, Any]:
    made_at = datetime.fromisoformat(file["made_at"])
    return {
        **case_file_words.told(file),
        "lang": language.partition("-")[0],
        "rtl": get_language_bidi(),
        "date": [made_at.year, made_at.month, made_at.day],
    }


@cache
def _fonts() -> typst.Fonts:
    """Ours, and those of this machine; looked for once."""
    return typst.Fonts(font_paths=[_FONTS])


def _compiled(told: Mapping[str, Any], document: str) -> bytes:
    inputs = {"told": json.dumps(told), "document": document}
    pdf: bytes = typst.compile(
        _TEMPLATE.read_bytes(),
        sys_inputs=inputs,
        format="pdf",
        pdf_standards=["ua-1"],
        font_paths=_fonts(),
    )
    return pdf


def _printable(value: Any, letters: Set[int]) -> Any:
    match value:
        case str():
            return "".join(one if ord(one) in letters or one in _DASHES else BOX for one in value)
        case dict():
            return {name: _printable(inner, letters) for name, inner in value.items()}
        case list():
            return [_printable(inner, letters) for inner in value]
    return value
