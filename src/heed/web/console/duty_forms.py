"""What may be said of the rota, the declared hours and the protocol."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.forms.renderers import BaseRenderer
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from heed.people.duty_models import Coverage, Emergency
from heed.web.public.words import DAYS, clock

PLACES = [("1", "first"), ("2", "second, if the first does not answer"), ("3", "third")]
WHEN = "%Y-%m-%dT%H:%M"
_END = "\n</select>"


class LongSelect(forms.Select):
    """A choice among hundreds, without groups: the same HTML as Django's own, ten times as fast.

    Django renders two templates for each option: the time zones took longer than all the rest of
    their page.
    """

    def optgroups(self, *args: object, **kwargs: object) -> list[Any]:
        """None for the templates."""
        return []

    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        """Django's empty list, and the options in it."""
        frame, chosen = super().render(name, value, attrs, renderer), self.format_value(value)
        options = (
            f'\n  <option value="{escape(key)}"{" selected" if str(key) in chosen else ""}>'
            f"{escape(label)}</option>\n"
            for key, label in self.choices
        )
        return mark_safe(f"{frame.removesuffix(_END)}{''.join(options)}{_END}")


@cache
def _zones() -> tuple[tuple[str, str], ...]:
    """The time zones of this machine, looked for on its disk once."""
    return tuple((one, one) for one in sorted(available_timezones()))


class ShiftForm(forms.Form):
    """One person's hours."""

    staff = forms.ChoiceField(label="Who", widget=LongSelect)
    place = forms.ChoiceField(label="Is rung", choices=PLACES)
    begins = forms.DateTimeField(
        label="From",
        input_formats=[WHEN],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=WHEN),
        error_messages={"required": "Say when it begins.", "invalid": "Say a day and a time."},
    )
    ends = forms.DateTimeField(
        label="Until",
        input_formats=[WHEN],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=WHEN),
        error_messages={"required": "Say when it ends.", "invalid": "Say a day and a time."},
    )
    weeks = forms.IntegerField(
        label="For how many weeks (1: this once)", min_value=1, max_value=26, initial=1
    )

    def __init__(
        self, staff: Sequence[tuple[str, str]], zone: str, data: Mapping[str, Any] | None = None
    ):
        super().__init__(data=data, auto_id="shift-%s")
        self.zone = ZoneInfo(zone)
        self.fields["staff"].choices = list(staff)  # type: ignore[attr-defined]

    def instant(self, name: str) -> datetime:
        """The time that was typed, in the platform's own zone."""
        said: datetime = self.cleaned_data[name]
        return said.replace(tzinfo=self.zone)


class HoursForm(forms.Form):
    """For each day of the week from when until when people are there; both empty: nobody."""

    def __init__(self, hours: Sequence[Coverage], data: Mapping[str, Any] | None = None):
        super().__init__(data=data, auto_id="hours-%s")
        kept = {one.weekday: one for one in hours}
        for day, name in enumerate(DAYS):
            row = kept.get(day)
            ends = {} if row is None else {"from": row.from_minute, "until": row.until_minute}
            for end in ("from", "until"):
                minutes = ends.get(end)
                self.fields[f"{end}_{day}"] = forms.TimeField(
                    label=f"{name}, {end}",
                    required=False,
                    initial=None if minutes is None else clock(minutes),
                    widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
                )

    def clean(self) -> dict[str, Any]:
        """A day has both ends or neither; 00:00 as the end is midnight."""
        said = super().clean() or {}
        for day, name in enumerate(DAYS):
            begin, end = said.get(f"from_{day}"), said.get(f"until_{day}")
            if (begin is None) != (end is None):
                self.add_error(f"until_{day}", f"{name}: give both times, or neither.")
            elif begin is not None and end is not None and not _minutes(begin) < _end(end):
                self.add_error(f"until_{day}", f"{name}: it ends before it begins.")
        return said

    def hours(self) -> dict[int, tuple[int, int] | None]:
        """By weekday, in minutes of the day."""
        found: dict[int, tuple[int, int] | None] = {}
        for day in range(7):
            begin, end = self.cleaned_data[f"from_{day}"], self.cleaned_data[f"until_{day}"]
            found[day] = None if begin is None else (_minutes(begin), _end(end))
        return found


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _end(at: time) -> int:
    return _minutes(at) or 24 * 60


class TelephoneForm(forms.Form):
    """Where one's own telephone is rung."""

    push_url = forms.URLField(
        label="Push: the address of a topic of your own (optional)",
        required=False,
        max_length=500,
        assume_scheme="https",
        error_messages={"invalid": "Write the whole address, such as https://ntfy.example/topic."},
    )


class ProtocolForm(forms.Form):
    """What is done in an emergency, whom to ring, and where the team is told."""

    steps = forms.CharField(
        label="What to do, one step on each line",
        widget=forms.Textarea(attrs={"rows": 8}),
        max_length=10_000,
        error_messages={"required": "An emergency without a protocol helps nobody."},
    )
    contacts = forms.CharField(
        label="Contacts, one on each line: who | number or address | what for",
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=10_000,
    )
    zone = forms.ChoiceField(
        label="Time zone of the rota and of the hours", choices=_zones, widget=LongSelect
    )
    team_url = forms.URLField(
        label="Webhook of the team's channel (optional)", required=False, assume_scheme="https"
    )
    team_secret = forms.CharField(
        label="Its secret, whsec_... (optional; left empty it stays as it is)",
        required=False,
        max_length=120,
    )

    def __init__(self, kept: Emergency, data: Mapping[str, Any] | None = None):
        begin = {
            "steps": "\n".join(kept.steps),
            "contacts": "\n".join(" | ".join(one) for one in kept.contacts),
            "zone": kept.zone,
            "team_url": kept.team_url,
        }
        super().__init__(data=data, initial=begin, auto_id="protocol-%s")
        self.kept = kept

    def clean_steps(self) -> list[str]:
        """Lines, without empty ones and without repeats."""
        lines = [line.strip() for line in self.cleaned_data["steps"].splitlines()]
        return list(dict.fromkeys(line for line in lines if line))

    def clean_contacts(self) -> list[list[str]]:
        """Three parts each."""
        found = []
        for line in self.cleaned_data["contacts"].splitlines():
            parts = [part.strip() for part in line.split("|")]
            if not any(parts):
                continue
            if len(parts) not in (2, 3) or not parts[1]:
                raise forms.ValidationError(f'"{line.strip()}": write who | number | what for.')
            found.append([*parts, ""][:3])
        return found

    def clean_team_secret(self) -> str:
        """As Standard Webhooks writes it; empty keeps the one there is."""
        said = str(self.cleaned_data["team_secret"]).strip()
        if not said:
            return self.kept.team_secret
        try:
            base64.b64decode(said.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            raise forms.ValidationError("It begins with whsec_ and goes on in base64.") from None
        return said
