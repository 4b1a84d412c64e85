"""Fuzzes what the decoder runs on strangers' files, guided by coverage. Outside CI; endless.

    pip install atheris
    PYTHONPATH=src python -m bench.fuzz_decoder var/bench/corpus -max_total_time=600

Every input must end as a named state with hashes of the right length, and nothing else may be
raised: a crash, a hang of 25 s or 2 GiB end the run, with the input kept beside the corpus. It
begins with a small file of each format, and mends no checksums: hypothesis does that in the suite.
"""

import sys
from contextlib import suppress
from pathlib import Path

import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]

with atheris.instrument_imports(include=["heed.hashing", "PIL"]):
    from heed.hashing import views
    from heed.hashing.normalise import learn_heif
    from heed.hashing.refusals import NotHashable
    from heed.hashing.signals import HASHED, NOT_HASHABLE, STATES, WAYS, signals_of

from examples.pictures import video
from tests.hashing.patterns import drawn, encoded

FORMS = (
    "JPEG",
    "PNG",
    "GIF",
    "WEBP",
    "TIFF",
    "BMP",
    "AVIF",
    "JPEG2000",
    "TGA",
    "PPM",
    "ICO",
    "PCX",
)
FILES = Path(__file__).parents[1] / "tests" / "hashing" / "files"


def plant(corpus: Path) -> None:
    """A small file of each format to begin with."""
    corpus.mkdir(parents=True, exist_ok=True)
    for form in FORMS:
        (corpus / f"seed.{form.lower()}").write_bytes(encoded(drawn().resize((48, 32)), form))
    frames = [drawn(seed).resize((48, 32)) for seed in range(3)]
    (corpus / "seed-moving.gif").write_bytes(
        encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    )
    (corpus / "seed-ink.jpeg").write_bytes(encoded(frames[0].convert("CMYK"), "JPEG"))
    (corpus / "seed.mp4").write_bytes(video(3, seconds=1))
    (corpus / "seed.heic").write_bytes((FILES / "turned.heic").read_bytes())


def one(data: bytes) -> None:
    """One input: a state, and a rendition or a refusal."""
    signals = signals_of(data)
    assert signals.state in STATES
    assert (signals.state == HASHED) == (signals.reason is None), signals.reason
    assert signals.state == NOT_HASHABLE or signals.pdq or signals.frames
    assert all(len(form) == 32 for form in signals.query_forms)
    assert not signals.asked_at_s or len(signals.query_forms) == WAYS * len(signals.asked_at_s)
    with suppress(NotHashable, MemoryError):
        assert views.derivative(data, 64)


def main() -> None:
    learn_heif()
    corpus = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    if corpus:
        plant(Path(corpus))
    limits = ["-timeout=25", "-rss_limit_mb=2048", "-max_len=60000"]
    atheris.Setup([sys.argv[0], *limits, *sys.argv[1:]], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
