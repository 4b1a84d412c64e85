"""A notice's claim about a target, as the rules want it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from heed.cases.models import Appeal, Case, Decision, Exemption, Join, Notice, Supplement
from heed.flows.shared import sources
from heed.media.models import ItemFile
from heed.people import queries as people
from heed.people.models import Contact
from heed.rules import misuse
from heed.rules.claims import AgeThen, Category, Claim, Standing, about_a_body
from heed.rules.misuse import Fact

_DANGER = ("danger_now", "time_given")


def bare(notice: Notice) -> Claim:
    """What the notice says, before anything is known of its target."""
    return of(notice, has_file=about_a_body(Category(notice.category)))


def of(
    notice: Notice,
    *,
    has_file: bool,
    stood_before: bool = False,
    brings_new_fact: bool = False,
    source_over_bound: bool = False,
    located: bool = False,
    place_unknown: bool = False,
) -> Claim:
    """The facts that triage may look at. Nothing about who published the thing."""
    confirmed = people.contact_confirmed(notice.id)
    return Claim(
        category=Category(notice.category),
        standing=Standing(notice.standing),
        age_then=AgeThen(notice.age_then),
        stated_age=notice.stated_age,
        has_file=has_file,
        threatened_only=not located and nothing_posted(notice),
        place_unknown=place_unknown,
        danger_now=notice.danger_now,
        time_given=bool(notice.time_given),
        declaration_complete=declaration_complete(notice),
        contact_confirmed=confirmed,
        verified_channel=notice.verified_channel,
        partner_field=notice.partner_id is not None and notice.verified_channel,
        police_reference=bool(notice.police_reference),
        stood_before=stood_before,
        brings_new_fact=brings_new_fact,
        source_over_bound=source_over_bound,
        rolled_back=notice.rolled_back_at is not None,
    )


def rolled_back(claim: Claim) -> Claim:
    """The same claim, if what came of it were rolled back."""
    return replace(claim, rolled_back=True)


def declaration_complete(notice: Notice) -> bool:
    """Signature, good faith, no consent, a way to reach them: 47 U.S.C. 223a(a)(1)(B)."""
    speaks = notice.standing == Standing.DEPICTED or notice.acting_for
    if not (notice.signature and notice.good_faith and notice.not_consensual and speaks):
        return False
    addresses = Contact.objects.filter(notice_id=notice.id, erased_at=None)
    return notice.partner_id is not None or addresses.exclude(address_sealed=None).exists()


def nothing_posted(notice: Notice) -> bool:
    """They were threatened, or gave hashes without a place: as far as they know nothing is here."""
    targets = list(notice.targets.all())
    only_hashes = bool(targets) and all(one.signals and not one.url for one in targets)
    return notice.threatened_only or (only_hashes and not notice.remembered)


def has_file(notice: Notice, case: Case) -> bool:
    """A picture or video is there; or nobody could look yet, and the notifier says there is one."""
    if case.file_id is not None:
        return True
    if case.item_id is None:
        return False
    files = ItemFile.objects.filter(item_id=case.item_id)
    if case.split_from.exists():  # off the case of a file, which it carries
        return files.exists()
    unread = files.filter(file=None)
    return about_a_body(Category(notice.category)) and unread.exists()


def about_case(notice: Notice, case: Case, *, now: datetime) -> Claim:
    """The claim, with what people decided before and how its source behaves."""
    stood = case.stood_at is not None
    return of(
        notice,
        has_file=has_file(notice, case),
        stood_before=stood,
        brings_new_fact=stood and brings_new_fact(notice, case),
        source_over_bound=sources.over_bound(notice, now=now),
        located=case.threat_of is None,
        place_unknown=case.threat_of is not None and not nothing_posted(notice),
    )


def _facts(notice: Notice) -> frozenset[Fact]:
    contact = Contact.objects.filter(notice_id=notice.id, confirmed_at__isnull=False).first()
    return misuse.facts_of(
        bare(notice),
        police_ref=notice.police_reference or None,
        contact_ref=bytes(contact.blind_index).hex() if contact else None,
    )


def brings_new_fact(notice: Notice, case: Case) -> bool:
    """Compared with all that people had been told when they last decided."""
    known = frozenset((name, value) for name, value in case.known_facts)
    return misuse.brings_new_fact(known, _facts(notice))


def said_since_decided(notice: Notice, case: Case) -> bool:
    """More words, a danger or a time, after people decided: they have not heard it, and no machine
    knows what it adds. What else is added later is compared as a fact.
    """
    since = case.decided_at
    return since is not None and _said_since(notice, since, ("words", *_DANGER))


def is_heard_in(notice: Notice, case: Case) -> bool:
    """Whether people are to look for this notice in the round that is open: it was given in it, or
    said more since.
    """
    if case.state == Case.State.DECIDED:
        return False
    given = Join.objects.filter(notice=notice, case=case, round=case.round)
    more = Supplement.objects.filter(notice=notice, at__gte=case.round_at)
    return given.exists() or more.exists()


def danger_said_since(notice: Notice, since: datetime) -> bool:
    """A danger, or a time that was given."""
    return _said_since(notice, since, _DANGER)


def _said_since(notice: Notice, since: datetime, names: Sequence[str]) -> bool:
    later = Supplement.objects.filter(notice=notice, at__gt=since)
    return any(one.said.get(name) for one in later for name in names)


def known_facts(case: Case) -> list[Fact]:
    """All that the notices of a case tell, as it is kept when people decide."""
    notices = Notice.objects.filter(joins__case=case)
    return sorted({fact for notice in notices for fact in _facts(notice)})


def decisions_of(case: Case, *, before: datetime | None = None) -> set[str]:
    """Everybody who proposed, decided or seconded in this case, in any round; of what a removal
    leaves alone as well. `before`: what was proposed before then.
    """
    decisions = Decision.objects.filter(case=case)
    stays = Exemption.objects.filter(decision__case=case)
    if before is not None:
        decisions = decisions.filter(decided_at__lt=before)
        stays = stays.filter(proposed_at__lt=before)
    rows = [*decisions.values_list("decided_by", "seconded_by")]
    rows += stays.values_list("proposed_by", "seconded_by")
    return {str(person) for row in rows for person in row if person is not None}


def appealed_to(case: Case) -> set[str]:
    """Everybody who has ended an appeal in this case, whichever way."""
    ended = Appeal.objects.filter(case=case, decided_by__isnull=False)
    return {str(person) for person in ended.values_list("decided_by", flat=True)}
