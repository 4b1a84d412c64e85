"""The addresses of this door."""

from django.urls import URLPattern, path

from heed.web.partner import views

urlpatterns: list[URLPattern] = [
    path("<uuid:partner_id>", views.page, name="partner"),
    path("<uuid:partner_id>/accept", views.accept, name="partner-accept"),
    path("<uuid:partner_id>/keys", views.add_key, name="partner-key"),
    path("<uuid:partner_id>/keys/<uuid:key_id>/revoke", views.revoke, name="partner-revoke"),
    path("<uuid:partner_id>/list", views.give_list, name="partner-list"),
    path("<uuid:partner_id>/notice", views.open_notice, name="partner-notice"),
    path("<uuid:partner_id>/appeal", views.appeal, name="partner-appeal"),
    path("<uuid:partner_id>/renew", views.renew, name="partner-renew"),
    path("<uuid:partner_id>/leave", views.leave, name="partner-leave"),
]
