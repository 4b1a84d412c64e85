"""What each of NCMEC's answers means for us, and what is no answer at all."""

import pytest

from heed.integrations.ncmec import reading
from heed.integrations.ncmec.client import Client
from heed.integrations.ncmec.stand_in import PASSWORD, USER, running
from heed.ports import (
    TipEnded,
    TiplineBusy,
    TiplineLocked,
    TiplineUnreachable,
    TipRefused,
    TipUnknown,
)


def answer(code: int, more: str = "") -> bytes:
    words = f"<responseCode>{code}</responseCode><responseDescription>said</responseDescription>"
    return f"<reportResponse>{words}{more}</reportResponse>".encode()


MEANS = {
    TiplineBusy: (1000, 1100, 1110, 1111, 1300),
    TiplineLocked: (2000, 3000, 3100, 3300),
    TipRefused: (1210, 4000, 4100, 4110, 4200, 5002, 9999),
    TipUnknown: (5001,),
    TipEnded: (5101, 5102),
}


@pytest.mark.parametrize(
    ("error", "code"), [(error, code) for error, codes in MEANS.items() for code in codes]
)
@pytest.mark.parametrize("status", [200, 400])
def test_a_code_says_what_to_do_whatever_the_http_status(
    error: type[Exception], code: int, status: int
) -> None:
    with pytest.raises(error):
        reading.judged(status, answer(code))


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, b"", TiplineLocked),
        (403, b"<html>no</html>", TiplineLocked),
        (429, b"", TiplineBusy),
        (404, b"<html>gone</html>", TipRefused),
        (500, b"", TiplineUnreachable),
        (502, b"<html>proxy</html>", TiplineUnreachable),
        (200, b"", TiplineUnreachable),
        (200, answer(0)[:40], TiplineUnreachable),
        (200, b"<reportResponse/>", TiplineUnreachable),
    ],
)
def test_what_says_nothing_readable_is_never_taken_for_yes(
    status: int, body: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error) as raised:
        reading.judged(status, body)
    if isinstance(raised.value, TiplineUnreachable):
        assert raised.value.heard  # it may have been done all the same


def test_a_files_id_is_a_text_even_when_it_is_all_digits() -> None:
    digits = "00754766426928024651499900000000"
    told = reading.judged(200, answer(0, f"<reportId>7</reportId><fileId>{digits}</fileId>"))
    assert (told.file_ref, told.report_ref) == (digits, "7")


def test_nobody_at_the_other_end_is_told_apart_from_a_lost_answer() -> None:
    with running() as server:
        client = Client(server.url, USER, PASSWORD)
        server.tipline.faults["status"] = ["silent"]
        with pytest.raises(TiplineUnreachable) as lost:
            client.status()
        assert lost.value.heard
    with pytest.raises(TiplineUnreachable) as gone:
        client.status()
    assert not gone.value.heard
    client.close()
