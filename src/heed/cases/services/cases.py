"""Opening, joining and linking cases, and starting a new round of one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Least

from heed.cases.models import Case, CaseLink, Copy, Notice
from heed.ids import array, mint, number
from heed.media.models import File, Item, Platform, Upload
from heed.rules.claims import Category, Claim, about_a_child
from heed.rules.order import Rung, gravest
from heed.rules.triage import Triage
from heed.rules.version import VERSION
from heed.rules.visibility import Visibility

UNWEIGHED = 99  # the rung of a case that no claim has been weighed in yet
_WEIGHT = ("rung", "category", "about_child", "danger", "crowd")


class CaseChanged(Exception):
    """Somebody else changed this case in the meantime. Read it again and repeat the step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a case is about: one of the three."""

    file: File | None = None
    item: Item | None = None
    threat_of: UUID | None = None


def open_case(notice: Notice, subject: Subject, *, now: datetime) -> tuple[Case, bool]:
    """The case of this subject on the notice's platform, made if there is none."""
    return open_for(notice.platform, subject, notice.category, now=now)


def open_for(
    platform: Platform, subject: Subject, category: str, *, now: datetime
) -> tuple[Case, bool]:
    """The case of this subject on this platform, made if there is none."""
    same = Case.objects.filter(
        platform=platform,
        file=subject.file,
        item=subject.item,
        threat_of=subject.threat_of,
    )
    found = same.first()
    if found is not None:
        return found, False
    try:
        with transaction.atomic():
            return _new_case(platform, subject, category, now), True
    except IntegrityError:  # another notice was first, or the number was taken
        found = same.first()
        if found is not None:
            return found, False
        return _new_case(platform, subject, category, now), True


def _new_case(platform: Platform, subject: Subject, category: str, now: datetime) -> Case:
    return Case.objects.create(
        number=number("C"),
        platform=platform,
        file=subject.file,
        item=subject.item,
        threat_of=subject.threat_of,
        category=category,
        rung=UNWEIGHED,
        opened_at=now,
        round_at=now,
    )


def join(notice: Notice, case: Case, *, now: datetime) -> bool:
    """The notice belongs to the case from now on; True when it did not before.

    The caller holds the case. What is decided already was decided without this notice.
    """
    round_ = case.round + (case.state == Case.State.DECIDED)
    with connection.cursor() as cursor:
        cursor.execute(_JOIN, [mint(), notice.id, case.id, now, round_, VERSION])
        return bool(cursor.rowcount)


_JOIN = """
INSERT INTO cases_join (id, notice_id, case_id, joined_at, round, rules_version)
VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


def weigh(case: Case, claim: Claim, outcome: Triage, *, crowd: bool = False) -> None:
    """Take one claim's weight into a case that the caller holds: in a round it only grows graver.

    `crowd`: this claim came with a flood, and says nothing of its own.
    """
    first = case.rung == UNWEIGHED
    case.category = gravest([Category(case.category), claim.category]).value
    case.rung = min(case.rung, int(outcome.rung))
    case.about_child = case.about_child or about_a_child(claim)
    case.danger = case.danger or claim.danger_now
    case.crowd = (case.crowd or first) and crowd
    case.because = sorted({*case.because, *outcome.because})
    case.level = max(Visibility(case.level), outcome.visibility).value
    case.save(update_fields=[*_WEIGHT, "because", "level"])


def note_danger(case: Case) -> None:
    """A person of ours found a life in danger: the case goes first, as if a notice had said so."""
    first = int(Rung.DANGER_TO_LIFE)
    Case.objects.filter(id=case.id).update(danger=True, rung=Least("rung", first))
    case.refresh_from_db()


def new_round(case: Case, *, now: datetime) -> bool:
    """Open a decided case again: new facts, a reappearance, an appeal. False when it is open."""
    done = Case.objects.filter(id=case.id, state=Case.State.DECIDED).update(
        state=Case.State.OPEN,
        round=case.round + 1,
        round_at=now,
        level=Visibility.VISIBLE.value,
        taken_by=None,
        taken_until=None,
    )
    case.refresh_from_db()
    return bool(done)


def link(case: Case, other: Case, distance_bits: int | None, *, now: datetime) -> bool:
    """Two cases look alike; kept once, whichever of them is named first."""
    first, second = sorted((case, other), key=lambda one: str(one.id))
    _, made = CaseLink.objects.get_or_create(
        case=first, other=second, defaults={"distance_bits": distance_bits, "made_at": now}
    )
    return made


def judge_link(
    case: Case, other: Case, *, same: bool, again: bool = False, by: UUID, now: datetime
) -> bool:
    """A person says whether two cases show the same; `again`, of what was said otherwise. False
    when it is no news, or they were never linked.
    """
    first, second = sorted((case, other), key=lambda one: str(one.id))
    said = not same if again else None
    waiting = CaseLink.objects.filter(case=first, other=second, same=said)
    return bool(waiting.update(same=same, judged_by=by, judged_at=now))


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyIn:
    """A copy as it was found."""

    item_id: UUID
    how: str
    distance_bits: int | None = None
    quality: int | None = None
    near_file_id: UUID | None = None
    views_then: int = 0


def news(case_id: UUID, found: Sequence[CopyIn]) -> list[CopyIn]:
    """Those that the case does not know yet, or only as something that looks alike.

    A person's word that it is another thing holds for its looks, and for whoever passes it on; what
    has got the case's very bytes since is a copy all the same.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT item_id, how = 'near', same FROM cases_copy"
            " WHERE case_id = %s AND item_id = ANY(%s::uuid[])",
            [case_id, array(one.item_id for one in found)],
        )
        known = {item_id: (near, same) for item_id, near, same in cursor.fetchall()}

    def is_news(one: CopyIn) -> bool:
        near, same = known.get(one.item_id, (True, None))
        if one.how == Copy.How.NEAR or not near:
            return one.item_id not in known
        return one.how == Copy.How.EXACT or same is not False

    return [one for one in found if is_news(one)]


def add_copies(case: Case, copies: Iterable[CopyIn], *, now: datetime) -> None:
    """Note how each copy was found. What is known already keeps its first finding, unless somebody
    names it now (a decision about the named places is about that one too), or it only looked alike.

    A file that a person has compared with the case's before need not be compared again.
    """
    rows = list({copy.item_id: copy for copy in copies}.values())
    near = [copy.near_file_id for copy in rows]
    judged = _judged(case) if any(near) else {}
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD_COPIES,
            [
                case.id, now, array(mint() for _ in rows), array(copy.item_id for copy in rows),
                [str(copy.how) for copy in rows], array(copy.distance_bits for copy in rows),
                array(copy.quality for copy in rows), array(near),
                [judged.get(file_id) if file_id else None for file_id in near],
                array(copy.views_then for copy in rows),
            ],
        )  # fmt: skip


# Ten thousand copies at once: the ORM would take longer to write the statement than to run it.
_ADD_COPIES = """
INSERT INTO cases_copy (case_id, found_at, id, item_id, how, distance_bits, quality, near_file_id,
                        same, views_then)
SELECT %s, %s, new.* FROM unnest(
    %s::uuid[], %s::uuid[], %s::text[], %s::int[], %s::int[], %s::uuid[], %s::bool[], %s::bigint[]
) AS new
ON CONFLICT (case_id, item_id) DO UPDATE
SET how = EXCLUDED.how, distance_bits = NULL, quality = NULL, near_file_id = NULL, same = NULL
WHERE EXCLUDED.how = 'named' AND cases_copy.how <> 'named'
   OR EXCLUDED.how <> 'near' AND cases_copy.how = 'near'
"""


def ask_again(case: Case, item_ids: Sequence[UUID], *, now: datetime) -> None:
    """A removal had left these alone, and somebody names them: until people decide anew they are
    as the claims of this round have them.
    """
    Copy.objects.filter(case=case, item_id__in=item_ids).update(asked_at=now)


def note_speed(case: Case, *, now: datetime) -> None:
    """Copies published in the last hour: inside a rung and a deadline, the faster comes first."""
    recent = Copy.objects.filter(case=case, item__published_at__gt=now - timedelta(hours=1))
    Case.objects.filter(id=case.id).update(speed_per_hour=recent.count())


def _judged(case: Case) -> dict[UUID | None, bool | None]:
    """What people have said of near files, as copies here or as uploads that were let in."""
    let_in = Upload.objects.filter(case_id=case.id, state=Upload.State.RELEASED)
    said: dict[UUID | None, bool | None] = dict.fromkeys(
        let_in.values_list("file_id", flat=True), False
    )
    near = Copy.objects.filter(case=case, how=Copy.How.NEAR).exclude(same=None)
    return said | dict(near.values_list("near_file_id", "same"))


def unjudged(case: Case) -> bool:
    """Whether near copies of this case wait for a person's word while they are restricted."""
    near = Copy.objects.filter(case=case, how=Copy.How.NEAR, same=None)
    return near.filter(item__restrictions__case=case, item__restrictions__lifted_at=None).exists()


def judge_copies(copies: QuerySet[Copy], *, same: bool, again: bool = False) -> int:
    """A person says whether near copies show the same; `again`, of what was judged otherwise.

    Returns for how many that is news.
    """
    return copies.filter(same=not same if again else None).update(same=same)


def take(case: Case, *, by: UUID, now: datetime, until: datetime) -> None:
    """Somebody works on it now. Raises `CaseChanged` when another person does."""
    free = Case.objects.filter(id=case.id).exclude(taken_until__gt=now)
    mine = Case.objects.filter(id=case.id, taken_by=by)
    if not (free.update(taken_by=by, taken_until=until) or mine.update(taken_until=until)):
        raise CaseChanged(f"case {case.number} is being worked on by somebody else")


def let_go(case: Case, *, by: UUID) -> bool:
    """Work on it no longer; False when this person did not."""
    mine = Case.objects.filter(id=case.id, taken_by=by)
    return bool(mine.update(taken_by=None, taken_until=None))


def raise_level(case: Case, level: Visibility) -> None:
    """The case asks for more from now on; never for less."""
    if level > Visibility(case.level):
        Case.objects.filter(id=case.id).update(level=level.value)
        case.refresh_from_db()
