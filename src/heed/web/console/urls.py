"""The addresses of this door. Of allauth only the pages that the console uses are mounted."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from django.urls import URLPattern, URLResolver, include, path

from heed.web.console import sign_in
from heed.web.console.views import case, cybertips, decide, duty, files, outbox, queue

_SIGN_IN = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("2fa/", mfa.index, name="mfa_index"),
    path("2fa/authenticate/", mfa.authenticate, name="mfa_authenticate"),
    path("2fa/reauthenticate/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("2fa/totp/activate/", totp.activate_totp, name="mfa_activate_totp"),
    # A second factor is never taken off by its owner alone: both names lead to the overview.
    path("2fa/totp/", mfa.index, name="mfa_deactivate_totp"),
    path("2fa/recovery-codes/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "2fa/recovery-codes/generate/",
        recovery.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path(
        "2fa/recovery-codes/download/",
        recovery.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
]
_CASE = [
    path("", case.page, name="case"),
    path("copies/<slug:how>", case.copies, name="copies"),
    path("entries", case.entries, name="entries"),
    path("take", queue.take, name="take"),
    path("decide", decide.decide_case, name="decide"),
    path("second", decide.second_decision, name="second"),
    path("appeals/<uuid:appeal_id>", decide.end_appeal, name="appeal"),
    path("notices/<slug:notice>/write", decide.write, name="write"),
    path("uploads/<uuid:upload_id>", decide.settle, name="settle"),
    path("near/<uuid:file_id>", files.compare, name="compare"),
    path("near/<uuid:file_id>/look", files.look_at_both, name="look_at_both"),
    path("near/<uuid:file_id>/judge", decide.judge, name="judge"),
    path("files/<uuid:file_id>/<slug:variant>", files.look, name="look"),
    path("retry", outbox.retry_case, name="retry_case"),
    path("tips/new", cybertips.prepare, name="tip_new"),
    path("tips/<uuid:tip_id>", cybertips.page, name="tip"),
    path("tips/<uuid:tip_id>/change", cybertips.change, name="tip_change"),
    path("tips/<uuid:tip_id>/send", cybertips.send_on, name="tip_send"),
    path("tips/<uuid:tip_id>/approve", cybertips.approve, name="tip_approve"),
    path("tips/<uuid:tip_id>/back", cybertips.take_back, name="tip_back"),
    path("tips/<uuid:tip_id>/again", cybertips.again, name="tip_again"),
    path("tips/<uuid:tip_id>/withdraw", cybertips.withdraw, name="tip_withdraw"),
    path("tips/<uuid:tip_id>/package", cybertips.package, name="tip_package"),
    path("tips/<uuid:tip_id>/filed", cybertips.filed, name="tip_filed"),
]
_CONSOLE: list[URLPattern | URLResolver] = [
    path("", queue.home, name="queue"),
    path("counts", queue.counts, name="counts"),
    path("next", queue.take_next, name="take_next"),
    path("outbox", outbox.page, name="outbox"),
    path("outbox/retry", outbox.retry, name="retry"),
    path("duty", duty.page, name="duty"),
    path("duty/<slug:slug>/shifts", duty.add_shift, name="add_shift"),
    path("duty/<slug:slug>/shifts/<uuid:shift_id>/off", duty.cancel_shift, name="cancel_shift"),
    path("duty/<slug:slug>/hours", duty.declare, name="declare_hours"),
    path("duty/<slug:slug>/protocol", duty.protocol, name="protocol"),
    path("calls/<uuid:call_id>", duty.call_page, name="call"),
    path("calls/<uuid:call_id>/take", duty.take, name="take_call"),
    path("calls/<uuid:call_id>/step", duty.step, name="note_step"),
    path("calls/<uuid:call_id>/end", duty.end, name="end_call"),
    path("tips", cybertips.overview, name="tips"),
    path("tips/schema", cybertips.fetch_schema, name="tip_schema"),
    path("operator", cybertips.operators, name="operators"),
    path("operator/<slug:slug>", cybertips.operator, name="operator"),
    path("in/<str:token>", sign_in.demo_sign_in, name="demo"),
    path("c/<slug:number>/", include(_CASE)),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", include(_SIGN_IN)),
    path("", include((_CONSOLE, "console"))),
]
