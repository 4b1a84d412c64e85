"""Taking one sending of the form in: one notice per site and hundred links, each sending once."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from heed.cases.models import Notice
from heed.cases.queries import own_notices
from heed.cases.queries.own_notices import Place
from heed.flows.receive_notice import MOST_PLACES, NoticeIn, receive_notice
from heed.flows.renew_link import renew_secrets
from heed.rules.claims import TIME_UNSAID
from heed.web.notifier import choices, links
from heed.web.notifier.form import Checked, Typed

SHOWN_AGAIN_FOR = timedelta(minutes=15)  # the same sending, pressed twice or loaded again
_MOST_REMEMBERED = 1_000
_READ_FOR_WORDS = 200_000  # characters among the links; all of them are kept verbatim


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One notice as its holder is told of it. `again`: the secrets are new, the notice is not."""

    number: str
    link_secret: str
    words: str
    again: bool = False


class Remembered:
    """The last sendings of this process, so that a second press shows the same secrets again.

    They are kept nowhere else in the clear. Another process, or this one after a restart, gives
    new ones instead.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent: OrderedDict[str, tuple[datetime, tuple[Sent, ...]]] = OrderedDict()

    def get(self, key: str, now: datetime) -> tuple[Sent, ...] | None:
        """What was said to this sending before; nothing to say once its sender has left."""
        with self._lock:
            at, sent = self._sent.get(key, (now - SHOWN_AGAIN_FOR, ()))
            return sent if now - at < SHOWN_AGAIN_FOR else None

    def close(self, number: str) -> None:
        """Its sender has left: whoever presses "back" and sends the form again is told nothing."""
        with self._lock:
            for key, (at, sent) in self._sent.items():
                if any(one.number == number for one in sent):
                    self._sent[key] = at, ()

    def put(self, key: str, sent: tuple[Sent, ...], now: datetime) -> None:
        """Keep it for a quarter of an hour; the oldest go first."""
        with self._lock:
            self._sent[key] = now, sent
            while self._sent and (
                len(self._sent) > _MOST_REMEMBERED
                or now - next(iter(self._sent.values()))[0] > SHOWN_AGAIN_FOR
            ):
                self._sent.popitem(last=False)


_remembered = Remembered()


def take_in(checked: Checked, *, source: str, language: str, now: datetime) -> tuple[Sent, ...]:
    """Take it in, or say again what was said to the same sending before.

    Empty when its sender has left the page since, by the quick exit. Raises `Busy` while the same
    sending is being taken in by somebody else for longer than anybody should wait.
    """
    key = checked.typed.key()
    with own_notices.one_at_a_time(key):
        before = _remembered.get(key, now)
        if before is None:
            before = _known(key, now) or None
        if before is not None:
            return before
        sent = tuple(_each(checked, source, language, now))
        _remembered.put(key, sent, now)
        return sent


def left(number: str) -> None:
    """The quick exit was taken from the page of this notice."""
    _remembered.close(number)


def _known(key: str, now: datetime) -> tuple[Sent, ...]:
    """This sending was taken in, and nobody knows whether its sender saw the answer."""
    return tuple(
        _shown_again(one) for one in own_notices.sent_with(key, since=now - SHOWN_AGAIN_FOR)
    )


def _shown_again(notice: Notice) -> Sent:
    link, code = renew_secrets(notice_id=notice.id)
    return Sent(number=notice.number, link_secret=link, words=code.replace("-", " "), again=True)


def _each(checked: Checked, source: str, language: str, now: datetime) -> Iterator[Sent]:
    for platform_id, places in _portions(checked):
        received = receive_notice(
            platform_id=platform_id,
            notice=_notice(checked, places, language),
            door="form",
            verbatim=checked.typed.verbatim(),
            source=source,
            once_more=False,
            now=now,
        )
        yield Sent(
            number=received.number,
            link_secret=received.link_secret,
            words=received.recovery_code.replace("-", " "),
        )


def _portions(checked: Checked) -> Iterator[tuple[UUID, list[Place]]]:
    """By site, a hundred places at a time. Links elsewhere fill the room, to be answered too.

    Codes of pictures go with the first of each site: uploads of all of them are held there.
    """
    given = [Place(signals={one.kind: one.value}) for one in checked.hashes]
    ours, rest = checked.sorted.ours, list(checked.sorted.elsewhere)
    if not ours:
        left = max(0, MOST_PLACES - len(given))
        yield _site_without_link(checked), [*given, *(Place(url=url) for url in rest[:left])]
        return
    for platform_id, found in ours.items():
        begin, todo = list(given), list(found)
        while todo:
            room = max(1, MOST_PLACES - len(begin))
            places = [*begin, *(Place(url=url) for url in todo[:room])]
            begin, todo = [], todo[room:]
            left = max(0, MOST_PLACES - len(places))
            yield platform_id, [*places, *(Place(url=url) for url in rest[:left])]
            rest = rest[left:]


def _site_without_link(checked: Checked) -> UUID:
    sites = links.sites()
    chosen = [site.id for site in sites if site.slug == checked.typed.site]
    return chosen[0] if chosen else sites[0].id


def _notice(checked: Checked, places: list[Place], language: str) -> NoticeIn:
    typed = checked.typed
    age = choices.age_then(typed.who, typed.young)
    return NoticeIn(
        places=tuple(places),
        category=choices.category(checked.what, age),
        standing=choices.STANDING[typed.who],
        age_then=age,
        danger_now=typed.danger == "yes",
        time_given=_time(typed),
        threatened_only=checked.threatened_only,
        their_account=typed.their_account.strip()[:300],
        other_app=typed.other_app.strip()[:300],
        remembered=typed.remembered,
        words="\n".join(filter(None, [typed.why.strip(), *_said_beside(checked)]))[:20_000],
        language=language[:10],
    )


def _said_beside(checked: Checked) -> list[str]:
    """What somebody wrote among the links, each line once."""
    beside = links.beside(checked.typed.links[:_READ_FOR_WORDS]).splitlines()
    return list(dict.fromkeys([*beside, *checked.sorted.unread]))


def _time(typed: Typed) -> str:
    """A time that was given counts also where they can't say which."""
    return typed.time_given.strip()[:200] or (TIME_UNSAID if typed.timed == "yes" else "")
