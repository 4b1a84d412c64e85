"""Real photographs for the benches, and the hashes of a great many views of them.

The pictures are desktop backgrounds that Debian ships; they are fetched when a bench first needs
them (`apt-get download`, unpacked with `dpkg -x`, nothing is installed) and kept under `var/bench`.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from heed.hashing.pdq import FREQUENCIES, SIDE

PACKAGES = (
    "gnome-backgrounds",
    "mate-backgrounds",
    "plasma-workspace-wallpapers",
    "lomiri-wallpapers-16.04",
    "lomiri-wallpapers-20.04",
    "ukui-wallpapers",
)
PLACE = Path("var") / "bench" / "photographs"
_SIDES = (96, 128, 192, 256, 384, 512, 768, 1024)  # of the shrunken pictures that windows cut from
_BATCH = 2_048


def pictures() -> list[Path]:
    """Files of at least 800 pixels a side, of all packages that can be had."""
    done = PLACE / "done"
    if not done.exists():
        PLACE.mkdir(parents=True, exist_ok=True)
        for package in PACKAGES:
            _fetch(package)
        done.touch()
    kinds = {".jpg", ".jpeg", ".png", ".webp"}
    found = sorted(path for path in PLACE.rglob("*") if path.suffix.lower() in kinds)
    return [path for path in found if not path.is_symlink() and _is_large(path)]


def _fetch(package: str) -> None:
    here = PLACE.resolve()
    got = subprocess.run(
        ["apt-get", "download", package], cwd=here, capture_output=True, check=False
    )
    if got.returncode:
        print(f"{package} can't be had here", file=sys.stderr)
        return
    for file in here.glob(f"{package}_*.deb"):
        subprocess.run(["dpkg", "-x", file, here / package], check=True)
        file.unlink()


def _is_large(path: Path) -> bool:
    try:
        with Image.open(path) as picture:
            return min(picture.size) >= 800
    except OSError:
        return False


def views(count: int, seed: int) -> NDArray[np.uint8]:
    """PDQ values of `count` windows of all sizes and places of the pictures, 32 bytes a row."""
    kept = PLACE / f"views-{count}-{seed}.npy"
    if not kept.exists():
        made = np.concatenate(list(_hashed(count, seed)))[:count]
        half = kept.with_suffix(f".{os.getpid()}.npy")
        np.save(half, made)
        half.replace(kept)
    values: NDArray[np.uint8] = np.load(kept)
    return values


def _hashed(count: int, seed: int) -> Iterator[NDArray[np.uint8]]:
    shrunken = _shrunken()
    chance = np.random.default_rng(seed)
    waves = _cosines()
    for _ in range(-(-count // _BATCH)):
        blocks = np.stack([_window(shrunken, chance) for _ in range(_BATCH)])
        yield _values(np.matmul(np.matmul(waves, blocks), waves.T).reshape(_BATCH, -1))


def _values(found: NDArray[np.float32]) -> NDArray[np.uint8]:
    middle = np.partition(found, 127, axis=1)[:, 127:128]
    return np.packbits(found > middle, axis=1)[:, ::-1]


def _shrunken() -> list[NDArray[np.float32]]:
    made = []
    for path in pictures():
        with Image.open(path) as picture:
            picture.draft("RGB", (1024, 1024))
            grey = picture.convert("L")
            for side in _SIDES:
                share = side / min(grey.size)
                size = (max(SIDE, round(grey.width * share)), max(SIDE, round(grey.height * share)))
                made.append(np.asarray(grey.resize(size, Image.Resampling.BOX), np.float32))
    return made


def _window(
    shrunken: list[NDArray[np.float32]], chance: np.random.Generator
) -> NDArray[np.float32]:
    """64 x 64 samples, from anywhere; every second one mirrored; never a flat piece of sky."""
    while True:
        whole = shrunken[chance.integers(len(shrunken))]
        y = chance.integers(whole.shape[0] - SIDE + 1)
        x = chance.integers(whole.shape[1] - SIDE + 1)
        found = whole[y : y + SIDE, x : x + SIDE]
        if found[::4, ::4].std() > 8:
            return found[:, ::-1] if chance.integers(2) else found


def _cosines() -> NDArray[np.float32]:
    frequency, sample = np.arange(1, FREQUENCIES + 1), 2 * np.arange(SIDE) + 1
    return np.cos(np.pi / (2 * SIDE) * np.outer(frequency, sample)).astype(np.float32)
