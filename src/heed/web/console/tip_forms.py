"""What a person chooses and writes for a tip, and who runs the platform."""

from collections.abc import Mapping
from typing import Any

from django import forms

from heed.cases.models import Case
from heed.filings import gathering, tip_queries
from heed.filings.gathering import Chosen
from heed.filings.models import OperatorProfile
from heed.flows.shared.tip_text import KINDS
from heed.rules.tips.authorities import AUTHORITIES, NCMEC
from heed.rules.tips.checks import CLASSES
from heed.rules.tips.document import Address, Operator
from heed.web.console.words import STANDINGS

ANNOTATIONS = {
    "sextortion": "Extortion with sexual pictures",
    "solicitation": "Pictures were asked for",
    "minor-to-minor": "Between minors",
    "sadistic": "Sadistic online exploitation",
    "spam": "Spam",
}
FILE_ANNOTATIONS = {
    "self-produced": "Possibly made by the child",
    "generated": "Made by a program",
    "drawing": "Drawn",
    "infant": "An infant",
    "violence": "Violence or gore",
    "physical-harm": "Physical harm",
    "bestiality": "Bestiality",
    "live-stream": "From a live stream",
}
GRADES = {
    "A1": "A1: before puberty, a sex act",
    "A2": "A2: before puberty, lascivious exhibition",
    "B1": "B1: in puberty, a sex act",
    "B2": "B2: in puberty, lascivious exhibition",
}


def _line(label: str, most: int, help_text: str = "") -> forms.CharField:
    return forms.CharField(label=label, max_length=most, required=False, help_text=help_text)


def _words(label: str, most: int, help_text: str = "") -> forms.CharField:
    area = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(
        label=label, max_length=most, required=False, help_text=help_text, widget=area
    )


class TipForm(forms.Form):
    """Nobody is named unless somebody is chosen here."""

    to = forms.ChoiceField(label="Whom to tell")
    kind = forms.ChoiceField(
        label="What was found", choices=[(k.value, w) for k, w in KINDS.items()]
    )
    urgent = _words(
        "Why it can't wait", 3_000,
        "Only for a child in danger now, or material that still spreads. Leave empty otherwise.",
    )  # fmt: skip
    suspect = forms.ChoiceField(
        label="Whom do you name as the one who did it?",
        widget=forms.RadioSelect,
        required=False,
        help_text="Only if you believe so. Nobody is named because a machine found them; who only "
        "passed it on is not listed here.",
    )
    closed_at = forms.DateTimeField(
        label="When the platform closed that account (UTC)", required=False,
        help_text="As 2026-01-31 15:00. Leave empty if it is open.",
    )  # fmt: skip
    child = forms.ChoiceField(
        label="Is an uploader the child, or an account that was taken over?",
        widget=forms.RadioSelect,
        required=False,
        help_text="They are then told of as the child, and never as a suspect.",
    )
    taken_over = forms.BooleanField(label="That account was taken over", required=False)
    age = forms.IntegerField(
        label="The child's age then", min_value=0, max_value=150, required=False,
        help_text="Empty: the youngest that a notice states.",
    )  # fmt: skip
    first_name = _line("The child's first name", 100, "Only if you choose to give it.")
    last_name = _line("The child's last name", 100)
    school = _line("The child's school", 255)
    guardian = forms.ChoiceField(
        label="Give a notifier's address as the guardian's?",
        widget=forms.RadioSelect,
        required=False,
        help_text="The address itself is not shown here; it goes to the authority alone.",
    )
    words = _words("Your words to the analyst", 20_000, "What the notices say is added by itself.")
    annotations = forms.MultipleChoiceField(
        label="Mark it as", choices=list(ANNOTATIONS.items()), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    file_annotations = forms.MultipleChoiceField(
        label="Mark the files as", choices=list(FILE_ANNOTATIONS.items()), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    classification = forms.ChoiceField(
        label="How grave, if you have looked", required=False,
        choices=[("", "not graded"), *((one, GRADES[one]) for one in CLASSES)],
    )  # fmt: skip
    without_files = forms.BooleanField(
        label="Send without the files: their bytes can't be had", required=False,
        help_text="Their hashes are told. A tip with the files can be acted on far sooner.",
    )  # fmt: skip

    def __init__(
        self,
        case: Case,
        data: Mapping[str, Any] | None = None,
        kept: Chosen | None = None,
        to: str = NCMEC,
    ) -> None:
        begin = (kept or first_guess(case)).plain() | {"to": to}
        super().__init__(data=data, initial=begin, auto_id="tip-%s")
        _choices(self, "to", [(one.id, one.name) for one in AUTHORITIES.values()])
        accounts = [(ref, f"{name} ({when})") for ref, name, when in tip_queries.uploaders_of(case)]
        elsewhere = gathering.elsewhere(_notices(case))
        there = [("elsewhere", f"The account elsewhere: {elsewhere}")] if elsewhere else []
        _choices(self, "suspect", [("", "Nobody"), *accounts, *there])
        _choices(self, "child", [("", "No"), *accounts])
        contacts = [
            (ref, f"{number}, from {STANDINGS.get(said, said)}")  # type: ignore[call-overload]
            for ref, number, said in tip_queries.contacts_of(case)
        ]
        _choices(self, "guardian", [("", "No"), *contacts])
        if kept is not None:
            self.fields["to"].disabled = True

    def chosen(self) -> Chosen:
        """After `is_valid`."""
        said = {name: value for name, value in self.cleaned_data.items() if name != "to"}
        return Chosen(**said)


def _choices(form: forms.Form, name: str, choices: list[tuple[str, str]]) -> None:
    form.fields[name].choices = choices  # type: ignore[attr-defined]


def _notices(case: Case) -> list[Any]:
    return [one.notice for one in case.joins.filter(undone_at=None).select_related("notice")]


def first_guess(case: Case) -> Chosen:
    """What a form begins with: marks, urgency and a school from the notices, and nobody named."""
    extortion = gathering.is_extortion(case)
    urgent = "Somebody may be in danger now, a notice says." if case.danger else ""
    school = tip_queries.school_of(case)
    return Chosen(urgent=urgent, annotations=["sextortion"] if extortion else [], school=school)


class FiledForm(forms.Form):
    """What became of a package."""

    report_ref = forms.CharField(
        label="The number that the authority gave", max_length=60, required=False
    )
    filed_at = forms.DateTimeField(
        label="Filed at (UTC)",
        help_text="As 2026-01-31 15:00.",
        error_messages={"required": "Say when it was filed."},
    )


class OperatorForm(forms.Form):
    """Who runs this platform. 18 U.S.C. 2258A(a)(1)(B) asks for most of it."""

    name = _line("Company or person who runs the platform", 255)
    lines = _line("Street and number, or box", 255)
    city = _line("City", 100)
    zip_code = _line("Postal code", 20)
    state = _line("State of the US (two letters)", 2)
    region = _line("Other region", 100)
    country = _line("Country (two letters)", 2)
    phone = _line("Telephone", 50)
    fax = _line("Fax", 50)
    email = forms.EmailField(label="E-mail address", required=False)
    first_name = _line("Point of contact: first name", 100)
    last_name = _line("Point of contact: last name", 100)
    legal_process = _words(
        "How legal process is served", 4_000,
        "Where to send it, how long what is kept, whom to ring at night.",
    )  # fmt: skip
    terms = _words("Your terms about such material", 4_000)
    legal_url = forms.URLField(
        label="Your page for law enforcement", required=False, assume_scheme="https"
    )
    counsel = _line("Counsel whom you asked about these duties", 200, "Stays inside.")

    def __init__(
        self, profile: OperatorProfile | None, data: Mapping[str, Any] | None = None
    ) -> None:
        said = dict(profile.said) if profile else {}
        begin = said | said.get("address", {}) | {"counsel": profile.counsel if profile else ""}
        super().__init__(data=data, initial=begin, auto_id="operator-%s")

    def operator(self) -> Operator:
        """After `is_valid`."""
        said = {name: value or "" for name, value in self.cleaned_data.items()}
        parts = {name: said.pop(name) for name in Address.__annotations__}
        said.pop("counsel")
        codes = {name: parts[name].upper() for name in ("state", "country")}
        return Operator(address=Address(**parts | codes), **said)
