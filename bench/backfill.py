"""How many pictures a second does `heed backfill` register and hash? Prints one line.

    PYTHONPATH=src python -m bench.backfill [--pictures 2000] [--jobs 2]

Draws pictures into a directory, starts an instance of its own with the command line alone, fills a
bank with a hundred of them, goes through the directory, and once more when all is known.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from pathlib import Path

from bench.machine import machine
from examples.pictures import picture
from heed.instance import database
from heed.instance.boot import environment
from heed.instance.place import Place

SITE, BANKED = "https://square.example/", 100


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pictures", type=int, default=2_000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="heed-bench-"))
    directory.chmod(0o755)  # the database's user must be able to pass
    try:
        media = directory / "media"
        drawn = draw(media, asked.pictures)
        place = Place(directory / "var")
        with database.owned(place, "http://127.0.0.1") as (urls, _):
            env = {**os.environ, **environment(place, database_url=urls.app)}
            env |= {"HEED_OWNER_DATABASE_URL": urls.owner, "HEED_CONFIG": os.devnull}
            said, first, second = filled(env, media, asked.jobs)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(
        f"backfill: {asked.pictures / first:,.0f} pictures/s, again {asked.pictures / second:,.0f}"
        f" ({asked.pictures:,} JPEG of 800x600, {drawn / 1e6:,.0f} MB, {asked.jobs} decoders, with"
        f" the start of the command; {said}; {machine()})"
    )


def draw(media: Path, count: int) -> int:
    """Pictures in a hundred directories; their bytes together."""
    with ProcessPoolExecutor() as hands:
        bodies = hands.map(picture, range(count), chunksize=50)
        for number, body in enumerate(bodies):
            path = media / f"{number % 100:02}" / f"{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
    return sum(path.stat().st_size for path in media.rglob("*.jpg"))


def filled(env: dict[str, str], media: Path, jobs: int) -> tuple[str, float, float]:
    """What the first run said, and the seconds of both."""
    heed(env, "migrate")
    heed(env, "platform", "add", "square", "--url", SITE)
    listed = media.parent / "list.csv"
    some = sorted(media.rglob("*.jpg"))[:BANKED]
    lines = [f"sha256,{sha256(path.read_bytes()).hexdigest()}" for path in some]
    listed.write_text("type,value\n" + "\n".join(lines) + "\n")
    heed(env, "bank", "add", "L", "--category", "minor_sexual", "--on-registered", "hide")
    heed(env, "bank", "import", "L", str(listed))
    heed(env, "bank", "dry-run", "L")
    heed(env, "bank", "enable", "L")
    fill = ["backfill", "square", "--directory", str(media), "--url-prefix", f"{SITE}media/"]
    times = []
    for _ in range(2):
        began = time.monotonic()
        said = heed(env, *fill, "--jobs", str(jobs))
        times.append(time.monotonic() - began)
    return said.splitlines()[-1], times[0], times[1]


def heed(env: dict[str, str], *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "heed", *command], env=env, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"heed {' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout.strip()


if __name__ == "__main__":
    main()
