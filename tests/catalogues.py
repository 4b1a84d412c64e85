"""The catalogues of texts: found in the code, kept as .po, compiled to .mo. With Babel alone.

    export PYTHONPATH=src:. DJANGO_SETTINGS_MODULE=heed.settings
    .venv/bin/python -m tests.catalogues update          # after texts have changed
    .venv/bin/python -m tests.catalogues todo uk         # what is left to translate, numbered
    .venv/bin/python -m tests.catalogues fill uk said.json

`fill` takes `{number: text}` as `todo` numbers them, or `{english: text}`; a list of texts for what
has a plural. It refuses a text whose placeholders or tags are not those of the English one.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import chain
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

from heed.rules.letters import OWN_WORDS, REMOVED
from heed.rules.policy import VERSIONS

SRC = Path(__file__).parents[1] / "src" / "heed"
LOCALE = SRC / "locale"
KEYWORDS = dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop", "later"))
KEYWORDS |= {"ngettext": (1, 2), "ngettext_lazy": (1, 2)}
_STAFF = ("console", "hma", "account", "mfa", "socialaccount", "usersessions")
_HOLES = re.compile(r"%\((\w+)\)[sd]|\{\w+\}|</?[a-z]+[^>]*>|https?://[^\s<]+|&\w+;")

Source = str | tuple[str, str]  # one text, or one thing and many


@dataclass(slots=True)
class Found:
    """A text of the code: where it stands (files under `src/heed`)."""

    text: Source
    places: list[str] = field(default_factory=list)


def languages() -> list[str]:
    """Those that need a catalogue."""
    return [code for code, _ in settings.LANGUAGES if code != "en"]


def po(language: str) -> Path:
    """The catalogue as it is edited."""
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def found() -> list[Found]:
    """Every text that the code marks, the clauses of the policy, and reasons to begin with."""
    texts: dict[str, Found] = {}
    for path in sorted(SRC.rglob("*.py")) + sorted(SRC.rglob("templates/**/*.html")):
        for text in _in_file(path):
            key = text if isinstance(text, str) else text[0]
            where = str(path.relative_to(SRC))
            one = texts.setdefault(key, Found(text))
            if isinstance(text, tuple):
                one.text = text
            if where not in one.places:
                one.places.append(where)
    return list(texts.values())


def _in_file(path: Path) -> Iterator[Source]:
    if any(part in _STAFF for part in path.relative_to(SRC).parts):
        return
    code = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        code = "\n".join(line.strip() for line in templatize(code).splitlines())
    elif "gettext" not in code:
        yield from _of_rules("/".join(path.parts[-2:]))
        return
    for _, function, text, _ in extract_python(BytesIO(code.encode()), KEYWORDS, (), {}):
        if function in KEYWORDS and isinstance(text, str) and text:
            yield text
        elif function in KEYWORDS and isinstance(text, tuple):
            yield str(text[0]), str(text[1])


def _of_rules(name: str) -> Iterator[str]:
    """The rules are pure and mark nothing; whoever shows such a text translates it."""
    if name == "rules/letters.py":
        yield from (REMOVED, *OWN_WORDS.values())
    if name == "rules/policy.py":
        for one in chain.from_iterable(VERSIONS.values()):
            yield from (one.title, one.text)


def holes(text: str) -> Counter[str]:
    """What a translation must carry over as it is: placeholders, tags, addresses."""
    return Counter(match[0] for match in _HOLES.finditer(text))


def read(language: str) -> Catalog:
    """A catalogue; one that is not there yet is empty."""
    path = po(language)
    if not path.exists():
        return Catalog(locale=language, fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def write(language: str, catalog: Catalog) -> None:
    """Keep it, and what the program reads of it."""
    po(language).parent.mkdir(parents=True, exist_ok=True)
    with po(language).open("wb") as file:
        write_po(file, catalog, width=100, ignore_obsolete=True, include_lineno=False)
    po(language).with_suffix(".mo").write_bytes(compiled(catalog))


def compiled(catalog: Catalog) -> bytes:
    """The catalogue as the program reads it; the same texts make the same bytes."""
    made = BytesIO()
    write_mo(made, catalog)
    return made.getvalue()


def update(language: str) -> Catalog:
    """Take over what the code says now; what it no longer says is gone."""
    before = read(language)
    after = Catalog(
        locale=language, header_comment=_header(language, before.header_comment), fuzzy=False,
        project="Heed", version="1", language_team=language, last_translator="a machine",
        msgid_bugs_address="see CONTRIBUTING.md", creation_date=before.creation_date,
        revision_date=before.creation_date,
    )  # fmt: skip
    for one in found():
        key = one.text if isinstance(one.text, str) else one.text[0]
        known = before.get(key)
        said: object = "" if isinstance(one.text, str) else ("",) * after.num_plurals
        if (
            known is not None
            and known.string
            and isinstance(known.id, str) == isinstance(one.text, str)
        ):
            said = known.string
        after.add(one.text, string=said, locations=[(place, 1) for place in one.places])  # type: ignore[arg-type]
    return after


# How each language speaks to somebody of 11, or to a mother; partners are spoken to formally.
ADDRESS = {
    "ar": "singular; nouns of action where a verb would be masculine, else the common masculine",
    "de": "du; partners: Sie",
    "es": "tú, in words that Spain and Latin America share; partners: ustedes",
    "fr": "tu; partners: vous",
    "hi": "आप, which is warm and marks no gender; both forms where a speaker's own is needed",
    "pt": "você, in words that Brazil and Portugal share as far as they do",
    "uk": "ти, in sentences that need no gender; partners: ви",
}


def _header(language: str, before: str) -> str:
    """Who made it, and how it speaks. Whoever has read it all changes the first line by hand."""
    if "machine" in before or "Read by" in before:
        return before
    return (
        f"# Heed, texts in {language}: machine-made, not yet read by a native speaker.\n"
        f"# Address: {ADDRESS.get(language, 'say here which, and why')}."
    )


def missing(catalog: Catalog) -> list[Message]:
    """Texts without a whole translation, in the order of the catalogue."""
    return [
        one
        for one in catalog
        if one.id and not (all(one.string) if one.pluralizable else one.string)
    ]


class DoesNotFit(ValueError):
    """A translation whose placeholders or tags differ from those of the English text."""


def fill(catalog: Catalog, said: dict[str, str | list[str]]) -> None:
    """Put translations in, by the number that `todo` gives or by the English text. `DoesNotFit`."""
    numbered = [one for one in catalog if one.id]
    for key, text in said.items():
        one = numbered[int(key) - 1] if key.isdigit() else catalog.get(key)
        assert one is not None, key
        wrong = misfits(one, [text] if isinstance(text, str) else text)
        if wrong:
            raise DoesNotFit(f"{key}: {wrong}")
        one.string = text if isinstance(text, str) else tuple(text)


def misfits(one: Message, texts: Sequence[str]) -> list[str]:
    """What is wrong with these translations of a text. A plural may leave its number out."""
    english = one.id[-1] if one.pluralizable else str(one.id)
    wanted = holes(english)
    if not one.pluralizable:
        return [text for text in texts if holes(text) != wanted]
    return [text for text in texts if holes(text) - wanted]


def main(arguments: list[str]) -> None:
    """See the head of this file."""
    match arguments:
        case ["update"]:
            for language in languages():
                write(language, update(language))
                print(language, len(missing(read(language))), "to do")
        case ["todo", language]:
            catalog = read(language)
            todo = {id(one) for one in missing(catalog)}
            for number, one in enumerate((one for one in catalog if one.id), 1):
                if id(one) in todo:
                    print(number, json.dumps(one.id, ensure_ascii=False))
        case ["fill", language, name]:
            catalog = read(language)
            fill(catalog, json.loads(Path(name).read_text(encoding="utf-8")))
            write(language, catalog)
            print(language, len(missing(catalog)), "to do")
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
