"""Codes made in the browser: the same as the server's, and nothing but them ever leaves."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from django.test import Client
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from pytest_django.live_server_helper import LiveServer

from heed.cases.models import Consent, Notice, Target
from heed.hashing.distance import distance
from heed.hashing.signals import signals_of
from tests.flows.stage import Stage
from tests.web.notifier.forms import link_in, send
from tests.web.notifier.test_notifier_browser import violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.web.notifier.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MANY, FEW_BITS = 110, 6
FORMS = (("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp"))


def drawn(seed: int) -> NDArray[np.uint8]:
    """Clouds and lines: a picture of nothing, and no two alike."""
    rng = np.random.default_rng(seed)
    size = (int(rng.integers(100, 260)), int(rng.integers(100, 260)))
    noise = rng.integers(0, 255, (int(rng.integers(4, 12)), int(rng.integers(4, 12)), 3), np.uint8)
    image = Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(image)
    for _ in range(6):
        box = sorted(rng.integers(0, size[0], 2)), sorted(rng.integers(0, size[1], 2))
        colour = tuple(int(one) for one in rng.integers(0, 255, 3))
        pen.ellipse((*(int(side[0]) for side in box), *(int(side[1]) for side in box)), colour)
    return np.asarray(image)


def as_file(seed: int) -> dict[str, Any]:
    """A picture as people have them: other formats, turned by EXIF, with a see-through corner."""
    form, mime = FORMS[seed % 3]
    image, options = Image.fromarray(drawn(seed)), {}
    if form == "JPEG" and seed % 2:
        turned = Image.Exif()
        turned[0x0112] = 1 + seed % 8
        options = {"exif": turned}
    if form == "PNG" and seed % 2:
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    out = io.BytesIO()
    image.save(out, form, **options)
    return {"name": f"{seed}.bin", "mimeType": mime, "buffer": out.getvalue()}


def as_video(seconds: int) -> dict[str, Any]:
    """A scene a second, VP8 in WebM: every browser reads it."""
    out = io.BytesIO()
    with av.open(out, "w", format="webm") as container:
        stream: Any = container.add_stream("libvpx", rate=5)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 320, 240, "yuv420p", 900_000
        for second in range(seconds):
            scene = Image.fromarray(drawn(second)).resize((320, 240))
            frame = av.VideoFrame.from_ndarray(np.asarray(scene), format="rgb24")
            for _ in range(5):
                container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return {"name": "v.webm", "mimeType": "video/webm", "buffer": out.getvalue()}


@pytest.fixture
def page(visit: "Visit", live_server: LiveServer, town: Stage, client: Client) -> Iterator["Page"]:
    """The page on which the holder of a notice makes codes."""
    opened = visit()
    opened.goto(live_server.url + link_in(send(client, town.url("p1"))))
    opened.goto(opened.url.partition("?")[0] + "/codes")
    opened.wait_for_selector("#device-files")
    yield opened


def made(page: "Page", files: list[dict[str, Any]]) -> list[str]:
    """The lines that the browser wrote for these files."""
    before = int(page.get_attribute("[data-device]", "data-done") or 0)
    page.fill("#hashes", "")
    page.set_input_files("#device-files", files)
    page.wait_for_selector(f'[data-device][data-done="{before + 1}"]', timeout=200_000)
    return page.input_value("#hashes").splitlines()


def test_over_a_hundred_pictures_have_the_servers_codes_and_nothing_is_sent(page: "Page") -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    files = [as_file(seed) for seed in range(MANY)]
    lines = made(page, files)
    assert [url for url in asked if not url.startswith("blob:")] == []
    assert "Nothing was sent" in page.inner_text("[data-status]")
    assert page.evaluate("document.getElementById('device-files').value") == ""
    told, far = iter(lines), []
    for file in files:
        known = signals_of(file["buffer"])
        assert next(told) == f"sha256:{known.sha256.hex()}"
        if known.pdq is None or known.pdq_quality < 50:
            continue
        kind, _, value = next(told).partition(":")
        assert kind == "pdq"
        far.append(distance(bytes.fromhex(value), known.pdq))
    assert len(far) >= 100
    assert max(far) <= FEW_BITS, far


def test_a_video_has_a_frame_a_second_and_only_codes_reach_the_server(
    page: "Page", live_server: LiveServer
) -> None:
    video = as_video(4)
    lines = made(page, [video, {"name": "x", "mimeType": "image/jpeg", "buffer": b"no picture"}])
    frames = [bytes.fromhex(line[5:]) for line in lines if line.startswith("vpdq:")]
    known = [frame.pdq for frame in signals_of(video["buffer"]).frames if frame.quality >= 50]
    assert len(frames) == 4
    for value in frames:
        assert min(distance(value, one) for one in known) <= FEW_BITS
    assert "only exact copies" in page.inner_text("[data-list]")
    page.check("input[value=take-it-down]")
    sent: list[bytes] = []
    page.on("request", lambda request: sent.append(request.post_data_buffer or b""))
    page.click("text=Send the codes, and save")
    page.wait_for_url("**done=codes")
    assert sum(len(body) for body in sent) < 2_000
    notice = Notice.objects.get()
    assert Target.objects.filter(notice=notice).exclude(signals=None).count() == len(lines)
    assert Consent.objects.get().to == Consent.To.TAKE_IT_DOWN


def test_somebody_who_is_only_threatened_makes_a_code_before_anything_is_posted(
    visit: "Visit", live_server: LiveServer, town: Stage
) -> None:
    page = visit()
    page.goto(f"{live_server.url}/")
    page.check("input[name=danger][value=no]")
    page.check("input[name=timed][value=no]")
    page.check("input[name=posted][value=threat]")
    page.check("input[name=who][value=me-child]")
    page.locator("details.q-hashes summary").click()
    page.wait_for_selector("#device-files")
    lines = made(page, [as_file(1)])
    assert len(lines) == 2
    page.check("#true")
    page.click("text=Send, and protect")
    page.wait_for_selector(".number")
    assert Notice.objects.get().threatened_only
    assert Target.objects.exclude(signals=None).count() == 2


def test_the_pages_of_afterwards_shut_nobody_out(
    visit: "Visit", live_server: LiveServer, town: Stage, client: Client
) -> None:
    page = visit(bypass_csp=True)
    page.goto(live_server.url + link_in(send(client, town.url("p1"))))
    here, found = page.url.partition("?")[0], {}
    for name in ("/proof", "/case-file", "/codes", "/close"):
        page.goto(here + name)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
        found[name] = violations(page)
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        dark = page.evaluate("axe.run({runOnly: ['color-contrast']})")["violations"]
        found[name] += [f"dark: {node['html'][:80]}" for one in dark for node in one["nodes"]]
        page.emulate_media(color_scheme="light")
    assert {name: what for name, what in found.items() if what} == {}
