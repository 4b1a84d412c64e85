"""What near matching finds that it should, and what it finds that it should not.

Run: `python -m bench.precision`. Prints two tables in Markdown: recall for each way in which people
alter what they post again, and for each kind of confuser how often two different pictures lie
within the threshold. Pictures are drawn; with Debian's packages of backgrounds at hand real
photographs are altered and cropped too.
"""

import io
import sys
from collections.abc import Callable, Iterator
from itertools import combinations

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont

from bench.photographs import pictures
from examples.pictures import ALTERATIONS, CONFUSERS, altered, confuser, picture
from heed.hashing.distance import CONFIDENT_MATCH, distance
from heed.hashing.signals import HASHED, FileSignals, signals_of

STRICTER = 15  # bits: what a bank that blocks without a person may choose


def _jpeg(image: Image.Image, quality: int = 85) -> bytes:
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=quality)
    return out.getvalue()


def _originals(count: int) -> list[bytes]:
    found = []
    for path in pictures()[:count]:
        with Image.open(path) as image:
            image.thumbnail((1600, 1600))
            found.append(_jpeg(image, 92))
    return found + [picture(seed) for seed in range(count - len(found) + 10)]


def _cut(image: Image.Image, share: float) -> Image.Image:
    across, down = round(image.width * share / 2), round(image.height * share / 2)
    return image.crop((across, down, image.width - across, image.height - down))


def _bars(image: Image.Image) -> Image.Image:
    framed = Image.new("RGB", (image.width, round(image.height * 1.5)), "black")
    framed.paste(image, (0, round(image.height * 0.25)))
    return framed


def _words(image: Image.Image) -> Image.Image:
    size = max(12, image.height // 9)
    font = ImageFont.load_default(size)
    ImageDraw.Draw(image).text(
        (size // 2, size // 2), "WHEN YOU SEE IT", fill="white", font=font, stroke_width=3,
        stroke_fill="black",
    )  # fmt: skip
    return image


def _sticker(image: Image.Image) -> Image.Image:
    side = image.height // 4
    ImageDraw.Draw(image).ellipse((side, side, 2 * side, 2 * side), fill="yellow")
    return image


_MORE: dict[str, Callable[[Image.Image], Image.Image]] = {
    "blur": lambda image: image.filter(ImageFilter.GaussianBlur(3)),
    "grey": lambda image: image.convert("L"),
    "contrast": lambda image: ImageEnhance.Contrast(image).enhance(1.5),
    "bars above and below": _bars,
    "crop of 10%": lambda image: _cut(image, 0.10),
    "crop of 25%": lambda image: _cut(image, 0.25),
    "turned by 5 degrees": lambda image: _cut(image.rotate(5), 0.15),
    "meme words over it": _words,
    "a sticker on it": _sticker,
    "negative": lambda image: Image.eval(image.convert("RGB"), lambda level: 255 - level),
}


def _copies(data: bytes) -> Iterator[tuple[str, bytes]]:
    for how in ALTERATIONS:
        yield how, altered(data, how)
    for how, change in _MORE.items():
        yield how, _jpeg(change(Image.open(io.BytesIO(data)).convert("RGB")))


def _near(asked: FileSignals, stored: FileSignals, within_bits: int) -> bool:
    """As a search would: both of good quality, any form asked, any value stored."""
    if asked.state != HASHED or stored.state != HASHED:
        return False
    values = [stored.pdq or b"", *(value.pdq for value in stored.other_values)]
    return any(distance(form, v) <= within_bits for form in asked.query_forms for v in values)


def recall(count: int) -> None:
    """Copies found, by how they were altered."""
    asked: dict[str, list[tuple[bool, bool]]] = {}
    originals = [(data, signals_of(data)) for data in _originals(count)]
    good = [(data, stored) for data, stored in originals if stored.state == HASHED]
    for data, stored in good:
        for how, copy in _copies(data):
            seen = signals_of(copy)
            asked.setdefault(how, []).append(
                (_near(seen, stored, CONFIDENT_MATCH), _near(seen, stored, STRICTER))
            )
    print(f"| copy | found within {CONFIDENT_MATCH} bits | within {STRICTER} bits |")
    print("|---|---|---|")
    for how, found in asked.items():
        shares = [sum(pair[n] for pair in found) / len(found) for n in (0, 1)]
        print(f"| {how} | {shares[0]:.0%} | {shares[1]:.0%} |")
    print(f"\n{len(good)} originals, each altered in every way", end="")
    print(f" ({len(originals) - len(good)} more were too flat to compare).\n")


def precision(seeds: int) -> None:
    """Different pictures taken for each other, by kind; pairs of one kind, and against all."""
    kinds: dict[str, list[FileSignals]] = {}
    for seed in range(seeds):
        for nth in range(CONFUSERS):
            one = confuser(seed, nth)
            kinds.setdefault(one.kind, []).append(signals_of(one.data))
    print("| confuser | too flat | pairs | within 31 bits | within 15 bits | with other kinds |")
    print("|---|---|---|---|---|---|")
    for kind, signals in kinds.items():
        good = [one for one in signals if one.state == HASHED]
        pairs = list(combinations(good, 2))
        wide = sum(_near(*pair, CONFIDENT_MATCH) for pair in pairs)
        strict = sum(_near(*pair, STRICTER) for pair in pairs)
        others = [one for name, ones in kinds.items() if name != kind for one in ones]
        strangers = sum(_near(one, other, CONFIDENT_MATCH) for one in good for other in others)
        flat = len(signals) - len(good)
        total = max(1, len(pairs))
        print(
            f"| {kind} | {flat} of {len(signals)} | {len(pairs)} | {wide} ({wide / total:.2%})"
            f" | {strict} ({strict / total:.2%}) | {strangers} |"
        )


def main(count: int = 60, seeds: int = 3) -> None:
    recall(count)
    precision(seeds)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:3]))
