"""The holder of a private page asks for a case file: for a lawyer, a school or the police.

1. Note that it is asked for, and have the worker make it: nobody waits for it at a web thread.
2. Gather what the records hold, sign it with the log's key, lay it out as a PDF, keep both for a
   day, and enter that it was made.
3. Forget those that are a day old.
"""

import json
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.utils import translation

from heed.cases.models import Notice
from heed.cases.queries import own_notices
from heed.filings import case_file, case_file_pdf
from heed.filings import services as filings
from heed.filings.models import CaseFile
from heed.flows import jobs
from heed.ledger import case_files
from heed.ledger import services as ledger

KEPT_FOR = timedelta(days=1)


def ask_for_case_file(*, notice_id: UUID, language: str, now: datetime) -> None:
    """Asked twice while it is being made, it is made once."""
    with transaction.atomic():
        file = filings.ask_case_file(notice_id, language=language, now=now)
        jobs.later("make_case_file", once=f"case-file:{file.id}", file_id=str(file.id))


def make_case_file(*, file_id: UUID, now: datetime) -> bool:
    """Make it and keep it. False when it was made before, or was forgotten meanwhile.

    Raises `CannotSign`: without a signature it is none, and the job tries again.
    """
    file = CaseFile.objects.filter(id=file_id, made_at=None).first()
    if file is None:
        return False
    notice = Notice.objects.select_related("platform").get(id=file.notice_id)
    with transaction.atomic(), translation.override(file.language):
        told = case_file.told(own_notices.with_siblings(notice), now=now)
        document = case_files.signed(told, now=now)
        pdf = case_file_pdf.made(document, language=file.language)
        whole = case_files.with_pdf(document, pdf, now=now)
        text = json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
        if not filings.keep_case_file(file.id, document=text, pdf=pdf, now=now):
            return False
        ledger.enter(
            "case_file.made",
            subject=f"notice:{notice.id}",
            body={"file": sha256(text.encode()).hexdigest(), "pdf": whole["pdf"]["sha256"]},
            at=now,
        )
    return True


def forget_case_files(*, now: datetime) -> int:
    """How many went. What they were made of stays, and a new one can be asked for."""
    return filings.forget_case_files(before=now - KEPT_FOR)
