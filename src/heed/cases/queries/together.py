"""Which open cases may be decided in one go: those that share a file or a match, and no others."""

from dataclasses import dataclass

from django.db.models import Q

from heed.cases.models import Case, CaseLink
from heed.media.models import ItemFile, Match

MOST = 50  # cases in one go: a person must be able to read what would happen


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """An open case, and what it has in common with the one that was opened."""

    case: Case
    why: str  # file | confirmed | match


def sharing(case: Case) -> list[Sharing]:
    """Other open cases of the platform with the same file, or a match with the same signal.

    A near picture counts when a person has confirmed it; what was split off is another matter.
    """
    found: dict[object, Sharing] = {}
    ways = [("file", one) for one in _file(case)]
    ways += [("confirmed", _near(case)), *(("match", one) for one in _match(case))]
    for why, which in ways:  # each for itself: joined by "or" they would read every open case
        rows = Case.objects.filter(which, platform_id=case.platform_id, state=Case.State.OPEN)
        apart = Q(split_from__case=case) | Q(splits__into=case)
        for one in rows.exclude(id=case.id).exclude(apart).distinct().order_by("opened_at")[:MOST]:
            found.setdefault(one.id, Sharing(case=one, why=why))
    return list(found.values())[:MOST]


def _file(case: Case) -> list[Q]:
    """A case about an item that carries the file, or the file's case for an item's."""
    if case.file_id is not None:
        places = ItemFile.objects.filter(file_id=case.file_id).values("item_id")
        return [Q(item_id__in=places)]
    if case.item_id is None:  # a threat: nothing is posted yet
        return []
    carried = ItemFile.objects.filter(item_id=case.item_id, file__isnull=False).values("file_id")
    others = ItemFile.objects.filter(file_id__in=carried).values("item_id")
    return [Q(file_id__in=carried), Q(item_id__in=others)]


def _near(case: Case) -> Q:
    links = CaseLink.objects.filter(Q(case=case) | Q(other=case), same=True)
    pairs = links.values_list("case_id", "other_id")
    return Q(id__in={one for pair in pairs for one in pair})


def _match(case: Case) -> list[Q]:
    right = Match.objects.exclude(word__in=[Match.Word.WRONG, Match.Word.UNDONE])
    mine = right.filter(Q(case_id=case.id) | Q(file_id=case.file_id), platform_id=case.platform_id)
    signals = set(mine.values_list("bank_signal", flat=True))
    if not signals:  # as in most cases
        return []
    met = right.filter(bank_signal__in=signals, platform_id=case.platform_id)
    led = Q(id__in=met.exclude(case_id=None).values("case_id"))
    return [led, Q(file_id__in=met.values("file_id"))]
