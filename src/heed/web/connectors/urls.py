"""The addresses of this door."""

from django.urls import URLPattern, path

from heed.web.connectors import gate, hooks

urlpatterns: list[URLPattern] = [
    path("<slug:slug>/hook", hooks.hook),
    path("<slug:slug>/gate", gate.gate),  # answered by `early.AtTheGate` before it comes to this
]
