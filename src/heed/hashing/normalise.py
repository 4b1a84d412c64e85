"""From the bytes of a picture to what a person sees: pixels, upright, opaque, in eight bits.

File formats fool a hash: a palette, CMYK, an alpha channel, an EXIF turn, a colour profile or an
empty first frame make another hash of the same sight. Everything here is undone before hashing,
and the value that an undiscerning client would have computed is kept as one more query.
"""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import count

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from heed.hashing.borders import without_border
from heed.hashing.colours import as_shown
from heed.hashing.kinds import OTHER, UNOPENED, kind_of, picture_brand
from heed.hashing.pdq import Pixels, Scale
from heed.hashing.refusals import NotHashable, Reason

MAX_PIXELS = 100_000_000  # of one picture; above it a decoder needs more memory than it is given
BOMB_PIXELS_PER_BYTE = 64  # a photograph has fewer than 20; a flat one under MAX_PIXELS is harmless
MAX_FRAMES = 128  # of an animation, or pages, that are looked at
MAX_ANIMATION_PIXELS = 250_000_000  # of all frames decoded together
LOOKS_A_STEP, FIRST_STEP_MS = 16, 50  # then half as often: 0.8 s as above, 1.6, 3.2 ...
QUICKEST_MS, USUAL_MS = 10, 100  # browsers show what claims to be quicker for so long
LEAST_SCALED_PX = 256  # of the shorter side; with fewer the hash drifts (bench/hashing.py)
FLAT_COLOUR = 4.0  # levels of standard deviation; below it the picture is drawn in alpha alone
# EPS and WMF hand the file to another program; MPEG is only a header to Pillow.
_REFUSED_FORMATS = {"EPS", "WMF", "MPEG", "FPX", "MIC", "GRIB", "BUFR", "HDF5"}
_COMMON_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF")
# How an EXIF orientation is undone: (transpose first, then flip rows, flip columns).
_UPRIGHT = {
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}


class Part(StrEnum):
    """Which values are made of a sight. All of them are asked with."""

    PLAIN = "plain"  # the first good one is the file's value; others of its frame are kept
    KEPT = "kept"  # kept beside it: others elsewhere have this value
    ASKED = "asked"  # only asked with


@dataclass(frozen=True, slots=True)
class Sight:
    """One way in which the picture can be seen. `scale`: None where every pixel is there."""

    pixels: Pixels
    part: Part = Part.PLAIN
    scale: Scale | None = None
    frame: int = 0  # of an animation


@dataclass(frozen=True, slots=True)
class Picture:
    """An opened picture, its first frame decoded. `size_px` is that of the upright sight.

    `factor`: each decoded pixel is the mean of so many of the file's, in both directions.
    """

    image: Image.Image
    mime: str
    size_px: tuple[int, int]  # width, height
    factor: int = 1


@cache
def _formats() -> tuple[str, ...]:
    """Every format that decodes in this process, the commonest first."""
    Image.init()
    common = [name for name in _COMMON_FORMATS if name in Image.OPEN]
    rare = [name for name in Image.OPEN if name not in _REFUSED_FORMATS | set(common)]
    return (*common, *rare)


def _too_many(pixels: int, data: bytes) -> NotHashable:
    small = pixels > BOMB_PIXELS_PER_BYTE * max(1, len(data))
    return NotHashable(Reason.BOMB if small else Reason.TOO_LARGE, f"{pixels} pixels")


def _named(error: Exception, data: bytes) -> NotHashable:
    """The cause behind whatever a decoder threw."""
    if isinstance(error, NotHashable):
        return error
    if isinstance(error, MemoryError):
        return NotHashable(Reason.OUT_OF_MEMORY)
    if isinstance(error, Image.DecompressionBombError):
        found = re.search(r"\((\d+) pixels\)", str(error))
        return _too_many(int(found[1]) if found else MAX_PIXELS, data)
    if isinstance(error, UnidentifiedImageError):
        kind, mime = kind_of(data)
        if kind == OTHER:
            return NotHashable(Reason.NOT_A_PICTURE)
        if mime in UNOPENED:
            return NotHashable(Reason.UNKNOWN_FORMAT, mime)
    if "Decompressed data too large" in str(error):
        return NotHashable(Reason.BOMB, str(error))
    cut = isinstance(error, EOFError) or "truncated" in str(error).lower() or _cut_short(data)
    return NotHashable(Reason.TRUNCATED if cut else Reason.BROKEN, str(error)[:200])


def _cut_short(data: bytes) -> bool:
    """Whether the file lacks bytes that its own frame promises."""
    if data[:4] == b"RIFF":
        return len(data) < int.from_bytes(data[4:8], "little")
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return b"IEND" not in data[-64:] and b"IEND" not in data
    return data[:3] == b"\xff\xd8\xff" and b"\xff\xd9" not in data


@contextmanager
def naming(data: bytes) -> Iterator[None]:
    """Whatever a decoder throws inside leaves as `NotHashable` with a named reason."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's doubts about a file; what matters is raised
        try:
            yield
        except Exception as error:
            raise _named(error, data) from error


@contextmanager
def leniently() -> Iterator[None]:
    """Inside, a picture that stops early is decoded as far as it goes. One thread only."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def learn_heif() -> None:
    """Teach Pillow to read HEIF. Repeating it changes nothing."""
    import pi_heif  # only where a HEIF may come: it is native code and memory

    pi_heif.register_heif_opener(thumbnails=False, decode_threads=1)
    _formats.cache_clear()  # it may have been asked for before HEIF was one of them


def _brand_first(data: bytes) -> io.BytesIO:
    """The file, with the brand that makes it a picture in the place where libraries look."""
    brand = picture_brand(data) if data[4:8] == b"ftyp" else b""
    return io.BytesIO(data[:8] + brand + data[12:] if brand else data)


def open_picture(data: bytes, *, scaled: bool = False) -> Picture:
    """Open it and decode the first frame. Raises `NotHashable`, for size before decoding.

    `scaled`: a large JPEG is decoded at a half, a quarter or an eighth, which is what costs least.
    """
    with naming(data):
        if kind_of(data)[1] == "image/heic":
            learn_heif()
        image = Image.open(_brand_first(data), formats=_formats())
        if image.width * image.height > MAX_PIXELS:
            raise _too_many(image.width * image.height, data)
        size = (image.width, image.height)
        factor = _scaled_down(image) if scaled else 1
        image.load()  # before its metadata: PNG keeps some behind its pixels
        if factor == 1:
            size = (image.width, image.height)  # loading may turn or mend it
        upright = size[::-1] if _UPRIGHT.get(_turn(image), (False,))[0] else size
        mime = Image.MIME.get(image.format or "", "") or kind_of(data)[1]
        return Picture(image=image, mime=mime, size_px=upright, factor=factor)


def _scaled_down(image: Image.Image) -> int:
    """Have a JPEG decoded from its blocks' lowest frequencies; by which factor."""
    wide, high = image.size
    for factor in (8, 4, 2):
        if min(wide, high) < factor * LEAST_SCALED_PX:
            continue
        image.draft(None, (wide // factor, high // factor))  # only JPEG can; others ignore it
        done = image.size == (-(-wide // factor), -(-high // factor))
        return factor if done else 1
    return 1


def _turn(image: Image.Image) -> int:
    """EXIF orientation, 1 when there is none or when it can't be read."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # broken metadata is common and never hides the picture itself
        return 1


def _upright(pixels: Pixels, turn: int) -> Pixels:
    transpose, rows, columns = _UPRIGHT.get(turn, (False, False, False))
    turned = pixels.swapaxes(0, 1) if transpose else pixels
    return turned[:: -1 if rows else 1, :: -1 if columns else 1]


def _eight_bits(values: NDArray[np.generic]) -> Pixels:
    """Deep greys as 0..255: 16 bits keep their scale, anything else is stretched."""
    deep = np.nan_to_num(values.astype(np.float32))
    low, high = float(deep.min()), float(deep.max())
    if low >= 0 and 1 < high <= 255:
        return deep.astype(np.uint8)
    if low >= 0 and 255 < high <= 65535:
        return (deep / 257).astype(np.uint8)
    return ((deep - low) * (255 / max(high - low, 1e-9))).astype(np.uint8)


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info


def _opaque(image: Image.Image) -> Pixels:
    """A picture without alpha, as grey or RGB."""
    if image.mode in ("L", "RGB"):
        return np.asarray(image)
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    if image.mode.startswith(("I", "F")):
        return _eight_bits(np.asarray(image))
    if image.mode == "LAB":
        return np.asarray(image.getchannel(0))
    return np.asarray(image.convert("RGB"))


def _over(image: Image.Image, ground: int) -> Pixels:
    """A transparent picture laid over white (255) or black (0)."""
    under = Image.new("RGBA", image.size, (ground, ground, ground, 255))
    under.alpha_composite(image)
    return np.asarray(under.convert("RGB"))


def _undiscerning(image: Image.Image) -> Pixels | None:
    """What a client that knows neither modes nor turns would hash; None where that is plain."""
    if image.mode in ("RGB", "L") and not _has_alpha(image) and _turn(image) not in _UPRIGHT:
        return None
    raw = np.asarray(image)
    if raw.ndim == 3:
        return raw[..., :3] if raw.shape[2] >= 3 else raw[..., 0]
    return raw.astype(np.uint8)


def _grounds(image: Image.Image) -> Iterator[tuple[Pixels, Part]]:
    """What a frame shows: the likeliest first, not turned yet."""
    if _has_alpha(image):
        layered = image.convert("RGBA")
        yield _over(layered, 255), Part.PLAIN
        if layered.getchannel("A").getextrema()[0] == 255:
            return  # nothing shines through
        yield _over(layered, 0), Part.PLAIN
        colours = np.asarray(layered.convert("RGB"))[::8, ::8]
        if float(colours.std(axis=(0, 1)).max()) < FLAT_COLOUR:
            yield np.asarray(layered.getchannel("A")), Part.ASKED
        return
    plain = _opaque(image)
    yield plain, Part.PLAIN
    if image.mode == "CMYK":  # some writers store ink, some its absence, and few say which
        yield 255 - plain, Part.ASKED


def _coloured(image: Image.Image) -> Iterator[tuple[Pixels, Part]]:
    """As browsers show it, and where that is something else, as who looks at the bare values."""
    shown = as_shown(image)
    if shown is not None:
        yield from _grounds(shown)
    yield from _grounds(image)


def _still(image: Image.Image, picture: Picture, frame: int = 0) -> Iterator[Sight]:
    """The sights of one frame, turned upright, the likeliest first."""
    turn = _turn(image)
    scale = _scale(picture, turn)
    first: Pixels | None = None
    for pixels, part in _coloured(image):
        first = pixels if first is None else first
        yield Sight(_upright(pixels, turn), part, scale, frame)
    inner = None if first is None else without_border(first)
    if inner is not None:
        blocks = _whole_blocks(inner, picture, turn)
        yield Sight(_upright(inner, turn), Part.PLAIN, blocks, frame)


def _scale(picture: Picture, turn: int) -> Scale | None:
    """Where a scaled picture's blocks lie once it stands upright."""
    if picture.factor == 1:
        return None
    wide, high = picture.size_px
    _, rows, columns = _UPRIGHT.get(turn, (False, False, False))
    lead = (-high % picture.factor if rows else 0, -wide % picture.factor if columns else 0)
    return Scale(picture.factor, (high, wide), lead)


def _whole_blocks(inner: Pixels, picture: Picture, turn: int) -> Scale | None:
    """The scale of a part of the picture; what its last blocks lack is too little to count."""
    if picture.factor == 1:
        return None
    rows, columns = inner.shape[0] * picture.factor, inner.shape[1] * picture.factor
    transpose = _UPRIGHT.get(turn, (False,))[0]
    return Scale(picture.factor, (columns, rows) if transpose else (rows, columns))


def _frames(image: Image.Image) -> Iterator[Image.Image]:
    """All frames or pages, in order; of very many frames those on show when one is due.

    Those are looked at less often towards their end. Each that is passed over was decoded all the
    same: others build upon it. Ends where enough was decoded; see `has_more`.
    """
    every = image.format == "TIFF" or getattr(image, "n_frames", 1) <= MAX_FRAMES
    left, at_ms, due_ms, looks = MAX_ANIMATION_PIXELS, 0, 0, 0
    for nth in count():
        try:
            image.seek(nth)
        except EOFError:
            return
        left -= image.width * image.height
        if image.width * image.height > MAX_PIXELS:
            raise NotHashable(Reason.TOO_LARGE, f"a page of {image.width} x {image.height} pixels")
        at_ms += 0 if every else _shown_ms(image)
        if every or at_ms > due_ms:
            yield image
            step_ms = FIRST_STEP_MS << (looks // LOOKS_A_STEP)
            due_ms, looks = (at_ms // step_ms + 1) * step_ms - 1, looks + 1
        if left <= 0 or looks == MAX_FRAMES:
            return


def _shown_ms(image: Image.Image) -> int:
    """For how long a frame is on show."""
    image.load()  # some formats know it only then
    said = image.info.get("duration") or 0
    return round(said) if said > QUICKEST_MS else USUAL_MS


def is_moving(image: Image.Image) -> bool:
    """Whether it has frames or pages. The second picture of a stereo pair is none, nor a layer."""
    return bool(getattr(image, "is_animated", False)) and image.format not in ("MPO", "PSD")


def has_more(picture: Picture) -> bool:
    """Whether frames are left, after all `sights` were seen, that nobody looked at."""
    if not is_moving(picture.image):
        return False
    with suppress(Exception):  # something is there, and another viewer may open it
        try:
            picture.image.seek(picture.image.tell() + 1)
        except EOFError:
            return False
    return True


def sights(picture: Picture, data: bytes) -> Iterator[Sight]:
    """All ways to see the picture, as they are decoded. Raises `NotHashable` midway.

    Of an animation its frames come, the first one that is not empty makes the plain value; the
    later ones are only asked with, for many animations end with the same card.
    """
    image = picture.image
    with naming(data):
        raw = _undiscerning(image)
        if is_moving(image):
            for nth, frame in enumerate(_frames(image)):
                yield from _still(frame, picture, nth)
        else:
            yield from _still(image, picture)
        if raw is not None:
            yield Sight(raw, Part.KEPT, _unturned(picture))


def _unturned(picture: Picture) -> Scale | None:
    """The scale of the picture as its bytes lie."""
    if picture.factor == 1:
        return None
    wide, high = picture.size_px
    transposed = _UPRIGHT.get(_turn(picture.image), (False,))[0]
    return Scale(picture.factor, (wide, high) if transposed else (high, wide))
