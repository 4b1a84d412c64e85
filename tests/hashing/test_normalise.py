"""One sight, many formats: the value of the plain picture is found in each."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from examples import pictures
from examples.pictures import scene
from heed.hashing.distance import distance
from heed.hashing.signals import FileSignals, signals_of
from tests.hashing.patterns import drawn, encoded

PLAIN = signals_of(encoded(drawn(), "PNG"))
FILES = Path(__file__).parent / "files"
NEAR = 4  # bits; colours that a palette, inks or one bit lose


def _nearest(signals: FileSignals, other: FileSignals = PLAIN) -> int:
    assert other.pdq is not None
    return min(distance(form, other.pdq) for form in signals.query_forms)


def _exif(turn: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = turn
    return exif.tobytes()


def _deep() -> Image.Image:
    return Image.fromarray(np.asarray(drawn().convert("L")).astype(np.uint16) * 257)


def _on_alpha(level: int) -> Image.Image:
    picture = drawn().convert("RGBA")
    canvas = Image.new("RGBA", picture.size, (level, level, level, 0))
    canvas.paste(picture.resize((400, 300)), (100, 80))
    return canvas


FORMATS: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: encoded(drawn(), "JPEG"),
    "webp": lambda: encoded(drawn(), "WEBP"),
    "avif": lambda: encoded(drawn(), "AVIF"),
    "jpeg 2000": lambda: encoded(drawn(), "JPEG2000"),
    "bmp": lambda: encoded(drawn(), "BMP"),
    "tga": lambda: encoded(drawn(), "TGA"),
    "palette gif": lambda: encoded(drawn(), "GIF"),
    "palette png": lambda: encoded(drawn().convert("P", palette=Image.Palette.ADAPTIVE), "PNG"),
    "cmyk jpeg": lambda: encoded(drawn().convert("CMYK"), "JPEG"),
    "cmyk tiff": lambda: encoded(drawn().convert("CMYK"), "TIFF"),
    "inverted cmyk tiff": lambda: encoded(ImageOps.invert(drawn()).convert("CMYK"), "TIFF"),
    "16-bit png": lambda: encoded(_deep(), "PNG"),
    "16-bit tiff": lambda: encoded(_deep(), "TIFF"),
    "float tiff": lambda: encoded(drawn().convert("F"), "TIFF"),
    "1-bit png": lambda: encoded(drawn().convert("1"), "PNG"),
    "opaque alpha": lambda: encoded(drawn().convert("RGBA"), "PNG"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_does_not_hide_a_picture(name: str) -> None:
    signals = signals_of(FORMATS[name]())
    assert (signals.state, signals.kind) == ("hashed", "picture")
    assert (signals.width_px, signals.height_px) == (640, 480)
    assert _nearest(signals) <= NEAR


@pytest.mark.parametrize("turn", range(1, 9))
def test_an_exif_turn_is_undone_before_hashing(turn: int) -> None:
    upright = encoded(ImageOps.exif_transpose(_with_turn(turn)), "PNG")
    signals = signals_of(encoded(drawn(), "JPEG", exif=_exif(turn), quality=95))
    assert signals.pdq is not None
    assert _nearest(signals) <= 12  # the same picture, turned back
    assert distance(signals.pdq, signals_of(upright).pdq or b"") <= NEAR
    assert signals.width_px == (640 if turn < 5 else 480)


def _with_turn(turn: int) -> Image.Image:
    picture = drawn()
    picture.getexif()[0x0112] = turn
    return picture


def test_a_heic_is_turned_as_its_container_says() -> None:
    """The files hold `drawn()` at half size: one HEVC key frame, the second with an `irot` of 1."""
    for name, size, angle in (("upright", (320, 240), 0), ("turned", (240, 320), 90)):
        signals = signals_of((FILES / f"{name}.heic").read_bytes())
        seen = signals_of(encoded(drawn().resize((320, 240)).rotate(angle, expand=True), "PNG"))
        assert (signals.width_px, signals.height_px) == size
        assert (signals.state, signals.mime) == ("hashed", "image/heif")
        assert distance(signals.pdq or b"", seen.pdq or b"") <= NEAR


def _swapped_profile() -> bytes:
    """The usual profile with red and green exchanged: a browser shows them back in their places."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    tags = made[:1_000].replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ")
    return tags.replace(b"????", b"gXYZ") + made[1_000:]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_a_colour_profile_is_followed_as_a_browser_does(form: str, mode: str) -> None:
    if form in ("JPEG", "WEBP") and mode != "RGB":
        return
    red, green, blue = drawn().split()
    odd = Image.merge("RGB", [green, red, blue]).convert(mode, palette=Image.Palette.ADAPTIVE)
    signals = signals_of(encoded(odd, form, icc_profile=_swapped_profile()))
    assert _nearest(signals) <= 12
    assert _nearest(signals, signals_of(encoded(odd, "PNG"))) <= 12  # as others do
    assert _nearest(signals_of(encoded(odd, form, icc_profile=b"none"))) > 31


@pytest.mark.parametrize("gamma", [0.1, 0.2, 1.0])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P"])
def test_a_png_is_hashed_as_light_as_its_gamma_has_it_shown(mode: str, gamma: float) -> None:
    levels = np.asarray(drawn().convert("L" if mode == "L" else "RGB")) / 255
    stored = Image.fromarray(np.rint(255 * levels ** (gamma * 2.2)).astype(np.uint8))
    stored = stored.convert(mode, palette=Image.Palette.ADAPTIVE)
    said = PngImagePlugin.PngInfo()
    said.add(b"gAMA", round(gamma * 100_000).to_bytes(4, "big"))
    assert _nearest(signals_of(encoded(stored, "PNG", pnginfo=said))) <= 16


def test_a_gamma_that_leaves_next_to_nothing_does_not_hide_what_is_there() -> None:
    said = PngImagePlugin.PngInfo()
    said.add(b"gAMA", (900_000).to_bytes(4, "big"))
    pale = Image.fromarray(np.asarray(drawn()) // 2 + 127)
    signals = signals_of(encoded(pale, "PNG", pnginfo=said))
    assert signals.state == "hashed" and _nearest(signals) <= 16
    said.add(b"gAMA", (100).to_bytes(4, "big"))
    assert signals_of(encoded(drawn(), "PNG", pnginfo=said)).state == "hashed"


def test_usual_colours_cost_no_more_values() -> None:
    usual = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert signals_of(encoded(drawn(), "PNG", icc_profile=usual)).query_forms == PLAIN.query_forms


@pytest.mark.parametrize("first", [b"mif1", b"miaf", b"isom", b"mp42", b"qt  "])
def test_a_picture_is_none_the_less_one_for_the_brand_that_comes_first(first: bytes) -> None:
    """Browsers show what names `avif` (Safari: `heic`) anywhere among its brands."""
    heic, avif = (FILES / "upright.heic").read_bytes(), encoded(drawn(), "AVIF")
    for data in (heic, avif):
        signals = signals_of(data[:8] + first + data[12:])
        assert (signals.kind, signals.state) == ("picture", "hashed")
        assert _nearest(signals) <= 12


def test_a_film_that_calls_itself_a_picture_is_not_let_in_as_seen() -> None:
    film = pictures.video(40, seconds=1)
    signals = signals_of(film[:8] + b"avif" + film[12:])
    assert (signals.state, signals.reason) == ("not_hashable", "broken")


@pytest.mark.parametrize("level", [255, 0])
def test_a_transparent_picture_is_asked_as_seen_on_white_and_on_black(level: int) -> None:
    layered = _on_alpha(level)
    signals = signals_of(encoded(layered, "PNG"))
    for ground in (255, 0):
        seen = Image.new("RGB", layered.size, (ground, ground, ground))
        seen.paste(layered, mask=layered.getchannel("A"))
        assert _nearest(signals, signals_of(encoded(seen, "PNG"))) <= NEAR


@pytest.mark.parametrize("level", [255, 0])
def test_a_picture_drawn_in_alpha_alone_is_found(level: int) -> None:
    flat = Image.new("L", (640, 480), level)
    signals = signals_of(encoded(Image.merge("LA", [flat, drawn().convert("L")]), "PNG"))
    assert signals.state == "hashed"
    assert _nearest(signals) <= NEAR


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "AVIF"])
def test_an_empty_first_frame_does_not_hide_an_animation(form: str) -> None:
    frames = [drawn(), drawn(2)]
    empty = Image.new("RGB", (640, 480), "white")
    data = encoded(empty, form, save_all=True, append_images=frames, duration=100)
    signals = signals_of(data)
    assert signals.state == "hashed"
    assert distance(signals.pdq or b"", PLAIN.pdq or b"") <= NEAR
    assert _nearest(signals, signals_of(encoded(drawn(2), "PNG"))) <= NEAR


def _moving(form: str, frames: int, *, at: int, ms: int = 100) -> bytes:
    """An animation of as many different scenes, one of them `drawn()`."""
    small = [drawn(3 + nth).resize((96, 72)) for nth in range(frames)]
    small[at] = drawn().resize((96, 72))
    return encoded(small[0], form, save_all=True, append_images=small[1:], duration=ms)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_no_scene_of_an_animation_hides_a_later_one(form: str) -> None:
    signals = signals_of(_moving(form, 70, at=67))
    assert (signals.state, signals.reason) == ("hashed", None)
    assert _nearest(signals) <= 16


@pytest.mark.parametrize("claimed_ms", [0, 10, 100])
def test_of_very_many_frames_each_is_seen_that_browsers_show_for_long(
    claimed_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Browsers give what claims to take no time a tenth of a second."""
    monkeypatch.setattr("heed.hashing.normalise.MAX_FRAMES", 48)
    monkeypatch.setattr("heed.hashing.normalise.LOOKS_A_STEP", 6)
    signals = signals_of(_moving("WEBP", 60, at=10, ms=claimed_ms))
    assert (signals.state, signals.reason) == ("hashed", None)
    assert _nearest(signals) <= 16


@pytest.mark.parametrize("bound", ["MAX_FRAMES", "MAX_ANIMATION_PIXELS"])
def test_an_animation_whose_end_nobody_looked_at_says_so(
    bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = _moving("WEBP", 6, at=1)
    monkeypatch.setattr(f"heed.hashing.normalise.{bound}", 6 if bound == "MAX_FRAMES" else 250_000)
    assert signals_of(data).reason is None
    monkeypatch.setattr(f"heed.hashing.normalise.{bound}", 3)
    signals = signals_of(data)
    assert (signals.state, signals.reason) == ("hashed", "too_large")


def test_every_page_of_a_document_is_asked_with() -> None:
    pages = [drawn(7), drawn(8).resize((300, 200)), drawn(), drawn(9)]
    signals = signals_of(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    assert (signals.state, signals.reason) == ("hashed", None)
    assert (signals.width_px, signals.height_px) == (640, 480)
    assert _nearest(signals) <= NEAR
    assert _nearest(signals, signals_of(encoded(drawn(9), "PNG"))) <= NEAR


@pytest.mark.parametrize("ground", ["black", "white", (12, 40, 90)])
def test_a_letterbox_is_asked_without_its_border(ground: str) -> None:
    for size, place in (((640, 760), (0, 140)), ((1000, 480), (180, 0)), ((900, 700), (40, 200))):
        framed = Image.new("RGB", size, ground)
        framed.paste(drawn(), place)
        signals = signals_of(encoded(framed, "JPEG", quality=80))
        assert _nearest(signals) <= 16


def test_what_an_undiscerning_client_would_compute_is_one_more_query() -> None:
    from heed.hashing.pdq import pdq

    palette = drawn().convert("P", palette=Image.Palette.ADAPTIVE)
    naive = pdq(np.asarray(palette)).value
    assert naive in signals_of(encoded(palette, "PNG")).query_forms


def test_the_plain_value_is_asked_first_and_no_value_twice() -> None:
    assert PLAIN.query_forms[0] == PLAIN.pdq
    assert len(set(PLAIN.query_forms)) == len(PLAIN.query_forms) == 8


def test_a_picture_with_little_structure_says_so_and_is_not_asked() -> None:
    slope = np.linspace(90, 110, 400).astype(np.uint8)
    signals = signals_of(encoded(Image.fromarray(np.tile(slope, (300, 1))), "PNG"))
    assert (signals.state, signals.reason) == ("low_quality", "low_quality")
    assert signals.pdq is not None and signals.pdq_quality < 50
    assert signals.query_forms == ()


def _apart_from_every_pixel(data: bytes) -> int:
    quick, whole = signals_of(data), signals_of(data, exact_value=True)
    assert quick.pdq is not None and whole.pdq is not None
    assert (quick.width_px, quick.height_px) == (whole.width_px, whole.height_px)
    return distance(quick.pdq, whole.pdq)


def _stripes(seed: int) -> bytes:
    """From edge to edge, under a lamp: hardly anything changes from top to bottom."""
    chance = np.random.default_rng(seed)
    across, down = np.linspace(0, 1, 1600)[None, :], np.linspace(0, 1, 1200)[:, None]
    lamp = 4 * (across - chance.uniform(0.3, 0.7)) ** 2 + (down - chance.uniform(0.2, 0.6)) ** 2
    lines = np.repeat(chance.uniform(0.4, 1, 80), 20)[None, :]
    shown = (lines * np.exp(-lamp) * 200 + 20).astype(np.uint8)
    return encoded(Image.fromarray(shown).convert("RGB"), "JPEG", quality=75)


@pytest.mark.parametrize("size", [(1024, 768), (1632, 1224), (4000, 3000)])
def test_a_large_jpeg_is_hashed_as_if_every_pixel_had_been_read(size: tuple[int, int]) -> None:
    data = encoded(scene(11).resize(size), "JPEG", quality=75)
    assert _apart_from_every_pixel(data) <= NEAR


def test_where_next_to_nothing_decides_every_pixel_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    striped = [_stripes(seed) for seed in range(6)]
    assert [_apart_from_every_pixel(data) for data in striped] == [0] * 6
    monkeypatch.setattr("heed.hashing.signals.LOOKED_AGAIN_PX", 1 << 20)  # as if enormous
    assert max(_apart_from_every_pixel(data) for data in striped) > NEAR


def test_a_border_round_it_does_not_hide_that_every_pixel_is_needed() -> None:
    with Image.open(io.BytesIO(_stripes(0))) as image:
        bordered = encoded(ImageOps.expand(image, (0, 160), "black"), "JPEG", quality=90)
    quick, whole = signals_of(bordered), signals_of(bordered, exact_value=True)
    assert quick.other_values == whole.other_values and quick.other_values


def test_a_dark_or_pale_picture_keeps_what_the_first_look_gave_it() -> None:
    grain = np.random.default_rng(2).integers(-3, 4, (1200, 1600))
    for level in (8, 200):
        data = encoded(Image.fromarray((grain + level).astype(np.uint8)), "JPEG", quality=90)
        seen = signals_of(data)
        assert (seen.state, seen.width_px, seen.pdq is None) == ("low_quality", 1600, False)


def test_exact_hashes_are_those_of_the_bytes() -> None:
    import hashlib

    data = encoded(drawn(), "JPEG")
    signals = signals_of(data)
    assert signals.sha256 == hashlib.sha256(data).digest()
    assert signals.md5 == hashlib.md5(data).digest()
    assert signals.size_bytes == len(data)
