"""What a notifier named of that which a removal leaves alone: of it they are told apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from heed.cases.models import Decision, Exemption, Notice
from heed.cases.queries import exemptions
from heed.cases.queries.exemptions import Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Of what one notice names in a case. Links are the notifier's own, as they wrote them."""

    waits: bool = False  # all of it may stay, and a second person has still to say so of some
    only_apart: bool = False  # all of it is left alone: nothing of it comes down
    plain: Sequence[str] = ()  # left alone, and never restricted
    stays: Sequence[tuple[Exemption, Sequence[str]]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """What one decision leaves alone, by name."""

    decision: Decision
    said: Said
    exemptions: Mapping[Exemption, frozenset[UUID]]

    @staticmethod
    def of(decision: Decision) -> "Apart":
        """As it is now."""
        final = decision.exemptions.filter(state=Exemption.State.FINAL).order_by("proposed_at")
        items = {one: frozenset(one.items.values_list("id", flat=True)) for one in final}
        return Apart(decision=decision, said=exemptions.said(decision), exemptions=items)

    def named_by(self, notice: Notice) -> Named:
        """Asks nothing where the decision leaves nothing alone: a crowd may have told of it."""
        apart = self.said.left | self.said.waiting
        if not apart:
            return Named()
        here = exemptions.named_by(notice.id, self.decision.case)
        left = here & self.said.left
        spoken = frozenset[UUID]().union(*self.exemptions.values())
        return Named(
            waits=here <= apart and bool(here & self.said.waiting),
            only_apart=bool(here) and here <= self.said.left,
            plain=_links(notice, left - spoken),
            stays=[
                (one, _links(notice, left & items))
                for one, items in self.exemptions.items()
                if left & items
            ],
        )


def _links(notice: Notice, items: set[UUID]) -> list[str]:
    found = notice.targets.filter(item__in=items).order_by("position")
    return list(dict.fromkeys(found.values_list("url", flat=True)))
