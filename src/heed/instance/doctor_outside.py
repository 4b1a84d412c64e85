"""What `heed doctor` asks of the outside: mail, the public address, each platform's callback."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from heed.instance.findings import Finding
from heed.integrations.outward.addresses import place
from heed.integrations.outward.connection import NoAnswer
from heed.integrations.outward.exchange import Answer, Wire, address
from heed.integrations.smtp import MailServer, MailServerAway, reach, server_of

WITHIN_SECONDS = 8.0
MOST_BYTES = 100_000
UNTOLD_FOR = timedelta(minutes=5)  # a platform that works has heard by then
LOOKS_BACK = timedelta(days=7)
STALE_AFTER = timedelta(hours=6)  # what was withdrawn elsewhere is still matched here since then
ALIVE = b"I-AM-ALIVE"  # what `urls.status` says
NEEDED_HEADERS = ("content-security-policy", "x-frame-options", "x-content-type-options")


def mail(url: str, *, now: datetime) -> Iterator[Finding]:
    """The mail server greets us; and what became of the last mails."""
    from heed.people.models import Contact

    if url:
        yield _greeted(server_of(url))
    given_up = _given_up(now)
    if given_up:
        says = f"{given_up} of the last 7 days were given up on"
        remedy = "put the mail server right; who was to be told reads it on their page"
        yield Finding("mails", says, remedy)
    returned = Contact.objects.filter(returned_at__gte=now - LOOKS_BACK).count()
    if returned:
        yield Finding("mails", f"{returned} of the last 7 days came back: no such address")


def _greeted(server: MailServer) -> Finding:
    try:
        reach(server, within_seconds=WITHIN_SECONDS)
    except MailServerAway as away:
        return Finding("mail", str(away), "put HEED_MAIL_URL right: nobody is called meanwhile")
    return Finding("mail", f"{server.host}:{server.port} takes mail from us")


def _given_up(now: datetime) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT job.id) FROM procrastinate_jobs job "
            "JOIN procrastinate_events event ON event.job_id = job.id "
            "WHERE job.queue_name = 'mail' AND job.status = 'failed' AND event.at > %s",
            [now - LOOKS_BACK],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


# ------------------------------------------------------------------ the public address


def public_address(url: str, *, log_origin: str, proxies: int, wire: Wire) -> Iterator[Finding]:
    """Whether people reach this very instance at its address, by TLS, with its headers whole."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        return  # only tried out: `before_use` says so
    if not proxies:
        yield Finding("proxies", "none is declared, and TLS needs one: all visitors look like one",
                      "HEED_PROXIES=1, or as many as there are")  # fmt: skip
    try:
        answer = _get(f"{url}/log/checkpoint", wire)
        alive = _get(f"{url}/status", wire).body == ALIVE
    except NoAnswer as why:
        says = f"{url} can't be reached from here: {why}"
        remedy = "look at the name, the web server before Heed, and its certificate"
        yield Finding("public address", says, remedy)
        return
    yield _who_answered(url, answer, alive, log_origin)
    yield from _headers(answer.headers)


def _get(url: str, wire: Wire) -> Answer:
    """Reads an address of our own: it may lie in our own network."""
    at = address(url)
    ours = place(at.host, at.port or (443 if at.scheme == "https" else 80))
    return wire.ask(
        "GET", at, headers={}, max_bytes=MOST_BYTES, within_seconds=WITHIN_SECONDS,
        private_addresses_allowed=(ours,),
    )  # fmt: skip


def _who_answered(url: str, answer: Answer, alive: bool, log_origin: str) -> Finding:
    origin = answer.body.partition(b"\n")[0].decode("ascii", "replace")
    if alive and answer.status == 404:
        return Finding("public address", f"{url} leads to a Heed that has signed nothing yet")
    if not alive or origin != log_origin:
        what = "another Heed's log" if alive else f"status {answer.status}, and no Heed"
        return Finding("public address", f"{url} leads elsewhere: {what}",
                       "let it lead to this Heed; see var/setup for Caddy and nginx")  # fmt: skip
    return Finding("public address", f"{url} leads here, by TLS")


def _headers(headers: Mapping[str, str]) -> Iterator[Finding]:
    remedy = "let the web server before Heed pass its headers on; see var/setup"
    lost = [name for name in NEEDED_HEADERS if name not in headers]
    if lost:
        yield Finding("headers", f"lost on the way: {', '.join(lost)}", remedy)
    if "strict-transport-security" not in headers:
        yield Finding("headers", "Strict-Transport-Security is not sent",
                      "let the web server before Heed add it; see var/setup")  # fmt: skip


# ------------------------------------------------------------------ exchanges


def exchanges(*, now: datetime) -> Iterator[Finding]:
    """Each exchange that is on: whether we have all that it has, and whether its bank is on."""
    from heed.media.exchanges import status

    for row in status():
        if row["on"]:
            yield _exchange(row, now)


def _exchange(row: Mapping[str, Any], now: datetime) -> Finding:
    about, whole = f"exchange {row['name']}", row["synced_at"]
    when = "never taken over whole" if whole is None else f"whole {whole:%Y-%m-%d %H:%M} UTC"
    if row["trouble"]:
        return Finding(about, f"{when}; {row['trouble']}", "put that right; heed exchange status")
    if whole is not None and now - whole > STALE_AFTER and not row["under_way"]:
        return Finding(about, f"{when}, and was not asked since", "heed up, or heed worker")
    off = "" if row["bank_on"] else f"; its bank {row['bank']} is off, so nothing meets it"
    return Finding(about, when + off)


# ------------------------------------------------------------------ platforms


def platforms(*, wire: Wire, now: datetime) -> Iterator[Finding]:
    """Whether each platform's callback is there, and what it has not heard."""
    from heed.media.models import Platform

    for platform in Platform.objects.order_by("slug"):
        if platform.callback_url:
            yield _callback(platform.slug, platform.callback_url, platform.private_addresses, wire)
        yield from _untold(platform.id, platform.slug, now)


def _callback(slug: str, url: str, private: list[str], wire: Wire) -> Finding:
    """Asked with GET, which changes nothing there; any answer but "not found" is one."""
    about = f"{slug}: callback"
    try:
        answer = wire.ask(
            "GET", address(url), headers={}, max_bytes=MOST_BYTES, within_seconds=WITHIN_SECONDS,
            private_addresses_allowed=tuple(private),
        )  # fmt: skip
    except NoAnswer as why:
        return Finding(about, f"does not answer: {why}", _REMEDY.get(str(why), "start the site"))
    if answer.status == 404 or answer.status >= 500:
        remedy = "see what the site says; docs/integrate.md, 'Do what Heed asks'"
        return Finding(about, f"answers with status {answer.status}", remedy)
    return Finding(about, "answers")


_REMEDY = {
    "address_refused": "it lies in a private network: list its host:port as the platform's own",
    "name_unknown": "look at the name",
    "tls_failed": "look at the site's certificate",
    "bad_url": "heed platform set, with its full address as --callback-url",
}
_REFUSED = {"status_401", "status_403", "secret_unusable"}


def _untold(platform_id: UUID, slug: str, now: datetime) -> Iterator[Finding]:
    from heed.outbox import queries

    counts = queries.counts(now=now, platform_id=platform_id)
    late = queries.unacknowledged(enqueued_before=now - UNTOLD_FOR, platform_id=platform_id)
    count, why = late.count(), queries.reasons(late)
    if count or counts.states_dead:
        says = f"{count} posts are not yet as they should be, {counts.states_dead} were given up on"
        says += f" ({', '.join(why)})" if why else ""
        yield Finding(f"{slug}: told", says, _told_remedy(slug, why))


def _told_remedy(slug: str, why: Sequence[str]) -> str:
    remedy = "see to them at /console/outbox"
    if _REFUSED & set(why):
        secret = f"heed platform set {slug} --new-secret"
        return f"the site refuses our signature: give it what {secret} prints; then {remedy}"
    return f"heed integrate check says what is wrong there; {remedy}" if why else remedy
