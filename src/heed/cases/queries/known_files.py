"""Whether people have decided about a file before: then it can be decided unopened."""

from dataclasses import dataclass

from django.db.models import Q

from heed.cases.models import Appeal, Case, Decision
from heed.media.models import BankSignal, File


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a case's file, byte for byte, without opening it."""

    banks: tuple[str, ...]  # lasting banks that hold it
    trusted: bool  # one of them is trusted: in a case about a minor it stays unopened
    before: Decision | None  # the last final decision in an earlier round of this case

    def __bool__(self) -> bool:
        return bool(self.banks or self.before)


def known(case: Case) -> Known:
    """Of the case's own file. An open appeal asks for fresh eyes: then nothing is kept closed."""
    held = [] if case.file is None else _banked(case, case.file)
    trusted = any(one.bank.trusted for one in held) and not _asked_again(case)
    names = tuple(sorted({one.bank.name for one in held}))
    return Known(banks=names, trusted=trusted, before=_before(case))


def _before(case: Case) -> Decision | None:
    if case.round == 1:
        return None
    earlier = Decision.objects.filter(case=case, round__lt=case.round)
    return earlier.filter(state=Decision.State.FINAL).order_by("-decided_at").first()


def _asked_again(case: Case) -> bool:
    return Appeal.objects.filter(case=case, state=Appeal.State.OPEN).exists()


def is_kept_closed(case: Case, file: File) -> bool:
    """Whether a trusted bank knows this file byte for byte, and no appeal asks to look again."""
    if _asked_again(case):
        return False
    return any(one.bank.trusted for one in _banked(case, file))


def _banked(case: Case, file: File) -> list[BankSignal]:
    same = Q(type="sha256", value=bytes(file.sha256))
    if file.md5:
        same |= Q(type="md5", value=bytes(file.md5))
    if file.sha1:
        same |= Q(type="sha1", value=bytes(file.sha1))
    ours = Q(bank__platform_id=case.platform_id) | Q(bank__platform=None)
    live = BankSignal.objects.filter(same, ours, withdrawn_at=None, off_until=None)
    lasting = live.filter(bank__case_id=None, bank__enabled=True).exclude(case_id=case.id)
    return list(lasting.select_related("bank")[:20])
