"""The addresses of this door."""

from django.urls import URLPattern, path

from heed.web.notifier import (
    leaving,
    views_case_file,
    views_close,
    views_codes,
    views_form,
    views_help,
    views_more,
    views_page,
    views_proof,
    views_ways_in,
)

urlpatterns: list[URLPattern] = [
    path("", views_form.start, name="start"),
    path("notice", views_form.start, name="notice"),
    path("leave", leaving.leave, name="leave-any"),
    path("help", views_help.everywhere, name="help"),
    path("find", views_ways_in.find, name="find"),
    path("c/<slug:number>/<str:code>", views_ways_in.confirm, name="confirm"),
    path("s/<uuid:statement_id>", views_ways_in.statement, name="statement"),
    path("a/<uuid:measure_id>", views_ways_in.account, name="account"),
    path("n/<slug:number>", views_page.page, name="page"),
    path("n/<slug:number>/receipt", views_proof.receipt, name="receipt"),
    path("n/<slug:number>/said", views_proof.said, name="said"),
    path("n/<slug:number>/proof", views_proof.proof, name="proof"),
    path("n/<slug:number>/case-file", views_case_file.case_file, name="case_file"),
    path(
        "n/<slug:number>/case-file.pdf",
        views_case_file.fetch,
        {"kind": "pdf"},
        name="case_file_pdf",
    ),
    path(
        "n/<slug:number>/case-file.json",
        views_case_file.fetch,
        {"kind": "json"},
        name="case_file_json",
    ),
    path("n/<slug:number>/language", views_help.language, name="language"),
    path("n/<slug:number>/renew", views_page.renew, name="renew"),
    path("n/<slug:number>/leave", views_page.leave, name="leave"),
    path("n/<slug:number>/more", views_more.tell_more, name="more"),
    path("n/<slug:number>/contact", views_more.contact, name="contact"),
    path("n/<slug:number>/erase", views_more.erase, name="erase"),
    path("n/<slug:number>/codes", views_codes.codes, name="codes"),
    path("n/<slug:number>/close", views_close.close, name="close"),
    path("n/<slug:number>/message", views_more.message, name="message"),
    path("n/<slug:number>/appeal", views_more.appeal, name="appeal"),
    path("n/<slug:number>/back", views_more.back, name="back"),
    path("n/<slug:number>/withdraw", views_more.withdraw, name="withdraw"),
]
