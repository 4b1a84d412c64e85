"""What a reviewer may send. Errors stand beside their fields, and nothing typed is lost."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils import timezone

from heed.cases.models import Appeal, Case, Copy
from heed.cases.queries import case_page, exemptions, policies, queue
from heed.filings import answers, letters
from heed.filings import queries as filings
from heed.flows import decide_appeal
from heed.media.models import Platform
from heed.rules import policy
from heed.rules.claims import Category
from heed.rules.decisions import AppealOutcome, Ruling, Scope, needs_second
from heed.rules.letters import BLANK
from heed.rules.visibility import Visibility
from heed.web.console.words import CATEGORIES, STATES, if_partly, if_reversed, not_their_wish

LONGEST = 10_000  # letters in one text
_IN_THEIRS = (
    "They begin in the language of whoever told us first: %s. “Words for reasons” has the same in "
    "English. Who speaks another language is told that these are in one."
)


def _text(label: str, *, rows: int, required: bool = True, missing: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": rows, "dir": "auto"}),
        error_messages={"required": missing},
    )


class Clauses(forms.Select):
    """A list of clauses that carries the reasons to begin with."""

    offered: Mapping[str, str] = {}  # by clause of the version in force: the form sets them

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """One clause, with its reasons for the page's own script."""
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        option["attrs"]["data-reasons"] = self.offered[str(value)]
        return option


RULINGS = [
    (Ruling.REMOVE.value, "Remove it"),
    (Ruling.KEEP.value, "No violation: let it stand"),
]
UNPLACED = [  # a threat, or nobody knows where it is: nothing comes down, and nothing is let stand
    (Ruling.REMOVE.value, "It breaks a rule; codes that came with it stay on guard"),
    (Ruling.KEEP.value, "No violation, or nothing that we can do here; codes are let go"),
]


class DecisionForm(forms.Form):
    """A ruling with policy, reasons, facts and scope."""

    ruling = forms.ChoiceField(
        label="What do you decide?",
        choices=RULINGS,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two."},
    )
    clause = forms.ChoiceField(label="Under which rule?", widget=Clauses)
    reasons = _text(
        "Reasons, as the notifier will read them",
        rows=5,
        missing="Reasons are missing: the person who asked is told these words.",
    )
    facts = _text("What you saw (stays inside)", rows=3, required=False)
    scope = forms.ChoiceField(
        label="What does it reach?",
        choices=[
            (Scope.FILE.value, "The file, wherever it is and wherever it comes"),
            (
                Scope.ITEMS.value,
                "The named items and their reshares only; say in the reasons that copies stay",
            ),
        ],
        widget=forms.RadioSelect,
    )
    exempt = forms.MultipleChoiceField(
        label="Items that may stay (an original that was posted with consent)",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    without_evidence = forms.MultipleChoiceField(
        label="Its evidence could not be kept",
        required=False,
        choices=[("yes", "Remove it all the same: there may be nothing to show to anybody later")],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, case: Case, may_stay: Sequence[Copy], data: Mapping[str, Any] | None = None):
        self.version = policies.version_at(case.platform_id, timezone.now())
        rules = policies.clauses(self.version)
        known = {one.id: one for one in rules}
        category, child = Category(case.category), case.about_child
        first = known[policy.default_clause(category, about_a_child=child).id]
        language = case_page.language(case)
        own = policies.reason_texts(case.platform_id, language)
        offered = {one.id: answers.offered(one, language, own) for one in rules}
        stay = [str(one) for one in exemptions.held_on(case)] if case.decided_level else []
        begin = {
            "clause": first.id, "reasons": offered[first.id], "scope": Scope.FILE.value,
            "exempt": stay,
        }  # fmt: skip
        super().__init__(data=data, initial=begin, auto_id="decision-%s")
        self.case = case
        if case.threat_of is not None:
            self.fields["ruling"].choices = UNPLACED  # type: ignore[attr-defined]
        if language != settings.LANGUAGE_CODE:
            self.fields["reasons"].help_text = _IN_THEIRS % dict(settings.LANGUAGES)[language]
        self.fields["clause"].widget.offered = offered
        self.fields["clause"].choices = [(one.id, one.title) for one in rules]  # type: ignore[attr-defined]
        self.fields["exempt"].choices = [(str(one.item_id), _place(one)) for one in may_stay]  # type: ignore[attr-defined]
        if case.file_id is None:
            del self.fields["scope"]
        if not filings.not_kept(case.id):
            del self.fields["without_evidence"]

    @property
    def asks_for_second(self) -> bool:
        """Whether "no violation" would only be proposed here."""
        return needs_second(Category(self.case.category), Ruling.KEEP)

    def statement(self) -> dict[str, str]:
        """What the uploader is told if it is removed under the rule that is chosen now."""
        chosen = str(self["clause"].value())
        if self.case.threat_of is not None:  # nobody has posted it, as far as we know
            return {}
        if chosen == "none" or chosen not in dict(self.fields["clause"].choices):  # type: ignore[attr-defined]
            return {}
        category, child = Category(self.case.category), self.case.about_child
        made = answers.statement(
            level=Visibility.REMOVED.value,
            decided=True,
            quiet=answers.is_quiet(category, about_child=child),
            clause=chosen,
            policy_version=self.version,
        )
        return answers.spoken(made)

    def clean(self) -> dict[str, Any]:
        """The rule must fit the ruling."""
        said = super().clean() or {}
        ruling, clause = said.get("ruling"), said.get("clause")
        if BLANK in said.get("reasons", ""):
            self.add_error("reasons", "Say what you saw, in your own words, where the text asks.")
        if ruling == Ruling.REMOVE and clause == "none":
            self.add_error("clause", "To remove something, name the rule that it breaks.")
        if ruling == Ruling.KEEP and clause and clause != "none":
            self.add_error("clause", 'To let it stand, choose "No rule was broken".')
        return said


def _place(copy: Copy) -> str:
    """A place that may stay; with one that nobody named, what speaks for an original."""
    if copy.how == Copy.How.NAMED:
        return copy.item.url
    posted = copy.item.published_at
    since = f", posted {posted:%d %b %Y %H:%M} UTC" if posted else ""
    return f"{copy.item.url} (found: the very same file{since})"


class TranslationForm(forms.Form):
    """What a notice says, by somebody who reads its language."""

    from_language = forms.CharField(label="It is written in", max_length=40)
    text = _text("What it says", rows=4, missing="The translation is missing.")


class SecondForm(forms.Form):
    """A second person's word on a proposal."""

    proposal = forms.UUIDField(required=False, widget=forms.HiddenInput)  # the one that was read
    agrees = forms.ChoiceField(
        label="Do you come to the same result?",
        choices=[
            ("yes", "I agree: no rule was broken"),
            ("no", "I do not agree: it goes back to the queue"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether you agree."},
    )
    reasons = _text("Why (stays inside; needed when you do not agree)", rows=3, required=False)

    def clean(self) -> dict[str, Any]:
        """Who does not agree says why."""
        said = super().clean() or {}
        if said.get("agrees") == "no" and not said.get("reasons", "").strip():
            self.add_error("reasons", "Say why you do not agree: the next person reads it.")
        return said


class StayForm(SecondForm):
    """A second person's word on what a removal leaves alone."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, auto_id: str):
        super().__init__(data, auto_id=auto_id)
        self.fields.pop("proposal")
        self.fields["agrees"].choices = [  # type: ignore[attr-defined]
            ("yes", "I agree: these places may be seen again"),
            ("no", "I do not agree: they are removed with the rest"),
        ]


class AppealForm(forms.Form):
    """How another look ended. It says what it would do to reverse: to restore, or to remove."""

    beware = ""
    about: Sequence[UUID] = ()  # places of which the other can be said while the decision stands

    outcome = forms.ChoiceField(
        label="How does it end?",
        choices=[
            (AppealOutcome.STANDS.value, "The decision stands: nothing changes"),
            (AppealOutcome.REVERSED.value, "The decision is reversed"),  # and what that does
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how it ends."},
    )
    reasons = _text(
        "Reasons, as the person who appealed will read them",
        rows=4,
        missing="Reasons are missing: the person who appealed is told these words.",
    )

    def __init__(self, appeal: Appeal, data: Mapping[str, Any] | None = None, *, auto_id: str):
        super().__init__(data, auto_id=auto_id)
        if appeal.state != Appeal.State.OPEN:
            return  # somebody was first: what was typed is shown, and no choice is left
        effect = decide_appeal.effect(appeal)
        stands, (reverse, says) = self.fields["outcome"].choices  # type: ignore[attr-defined]
        told = (reverse, f"{says}: {if_reversed(effect)}")
        partly = (AppealOutcome.PARTLY.value, f"The decision stands, but: {if_partly(effect)}")
        choices = [stands, partly, told] if effect.apart else [stands, told]
        self.fields["outcome"].choices = choices  # type: ignore[attr-defined]
        self.beware = not_their_wish(effect)
        self.about = effect.apart


class Letters(forms.Select):
    """A list of letters that carries their words for the page's own script."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """One letter, with its words."""
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        option["attrs"]["data-words"] = letters.letter(str(value)).text if value else ""
        return option


class MessageForm(forms.Form):
    """A message to who gave a notice: own words, or a letter's."""

    letter = forms.ChoiceField(
        label="Begin with",
        required=False,
        choices=[("", "my own words"), *((one.id, one.asked) for one in letters.LETTERS)],
        widget=Letters,
    )
    text = _text("Message", rows=3, required=False)

    def clean(self) -> dict[str, Any]:
        """Without words, a letter sends its own, in the notifier's language."""
        said = super().clean() or {}
        if not said.get("text", "").strip() and not said.get("letter"):
            self.add_error("text", "Write something first. Or choose a letter.")
        return said


class QueueForm(forms.Form):
    """What the queue should show."""

    words = forms.CharField(label="Find", required=False, max_length=2083)
    state = forms.ChoiceField(label="Show", required=False, choices=list(STATES.items()))
    category = forms.ChoiceField(label="About", required=False)
    platform = forms.ChoiceField(label="Platform", required=False)

    def __init__(self, platforms: Sequence[Platform], data: Mapping[str, Any] | None = None):
        super().__init__(data=data)
        self.fields["category"].choices = [("", "Anything"), *CATEGORIES.items()]  # type: ignore[attr-defined]
        self.fields["platform"].choices = [  # type: ignore[attr-defined]
            ("", "All"),
            *((one.slug, one.name) for one in platforms),
        ]

    def wanted(self) -> queue.Wanted:
        """What was asked for; a choice that does not exist is no choice."""
        self.is_valid()
        said = {name: value for name, value in self.cleaned_data.items() if value}
        return queue.Wanted(**said)
