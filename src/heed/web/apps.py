"""The doors, as one Django app: templates, static files and template tags."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Nothing is wired here: doors are named in `urls.py`."""

    name = "heed.web"
