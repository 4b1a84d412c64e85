"""Inviting, and taking an invitation up."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from heed.media.models import Platform
from heed.people.models import Role


class InviteForm(forms.Form):
    """Whom, where, and what they may do."""

    email = forms.EmailField(label="E-mail address", max_length=254)
    name = forms.CharField(label="How colleagues call them", max_length=80)
    platform = forms.ChoiceField(label="Platform")
    roles = forms.MultipleChoiceField(
        label="What they may do",
        choices=Role.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one role."},
    )
    outside = forms.BooleanField(
        label="A reviewer of a partner, invited for second readings", required=False
    )

    def __init__(self, platforms: Sequence[Platform], data: Mapping[str, Any] | None = None):
        super().__init__(data=data, auto_id="invite-%s")
        self.fields["platform"].choices = [(str(one.id), one.name) for one in platforms]  # type: ignore[attr-defined]


class AcceptForm(forms.Form):
    """One's own name and password."""

    name = forms.CharField(label="Your name, as colleagues see it", max_length=80)
    password = forms.CharField(
        label="A password of at least 12 letters; a sentence is fine",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        max_length=200,
    )
    again = forms.CharField(
        label="The same again",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        max_length=200,
    )

    def clean_password(self) -> str:
        """Not short, not one that everybody knows."""
        said = str(self.cleaned_data["password"])
        validate_password(said)
        return said

    def clean(self) -> dict[str, Any]:
        """Typed twice the same."""
        said = super().clean() or {}
        if said.get("password") and said.get("again") != said["password"]:
            self.add_error("again", "The two are not the same.")
        return said
