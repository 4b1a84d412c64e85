"""Pictures for a reviewer's eyes, made anew from pixels: nothing of the original file survives."""

import io

import numpy as np
from PIL import Image, ImageFilter

from heed.hashing.kinds import VIDEO, kind_of
from heed.hashing.normalise import LEAST_SCALED_PX, leniently, open_picture, sights
from heed.hashing.pdq import Pixels
from heed.hashing.refusals import NotHashable, Reason

FULL_MOST_PX = 4_096  # the longer side of what is shown whole
BLUR_SHARE = 1 / 24  # of the longer side: shapes remain, faces and bodies do not
_EMPTY_BELOW = 4.0  # levels of standard deviation


def _seen(data: bytes, *, scaled: bool = False) -> Image.Image:
    """The first sight that is not empty. Raises `NotHashable`."""
    if kind_of(data)[0] == VIDEO:
        from heed.hashing.video import first_good_picture, open_video

        return Image.fromarray(np.ascontiguousarray(first_good_picture(open_video(data))))
    first: Pixels | None = None
    with leniently():
        for sight in sights(open_picture(data, scaled=scaled), data):
            first = sight.pixels if first is None else first
            if float(sight.pixels[::8, ::8].std()) > _EMPTY_BELOW:
                return Image.fromarray(np.ascontiguousarray(sight.pixels))
    if first is None:
        raise NotHashable(Reason.NO_FRAMES)
    return Image.fromarray(np.ascontiguousarray(first))


def derivative(data: bytes, max_px: int, *, blurred: bool = True) -> bytes:
    """A small, grey WebP, at most `max_px` a side, heavily blurred. Raises `NotHashable`.

    Without the blur it is what a reviewer sees while a key is held down.
    """
    image = _seen(data, scaled=blurred and max_px <= LEAST_SCALED_PX).convert("L")
    image.thumbnail((max_px, max_px))
    if blurred:
        image = image.filter(ImageFilter.GaussianBlur(max(2.0, max(image.size) * BLUR_SHARE)))
    out = io.BytesIO()
    image.save(out, "WEBP", quality=60)
    return out.getvalue()


def full(data: bytes) -> bytes:
    """The picture (of a video its first good frame) as a plain JPEG. Raises `NotHashable`."""
    image = _seen(data)
    image.thumbnail((FULL_MOST_PX, FULL_MOST_PX))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92)
    return out.getvalue()
