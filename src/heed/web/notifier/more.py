"""Steps two and three: what may be added afterwards. All of it is optional; leaving is safe."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from heed.rules.claims import ADULT_AT
from heed.web.notifier import choices, helplines, links, pasted

MOST_LINKS = 100  # at once, after the notice
MOST_LETTERS = 20_000  # of one text: a page shows all that was sent, to both sides
_OLDEST = 120
_LIKE_A_PHONE = re.compile(r"\+?[\d\s()/.-]{6,}")
_SHORT = {
    "time_given": 200, "police_reference": 120, "police_agency": 200, "other_app": 300,
    "their_account": 300, "school": 255,
}  # fmt: skip
FACTS = ("words", "links", "age", "young", "danger", "country", *_SHORT)
DECLARED = ("good_faith", "not_consensual", "acting_for", "signature")
STATEMENT = ("consent", "faith", "acting", "name")  # of cases.queries.private, in the form's order
CONTACT = ("email", "write", "good_faith", "not_consensual", "acting_for", "signature")


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What was typed, what the flow is told of it, and what could not be taken as it is."""

    typed: Mapping[str, str]
    said: Mapping[str, Any]
    errors: Mapping[str, str]


def read(data: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """The fields as typed, without null characters, which the database can't keep."""
    return {name: data.get(name, "").replace("\x00", "").strip() for name in names}


def facts(typed: Mapping[str, str]) -> Added:
    """Step two."""
    errors: dict[str, str] = {}
    said: dict[str, Any] = {name: typed[name][:most] for name, most in _SHORT.items()}
    found = links.sort(typed["links"])
    words = "\n".join(filter(None, [typed["words"], links.beside(typed["links"])]))
    if wrong := too_long(words):
        errors["words"], words = wrong, ""
    said["words"] = words
    if typed["danger"] == "yes":
        said["danger_now"] = True
    if typed["young"] in choices.AGE:
        said["age_then"] = choices.AGE[typed["young"]].value
    if helplines.country(typed["country"]) is not None:
        said["country"] = typed["country"]
    _take_age(typed["age"], said, errors)
    _take_links(found, said, errors)
    return Added(typed=typed, said={k: v for k, v in said.items() if v != ""}, errors=errors)


def age(typed: Mapping[str, str]) -> Added:
    """An age alone, beside a message."""
    errors: dict[str, str] = {}
    said: dict[str, Any] = {}
    _take_age(typed["age"], said, errors)
    return Added(typed=typed, said=said, errors=errors)


def _take_age(age: str, said: dict[str, Any], errors: dict[str, str]) -> None:
    numbers = [int(number) for number in re.findall(r"\d+", age)]
    alone = re.fullmatch(r"\d{1,3}", age) is not None
    if len(numbers) == 1 and numbers[0] <= (_OLDEST if alone else ADULT_AT - 1):
        said["stated_age"] = numbers[0]  # "almost 18" is no 18; "13 years" is 13
    elif age:
        errors["age"] = _("Write the age as a number, such as 13. Or leave it empty.")


def _take_links(found: links.Sorted, said: dict[str, Any], errors: dict[str, str]) -> None:
    """What stands among the links and is none has gone into the words, as in step one."""
    urls = [link for ours in found.ours.values() for link in ours] + found.elsewhere
    if not urls and found.unread:
        errors["links"] = _(
            "We can't read this as a link. A link starts with https:// . Open the post, use "
            "“share” or “copy link”, and paste it here."
        )
    said["urls"] = urls[:MOST_LINKS]
    if wrong := too_many(urls):
        errors["links"] = wrong


def too_long(text: str) -> str:
    """What to say of more letters than are taken at once; empty where they fit."""
    if len(text) <= MOST_LETTERS:
        return ""
    return _("That is more than 20,000 letters. It still stands here: send it in parts, please.")


def too_many(urls: Sequence[str]) -> str:
    """What to say of more links than one notice can name; empty where they fit."""
    fits = len(urls) <= MOST_LINKS
    return "" if fits else _("That is more than 100 links. Send these in two goes, please.")


def contact(typed: Mapping[str, str], *, has_address: bool = False) -> Added:
    """Step three. With "don't write to me" an address is not needed, and none is taken in.

    `has_address`: one was given before, and stays unless another is typed.
    """
    errors: dict[str, str] = {}
    said: dict[str, Any] = {"may_write": False} if typed["write"] == "no" else {}
    for tick in ("good_faith", "not_consensual", "acting_for"):
        if typed[tick]:
            said[tick] = True
    if typed["signature"]:
        said["signature"] = typed["signature"][:200]
    if typed["write"] == "no":
        return Added(typed=typed, said=said, errors=errors)
    if email := pasted.address(typed["email"]):
        said["email"] = email
        _check_email(email, errors)
    elif typed["write"] == "yes" and not has_address:
        errors["email"] = _("Write your e-mail address, or choose “Don't write to me”.")
    return Added(typed=typed, said=said, errors=errors)


def _check_email(email: str, errors: dict[str, str]) -> None:
    try:
        validate_email(email)
    except ValidationError:
        errors["email"] = _no_address(email)


def _no_address(typed: str) -> str:
    if _LIKE_A_PHONE.fullmatch(typed):
        return _(
            "This looks like a phone number. We can't call, and can't send texts. Do you have an "
            "e-mail address? If not, choose “Don't write to me”: your page shows what is new."
        )
    return _("This does not look like an e-mail address. One looks like name@example.org")
