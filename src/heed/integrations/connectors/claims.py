"""What operators say that a report of theirs claims. Shared by all connectors."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from heed.ports import PeerRefused
from heed.rules.claims import BODIES, AgeThen, Category

Claim = tuple[Category, AgeThen]
NOTHING: Claim = (Category.OTHER, AgeThen.UNSURE)  # nobody's body is ever claimed by a guess
_SEVERE = (Category.MINOR_SEXUAL, Category.MINOR_EXTORTION, Category.INTIMATE_IMAGE,
           Category.INTIMATE_EXTORTION, Category.THREATS, Category.DOXXING,
           Category.IMPERSONATION, Category.OTHER)  # fmt: skip


def read_claim(name: str, text: str) -> Claim:
    """A setting's value: a category, if you like with an age. Raises `PeerRefused`."""
    category, _, age = text.partition(":")
    try:
        return Category(category), AgeThen(age or AgeThen.UNSURE)
    except ValueError:
        raise PeerRefused(
            f"{name}: write one of {', '.join(Category)}, if you like with :under_18 or :adult"
        ) from None


def gravest(claims: Iterable[Claim]) -> Claim:
    """The one that is minded, of several that a report makes."""
    return min(claims, key=_gravity, default=NOTHING)


def _gravity(claim: Claim) -> tuple[int, bool]:
    return _SEVERE.index(claim[0]), claim[0] in BODIES and claim[1] is AgeThen.ADULT


def read_url(text: str) -> str:
    """The address of a server alone. Raises `PeerRefused`."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise PeerRefused("url: the address of the server alone, such as https://social.example")
    return text.rstrip("/")
