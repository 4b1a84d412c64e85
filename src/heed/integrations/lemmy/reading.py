"""What Lemmy says, in our words. What is not as it should be is `NotReadable`, never a guess."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from heed.integrations.connectors.claims import gravest
from heed.integrations.connectors.fields import NotReadable, mapping, moment
from heed.integrations.lemmy.settings import Said
from heed.ports import PeerFile, PeerPost, Reported

POST, COMMENT = "post", "comment"
KINDS = (POST, COMMENT)
PICTURES = "/pictrs/image/"
_IMAGE = re.compile(r"!\[[^\]\n]*\]\(\s*(https?://[^\s)]+)")  # as Markdown shows one


def ref(kind: str, number: object) -> str:
    """Posts and comments are counted apart there."""
    return f"{kind}-{number}"


def parted(text: str) -> tuple[str, int] | None:
    """Kind and number of a ref of ours; None for what is none."""
    kind, _, number = text.partition("-")
    good = kind in KINDS and number.isascii() and number.isdecimal() and len(number) < 19
    return (kind, int(number)) if good else None


def published(kind: str, thing: Mapping[str, Any], said: Said) -> PeerPost:
    """A post or a comment, wherever it was written: this server shows a copy of its own."""
    number = _number(thing, "id")
    words = [str(thing.get(name) or "") for name in ("name", "body", "content")]
    return PeerPost(
        ref=ref(kind, number),
        url=f"{said.url}/{kind}/{number}",
        account_ref=str(_number(thing, "creator_id")),
        kind="post" if kind == POST else "reply",
        published_at=moment(thing.get("published")),
        text="\n\n".join(word for word in words if word),
        files=_files(thing, said.url),
    )


def _files(thing: Mapping[str, Any], base: str) -> tuple[PeerFile, ...]:
    """The pictures that this server holds: of the link, its small version, and in the text."""
    link, small = (_own(thing.get(name), base) for name in ("url", "thumbnail_url"))
    found = {link or small: small if link else ""} if link or small else {}
    for image in _IMAGE.findall(f"{thing.get('body') or ''}\n{thing.get('content') or ''}"):
        if own := _own(image, base):
            found.setdefault(own, "")
    return tuple(PeerFile(url=url, preview_url=small) for url, small in found.items())


def _own(url: object, base: str) -> str:
    """The address without its query, if the picture lies here; empty for anything else."""
    parts = urlsplit(str(url or ""))
    here = f"{parts.scheme}://{parts.netloc}" == base and parts.path.startswith(PICTURES)
    return f"{base}{parts.path}" if here else ""


def reported(kind: str, view: Mapping[str, Any], said: Said, *, me: int) -> Reported:
    """A report. Whoever made it stays out of what is kept verbatim. Raises `NotReadable`.

    To remove a thing there resolves every report about it, in the name of whoever removed it: what
    was resolved so, by us, is open still, for nobody has decided it.
    """
    report, thing = mapping(view, f"{kind}_report"), mapping(view, kind)
    by = mapping(view, f"{kind}_creator")
    words, post = str(report.get("reason") or ""), published(kind, thing, said)
    category, age = gravest(said.claims(words))
    return Reported(
        ref=ref(kind, _number(report, "id")),
        words=words,
        category=category,
        age_then=age,
        reporter_ref=str(report.get("creator_id") or ""),
        account_ref=post.account_ref,
        profile_url=f"{said.url}/u/{_name(by, said.url)}",
        posts=(post,),
        said={
            "report": ref(kind, report["id"]),
            "reason": words,
            "url": post.url,
            "created_at": str(report.get("published") or ""),
        },
        open=not report.get("resolved") or report.get("resolver_id") == me,
    )


def _name(person: Mapping[str, Any], base: str) -> str:
    """As the profile's address has it: with the other server's name, if it is of one."""
    name, home = str(person.get("name") or ""), urlsplit(str(person.get("actor_id") or "")).netloc
    return name if home in ("", urlsplit(base).netloc) else f"{name}@{home}"


def _number(of: Mapping[str, Any], name: str) -> int:
    value = of.get(name)
    if type(value) is not int:
        raise NotReadable(name)
    return value
