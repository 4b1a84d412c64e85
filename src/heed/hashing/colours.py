"""Colours as they are shown: a file may say that its values mean other colours than usual.

Browsers follow an ICC profile and a PNG's gamma. With either, pixels that look like one thing to a
program can look like another to a person.
"""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

NOTICED = 24  # levels of 255 of light; less moves a hash by a few bits
MOST_PROFILE_BYTES = 4 << 20
USUAL_GAMMA = 1 / 2.2  # of a PNG for an ordinary screen (PNG specification, gAMA)
_WITHOUT_ALPHA = {"LA": "L", "RGBA": "RGB"}


def as_shown(image: Image.Image) -> Image.Image | None:
    """The picture in the colours that a browser shows; None where they are as good as its own.

    A profile that can't be read says nothing, as in a browser.
    """
    profile, gamma = image.info.get("icc_profile"), image.info.get("gamma")
    if not profile and (not gamma or "srgb" in image.info):
        return None
    plain = _plain(image)
    if plain is None:
        return None
    colours = plain.convert(_WITHOUT_ALPHA[plain.mode]) if plain.mode in _WITHOUT_ALPHA else plain
    shown = _by_profile(colours, profile) if profile else _by_gamma(colours, gamma)
    if shown is not None and plain.mode in _WITHOUT_ALPHA:
        shown.putalpha(plain.getchannel("A"))
    return shown


def _plain(image: Image.Image) -> Image.Image | None:
    """Grey or RGB, with alpha where there is any; None for inks and the like."""
    if image.mode in ("P", "PA") or "transparency" in image.info:
        return image.convert("RGBA")
    return image if image.mode in ("L", "LA", "RGB", "RGBA") else None


def _by_gamma(colours: Image.Image, gamma: object) -> Image.Image | None:
    exponent = USUAL_GAMMA / gamma if isinstance(gamma, float | int) and gamma > 0 else 1.0
    levels = np.arange(256)
    lit = np.rint(255 * (levels / 255) ** exponent)
    if np.abs(lit - levels).max() < NOTICED:
        return None
    return colours.point(lit.astype(int).tolist() * len(colours.getbands()))


def _by_profile(colours: Image.Image, profile: bytes) -> Image.Image | None:
    transform = _transform(bytes(profile[: MOST_PROFILE_BYTES + 1]), colours.mode)
    return None if transform is None else ImageCms.applyTransform(colours, transform)


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """To the usual colours; None where hardly any changes. Most cameras use one of a few."""
    if len(profile) > MOST_PROFILE_BYTES:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        usual = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(source, usual, mode, "RGB")
        probe = _probe(mode)
        shown = ImageCms.applyTransform(probe, transform)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    assert shown is not None
    moved = np.asarray(shown.convert("L"), int) - np.asarray(probe.convert("L"), int)
    return transform if np.abs(moved).max() >= NOTICED else None


def _probe(mode: str) -> Image.Image:
    """Colours from all over."""
    if mode == "L":
        return Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    steps = np.linspace(0, 255, 8).astype(np.uint8)
    every = np.stack(np.meshgrid(steps, steps, steps), axis=-1)
    return Image.fromarray(every.reshape(8, 64, 3))
