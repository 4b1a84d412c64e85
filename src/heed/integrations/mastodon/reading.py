"""What Mastodon says, in our words. What is not as it should be is `NotReadable`, never a guess."""

import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

from heed.integrations.connectors.claims import Claim, gravest
from heed.integrations.connectors.fields import mapping, moment, rows, text
from heed.integrations.mastodon.settings import Said
from heed.ports import PeerFile, PeerPost, Reported

FOR_ONE_ALONE = "direct"  # a message between people: read only when somebody who got it reports it
_ATTACHMENT = re.compile(r"/media_attachments/[a-z]+((?:/[0-9]{3})+)/|/media_proxy/([0-9]+)")


def posts(status: Mapping[str, Any], base: str) -> tuple[PeerPost, ...]:
    """A status, after the one that it passes on, if it does."""
    original = status.get("reblog")
    before = posts(original, base) if isinstance(original, Mapping) else ()
    return (*before, _post(status, base, before[-1].ref if before else ""))


def _post(status: Mapping[str, Any], base: str, original: str) -> PeerPost:
    account = mapping(status, "account")
    kind = "reshare" if original else "reply" if status.get("in_reply_to_id") else "post"
    return PeerPost(
        ref=text(status, "id"),
        url=_address(status, account, base),
        account_ref=text(account, "id"),
        kind=kind,
        reshare_of=original,
        published_at=moment(status.get("created_at")),
        text="" if original else words_of(status),
        files=() if original else _files(status),
    )


def _address(status: Mapping[str, Any], account: Mapping[str, Any], base: str) -> str:
    """Where the status is on this server: of one from elsewhere, its own address is elsewhere."""
    url = str(status.get("url") or "")
    if url.startswith(base + "/"):
        return url
    return f"{base}/@{text(account, 'acct')}/{text(status, 'id')}"


def _files(status: Mapping[str, Any]) -> tuple[PeerFile, ...]:
    """Those that this server holds; `url` is empty while one is being worked on."""
    held = [one for one in status.get("media_attachments") or [] if one.get("url")]
    return tuple(
        PeerFile(url=str(one["url"]), preview_url=str(one.get("preview_url") or "")) for one in held
    )


def words_of(status: Mapping[str, Any]) -> str:
    """What it says, without markup."""
    warning, content = str(status.get("spoiler_text") or ""), str(status.get("content") or "")
    return "\n\n".join(part for part in (warning.strip(), _plain(content)) if part)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in ("p", "br", "li"):
            self.parts.append("\n")


def _plain(html: str) -> str:
    reader = _Text()
    reader.feed(html)
    reader.close()
    return "".join(reader.parts).strip()


# ------------------------------------------------------------------ reports


def reported(report: Mapping[str, Any], said: Said) -> Reported:
    """A report. Whoever made it stays out of what is kept verbatim. Raises `NotReadable`."""
    about = mapping(report, "target_account")
    rules = [one for one in report.get("rules") or [] if isinstance(one, Mapping)]
    found = [post for one in rows(report, "statuses") for post in posts(one, said.url)]
    category, age = _claim(str(report.get("category") or "other"), rules, said)
    words = str(report.get("comment") or "")
    return Reported(
        ref=text(report, "id"),
        words=words,
        category=category,
        age_then=age,
        reporter_ref=str((report.get("account") or {}).get("id") or ""),
        account_ref=text(about, "id"),
        profile_url=_profile(about, said.url),
        posts=tuple({post.ref: post for post in found}.values()),
        said={
            "report": text(report, "id"),
            "kind": str(report.get("category") or "other"),
            "comment": words,
            "rules": [str(one.get("text") or "") for one in rules],
            "statuses": [post.url for post in found],
            "forwarded": bool(report.get("forwarded")),
            "created_at": str(report.get("created_at") or ""),
        },
        open=not report.get("action_taken"),
    )


def _claim(kind: str, rules: Sequence[Mapping[str, Any]], said: Said) -> Claim:
    """The gravest of what the operator's settings make of the rules that were named.

    Nothing is guessed from words: what the settings do not speak of is `other`.
    """
    claims = [said.rules[one] for rule in rules if (one := str(rule.get("id"))) in said.rules]
    if kind == "legal":
        claims.append(said.legal)
    return gravest(claims)


def _profile(about: Mapping[str, Any], base: str) -> str:
    inner = about.get("account")
    acct = str(inner.get("acct") or "") if isinstance(inner, Mapping) else ""
    return f"{base}/@{acct or text(about, 'username')}"


# ------------------------------------------------------------------ files


def media_key(address: str) -> str:
    """What every variant of one attachment has in common, here or in the cache of others' files:
    its number. Empty for what is none. `media.gate` reads stored addresses in the same way.
    """
    found = _ATTACHMENT.search(address)
    if found is None:
        return ""
    return (found.group(1) or found.group(2)).replace("/", "").lstrip("0")
