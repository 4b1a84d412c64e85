"""The addresses of this door."""

from django.urls import URLPattern, path

from heed.web.officer import views, views_order

urlpatterns: list[URLPattern] = [
    path("officer/", views.start, name="officer"),
    path("officer/ask/<slug:kind>", views.ask, name="officer_ask"),
    path("officer/sign-in", views.sign_in, name="officer_sign_in"),
    path("officer/passkey", views.passkey, name="officer_passkey"),
    path("officer/account", views.devices, name="officer_devices"),
    path("officer/sign-out", views.sign_out, name="officer_sign_out"),
    path("officer/o/<slug:number>", views_order.order, name="officer_order"),
    path("officer/o/<slug:number>/act", views_order.act, name="officer_act"),
    path("officer/o/<slug:number>/paper", views_order.paper, name="officer_paper"),
    path("officer/o/<slug:number>/annex-ii", views_order.feedback, name="officer_feedback"),
    path("officer/o/<slug:number>/given/<uuid:given_id>", views_order.fetch, name="officer_fetch"),
    path("orders", views.published, name="orders"),
]
