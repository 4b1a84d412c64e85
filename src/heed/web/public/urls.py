"""The addresses of this door."""

from django.urls import URLPattern, URLResolver, include, path

from heed.web.public import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("policy", views.policy, name="policy"),
    path("measures", views.measures, name="measures"),
    path("verify", views.verify, name="verify"),
    path("log/", include("heed.web.public.log_urls")),
]
