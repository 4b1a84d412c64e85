"""Signing in: staff come by invitation, and never with one factor alone."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """There is no public sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by `heed staff add`, never here."""
        return False
