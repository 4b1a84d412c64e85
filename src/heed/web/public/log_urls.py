"""Addresses of the public log, to be mounted at `/log/`."""

from django.urls import path

from heed.web.public import log_views

app_name = "log"
urlpatterns = [
    path("checkpoint", log_views.checkpoint, name="checkpoint"),
    path("key", log_views.key, name="key"),
    path("tile/<path:path>", log_views.tile, name="tile"),
]
