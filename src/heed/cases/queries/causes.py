"""What a bank, a key, a source or a version of the rules has caused, and nobody has decided."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Case as OneOf
from django.db.models import CharField, Q, QuerySet, Value, When
from django.db.models.functions import Cast

from heed.cases.models import Case, Join, Notice, Restriction, Rollback
from heed.media.models import ApiKey, Bank, Match, Platform, Upload
from heed.people import services as people


@dataclass(frozen=True, slots=True, kw_only=True)
class Caused:
    """The notices and matches that came of it."""

    notices: QuerySet[Notice]
    matches: QuerySet[Match]

    def cases(self) -> QuerySet[Case]:
        """The cases that they are in and that wait for a person. What people decided stays."""
        joined = Join.objects.filter(notice__in=self.notices, undone_at=None).values("case_id")
        matched = self.matches.exclude(case_id=None).values("case_id")
        either = Q(id__in=joined) | Q(id__in=matched)
        return Case.objects.filter(either).exclude(state=Case.State.DECIDED)


def caused(what: str, which: str) -> Caused:
    """By a bank's id, a key's prefix, a source, or a version of the rules."""
    notices, matches = _of(what, which)
    live = Match.objects.filter(matches).exclude(word=Match.Word.UNDONE)
    return Caused(notices=Notice.objects.filter(notices), matches=live)


_NOTHING = Q(pk__in=[])


def _of(what: str, which: str) -> tuple[Q, Q]:
    if what == Rollback.What.BANK:
        return _NOTHING, Q(bank_signal__bank_id=which)
    if what == Rollback.What.KEY:
        return Q(key_prefix=which), Q(bank_signal__source=f"key:{which}")
    if what == Rollback.What.SOURCE:
        return Q(source_index=people.blind_index(which)), Q(bank_signal__source=which)
    return Q(joins__rules_version=which), Q(rules_version=which)


def places(what: str, which: str) -> set[UUID]:
    """The platforms whose bank or key it is; of what all share (banks, exchanges): every one.

    Empty where that is nobody's own: a source of notices, a version of the rules.
    """
    if what == Rollback.What.KEY:
        key = key_of(which)
        return set() if key is None else {key.platform_id}
    bank = bank_of(which) if what == Rollback.What.BANK else None
    if bank is not None and bank.platform_id is not None:
        return {bank.platform_id}
    shared = what == Rollback.What.SOURCE and which.startswith("exchange:")
    if bank is not None or shared:
        return set(Platform.objects.values_list("id", flat=True))
    return set()


def live_restrictions(case_ids: Sequence[UUID]) -> int:
    """How many items these cases ask something for now."""
    return Restriction.objects.filter(case_id__in=case_ids, lifted_at=None).count()


def held_uploads(case_ids: Sequence[UUID]) -> int:
    """How many uploads wait at the door for these cases."""
    return Upload.objects.filter(case_id__in=case_ids, state=Upload.State.HELD).count()


def standing_matches(case: Case) -> list[Match]:
    """Matches that still speak for this case: neither undone nor wrong; bank and signal are on.

    A match with what cases put in themselves says nothing that their notices do not say.
    """
    if case.file_id is None:
        return []
    live = Match.objects.filter(case_id=case.id, file_id=case.file_id)
    live = live.exclude(word__in=[Match.Word.UNDONE, Match.Word.WRONG])
    live = live.filter(bank_signal__withdrawn_at=None, bank_signal__off_until=None)
    live = live.filter(bank_signal__bank__enabled=True)
    live = live.filter(bank_signal__case_id=None)
    return list(live.select_related("bank_signal__bank"))


def bank_of(which: str) -> Bank | None:
    """The bank of this id."""
    return Bank.objects.filter(id=which).first()


def key_of(prefix: str) -> ApiKey | None:
    """The key with this prefix: the part that is no secret."""
    return ApiKey.objects.filter(prefix=prefix).first()


def rollbacks(platform_ids: Collection[UUID]) -> QuerySet[Rollback]:
    """Those of these platforms, of what is shared and of what is nobody's own.

    What waits for a second person comes first, then the newest.
    """
    keys = ApiKey.objects.exclude(platform_id__in=platform_ids).values("prefix")
    banks = Bank.objects.filter(platform__isnull=False).exclude(platform_id__in=platform_ids)
    named = banks.annotate(name_of=Cast("id", CharField())).values("name_of")
    elsewhere = Q(what=Rollback.What.KEY, which__in=keys)
    elsewhere |= Q(what=Rollback.What.BANK, which__in=named)
    waits = OneOf(When(state=Rollback.State.PROPOSED, then=Value(0)), default=Value(1))
    return Rollback.objects.exclude(elsewhere).alias(waits=waits).order_by("waits", "-proposed_at")
