"""What an officer is asked for: by whom, under which law, about what, and no more."""

from typing import Any

from django import forms

from heed.filings.ordering import OfficerIn, OrderIn
from heed.media.models import Platform
from heed.rules.orders import DISCLOSES, INSTRUMENTS, Asks, Kind
from heed.web.notifier import links

LONGEST_WORDS = 5_000
DAY = forms.DateInput(attrs={"type": "date"})


def _line(label: str, *, most: int, missing: str = "", hint: str = "", **more: Any) -> Any:
    return forms.CharField(
        label=label,
        max_length=most,
        required=bool(missing),
        help_text=hint,
        error_messages={"required": missing},
        **more,
    )


def _words(label: str, *, missing: str = "", hint: str = "") -> Any:
    return _line(
        label,
        most=LONGEST_WORDS,
        missing=missing,
        hint=hint,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


def _name_of(site: Platform) -> str:
    return site.name


class OfficerForm(forms.Form):
    """Who asks. Left out for a signed-in agency account."""

    name = _line("Your name", most=120, missing="Say your name.", hint="And your rank, if any.")
    agency = _line("Your agency", most=200, missing="Say which agency you work for.")
    agency_address = _line(
        "Its postal address", most=300, missing="Say where the agency is: we call it back there."
    )
    badge = _line("Badge or staff number", most=80, missing="Give your badge or staff number.")
    country = _line(
        "Country",
        most=2,
        missing="Give the country of the agency.",
        hint="Two letters, such as US, DE or GB.",
        min_length=2,
    )
    mail = forms.EmailField(
        label="Your official e-mail address",
        help_text="We send a code there. Requests from private mailboxes are read, not answered.",
        error_messages={"required": "Give your official address."},
    )
    phone = _line(
        "Your direct telephone, with extension",
        most=60,
        missing="Give a telephone number.",
        hint="We call a number of your agency that we find ourselves, and ask for you.",
    )

    def officer(self) -> OfficerIn:
        """As the story wants it."""
        said = self.cleaned_data
        return OfficerIn(
            name=said["name"],
            agency=said["agency"],
            agency_address=said["agency_address"],
            badge=said["badge"],
            country=said["country"].upper(),
            mail=said["mail"],
            phone=said["phone"],
        )


class OrderForm(forms.Form):
    """What is asked, under which instrument."""

    platform = forms.ModelChoiceField(
        label="Which site?", queryset=Platform.objects.none(), empty_label=None
    )
    instrument_ref = _line(
        "Your reference",
        most=120,
        missing="Give the number of the case or of the instrument.",
        hint="The number of the case, or of the instrument.",
    )
    legal_basis = _line(
        "The law, and who issued it",
        most=300,
        missing="Say under which law, and which court or authority issued it.",
        hint="The section, and the court or authority, with the day.",
    )
    urls = _words(
        "Addresses of the posts", hint="One on each line, exactly as the browser shows them."
    )
    identifiers = _words("Accounts or other identifiers", hint="As the site names them.")
    sought = _words("Which records?", hint="Precisely: what is not asked for is not given.")
    from_on = forms.DateField(label="From", required=False, widget=DAY)
    until_on = forms.DateField(label="Until", required=False, widget=DAY)
    danger = _words("Who is in what danger?", hint="And why it can't wait for legal process.")
    non_disclosure = forms.BooleanField(
        label="An order forbids telling the person concerned", required=False
    )
    non_disclosure_until = forms.DateField(
        label="It forbids that until", required=False, widget=DAY
    )

    def __init__(self, kind: Kind, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        sites = Platform.objects.order_by("name")
        field = self.fields["platform"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = sites
        setattr(field, "label_from_instance", _name_of)  # noqa: B010  (the stubs want a method)
        if len(sites) == 1:
            self.fields["platform"].initial = sites[0]
            self.fields["platform"].widget = forms.HiddenInput()
        asks = INSTRUMENTS[kind].asks
        if kind is not Kind.EMERGENCY:
            del self.fields["danger"]
        if asks not in DISCLOSES:
            for name in ("sought", "from_on", "until_on"):
                del self.fields[name]
        if asks is Asks.REMOVE:
            del self.fields["identifiers"]

    def clean(self) -> dict[str, Any]:
        """Each error names its field and what to do."""
        said = super().clean() or {}
        found = links.sort(said.get("urls", ""))
        said["links"] = [one for ours in found.ours.values() for one in ours]
        if found.elsewhere or found.unread:
            left = (found.elsewhere + found.unread)[0]
            self.add_error("urls", f"This is no address on our sites: {left[:200]}")
        if not said["links"] and not said.get("identifiers", "").strip():
            self.add_error("urls", "Name at least one address of a post, or one account.")
        if "sought" in self.fields and not said.get("sought", "").strip():
            self.add_error("sought", "Say which records you ask for.")
        if "danger" in self.fields and not said.get("danger", "").strip():
            self.add_error("danger", "Say who is in what danger, and why it can't wait.")
        first, last = said.get("from_on"), said.get("until_on")
        if first and last and last < first:
            self.add_error("until_on", "The last day lies before the first.")
        return said

    def order(self) -> OrderIn:
        """As the story wants it."""
        said = self.cleaned_data
        return OrderIn(
            kind=self.kind.value,
            instrument_ref=said["instrument_ref"],
            legal_basis=said["legal_basis"],
            urls=said["links"],
            identifiers=said.get("identifiers", ""),
            sought=said.get("sought", ""),
            from_on=said.get("from_on"),
            until_on=said.get("until_on"),
            danger=said.get("danger", ""),
            non_disclosure=said["non_disclosure"],
            non_disclosure_until=said.get("non_disclosure_until"),
        )


class SignInForm(forms.Form):
    """An agency account: mailbox and second factor."""

    mail = forms.EmailField(label="Your official e-mail address")
    code = _line("The code of your authenticator", most=12, missing="Enter the six digits.")
