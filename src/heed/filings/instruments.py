"""Papers that officers hand in: what lies in the vault, and who of ours asked to read it."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from heed.filings.models import InstrumentReading, Order, SealedObject


def of_order(order: Order) -> QuerySet[SealedObject]:
    """What was handed in, the first first."""
    found = SealedObject.objects.filter(case_id=order.id, copy=SealedObject.Copy.ORDER)
    return found.order_by("round")


def readings(order: Order) -> QuerySet[InstrumentReading]:
    """Who asked to read it, the newest first."""
    return order.readings.order_by("-asked_at")


def reading(reading_id: UUID) -> InstrumentReading | None:
    """One of them."""
    return InstrumentReading.objects.select_related("order").filter(id=reading_id).first()


def ask(
    order: Order, sealed: SealedObject, *, recipient: str, by: UUID, now: datetime
) -> InstrumentReading:
    """Somebody of ours wants to read it."""
    return InstrumentReading.objects.create(
        order=order, sealed_id=sealed.id, recipient=recipient, asked_by=by, asked_at=now
    )


def note_built(read: InstrumentReading, *, name: str, sha256: bytes, now: datetime) -> None:
    """It lies ready for the reader."""
    waiting = InstrumentReading.objects.filter(id=read.id, built_at=None)
    waiting.update(name=name, sha256=sha256, built_at=now, why_not="")


def note_failed(read: InstrumentReading, why: str) -> None:
    """It could not be opened for them."""
    InstrumentReading.objects.filter(id=read.id, built_at=None).update(why_not=why[:300])
