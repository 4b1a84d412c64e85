"""How many uploads a second does the gate answer, with millions banked? Prints a few lines.

    PYTHONPATH=src python -m bench.gate [--banked 10000000] [--seconds 20] [--clients 16] [--at DIR]

Starts an instance of its own in a temporary directory, banks random PDQ values, waits until the
index holds them, and asks with `wrk` (Debian's package of that name) by signals that meet nothing:
one at a time, and 64 at a time. The server is kept on one core, the load on the other. With `--at`
the instance is made there once and kept for the next run; `--seconds 0` only makes it.
"""

import argparse
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psutil  # type: ignore[import-untyped]
import psycopg

from bench.machine import machine
from heed.instance import processes
from heed.instance.place import Place
from heed.instance.processes import Running

PORT = 8777
CHECK = "/api/v1/uploads/check"
SERVER_CORE, LOAD_CORE = 0, 1
SMALL = 50_000  # so few may stay in the delta
SINGLE, BATCHED, P99_MS = 5_000, 14_000, 8.0  # what it is held to
# Every request another value: what is asked must not be in a cache.
LUA = """
math.randomseed({seed})
local function hex(n)
  local out = {{}}
  for i = 1, n do out[i] = string.format("%02x", math.random(0, 255)) end
  return table.concat(out)
end
local function signals()
  return '{{"signals":{{"sha256":"' .. hex(32) .. '","md5":"' .. hex(16) .. '","pdq":"' .. hex(32)
    .. '","pdq_quality":90}}}}'
end
local bodies, at = {{}}, 0
for i = 1, {bodies} do
  local many = {{}}
  for j = 1, {batch} do many[j] = signals() end
  bodies[i] = {batch} == 1 and many[1] or '{{"uploads":[' .. table.concat(many, ",") .. ']}}'
end
request = function()
  at = at % #bodies + 1
  return wrk.format("POST", "{path}",
    {{["Content-Type"] = "application/json", ["Authorization"] = "Bearer {key}"}}, bodies[at])
end
done = function(summary, latency, requests)
  io.write(string.format("RESULT %.1f %.3f %.3f %d\\n", summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, summary.errors.status))
end
"""


def main() -> int:
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--banked", type=int, default=10_000_000)
    asked.add_argument("--seconds", type=int, default=20)
    asked.add_argument("--clients", type=int, default=16)
    asked.add_argument("--at", type=Path, help="keep the instance here, and use it again")
    said = asked.parse_args()
    if shutil.which("wrk") is None:
        print("wrk is not here: apt-get install wrk", file=sys.stderr)
        return 2
    with instance(said.banked, said.at) as (running, key):
        if not said.seconds:
            return 0
        single = load(key, 1, said.seconds, said.clients)
        batched = load(key, 64, said.seconds, 4)
        web = running.crew.pid("web")
        assert web is not None
        used = sum(_pss(one.pid) for one in [psutil.Process(web), *psutil.Process(web).children()])
    print(
        f"gate, {said.banked:,} banked: {single[0]:,.0f} requests/s single (p50 {single[1]:.1f},"
        f" p99 {single[2]:.1f} ms; held to {SINGLE:,} and {P99_MS:.0f} ms);"
        f" {batched[0] * 64:,.0f} signals/s in batches of 64 (p99 {batched[2]:.0f} ms; held to"
        f" {BATCHED:,}); web process {used:,.0f} MB with the index; {machine()}"
    )
    fits = single[0] >= SINGLE and single[2] < P99_MS and batched[0] * 64 >= BATCHED
    return 0 if fits else 1


@contextlib.contextmanager
def instance(banked: int, at: Path | None) -> Iterator[tuple[Running, str]]:
    directory = at or Path(tempfile.mkdtemp(prefix="heed-gate-"))
    directory.mkdir(exist_ok=True)
    directory.chmod(0o755)
    try:
        with processes.running(Place(directory / "var"), port=PORT, say=lambda *_: None) as running:
            key = _prepared(running, banked, directory / f"key-{banked}")
            _wait_for_index(running, key, banked)
            for name, core in (("web", SERVER_CORE), ("worker", LOAD_CORE)):
                _keep_on(running, name, core)
            yield running, key
    finally:
        if at is None:
            shutil.rmtree(directory, ignore_errors=True)


def _prepared(running: Running, banked: int, kept: Path) -> str:
    """A platform, a key, and a bank of so many random values."""
    if kept.exists():
        return kept.read_text()
    env = {**os.environ, "HEED_VAR": str(running.place.var)}
    heed = [sys.executable, "-m", "heed"]
    subprocess.run(
        [*heed, "platform", "add", "square", "--name", "Square", "--url", "https://square.example/"],
        env=env, check=True, capture_output=True,
    )  # fmt: skip
    made = subprocess.run(
        [*heed, "key", "add", "square", "--name", "bench", "--scope", "uploads"],
        env=env, check=True, capture_output=True, text=True,
    )  # fmt: skip
    with psycopg.connect(running.database.owner, autocommit=True) as connection:
        for statement in _BANKING:
            connection.execute(statement.format(banked=banked))  # type: ignore[arg-type]
    key = next(word for word in made.stdout.split() if word.startswith("heed_"))
    kept.write_text(key)
    return key


# Indexes are made anew afterwards: kept up row by row, they take longer than all the rest. What is
# left out are checks and one index that only adding signals asks.
_BANKING = (
    """
    DO $$ DECLARE one record; BEGIN
        CREATE TABLE made_anew AS SELECT indexname, indexdef FROM pg_indexes
            WHERE tablename = 'media_banksignal' AND indexname NOT IN
            (SELECT conname FROM pg_constraint WHERE conrelid = 'media_banksignal'::regclass);
        FOR one IN SELECT conname FROM pg_constraint
            WHERE conrelid = 'media_banksignal'::regclass AND contype IN ('f', 'u') LOOP
            EXECUTE 'ALTER TABLE media_banksignal DROP CONSTRAINT ' || quote_ident(one.conname);
        END LOOP;
        FOR one IN SELECT indexname FROM made_anew LOOP
            EXECUTE 'DROP INDEX ' || quote_ident(one.indexname);
        END LOOP;
    END $$
    """,
    """
    INSERT INTO media_bank (id, name, category, action, hides_registered, asks_person,
        trusted, threshold_bits, enabled_share, enabled, made_at, made_by)
    VALUES (gen_random_uuid(), 'bench', 'other', 'block', false, false, false, 31, 1,
        true, now(), 'bench')
    """,
    """
    INSERT INTO media_banksignal (bank_id, type, value, quality, source, source_ref, note, added_at)
    SELECT b.id, 'pdq', sha256(int8send(n)), 100, 'bench', '', '', now()
    FROM media_bank b, generate_series(1, {banked}) n WHERE b.name = 'bench'
    """,
    """
    DO $$ DECLARE one record; BEGIN
        FOR one IN SELECT indexdef FROM made_anew LOOP
            EXECUTE one.indexdef;
        END LOOP;
        DROP TABLE made_anew;
    END $$
    """,
    "ANALYZE media_banksignal",
)


def _wait_for_index(running: Running, key: str, banked: int) -> None:
    """Until the index knows the last value, and the web process finds it there."""
    began = time.monotonic()
    last = hashlib.sha256(banked.to_bytes(8, "big")).hexdigest()
    with httpx2.Client(
        base_url=f"http://127.0.0.1:{PORT}", trust_env=False, timeout=60,
        headers={"Authorization": f"Bearer {key}"},
    ) as client:  # fmt: skip
        while _asked(client, last) != "looks-like-claimed" or not _has_segments(running, banked):
            time.sleep(0.5)
            assert time.monotonic() - began < 1_200, "no index after 20 minutes"
        time.sleep(3)  # let the worker finish what came of it
        print(f"the index was there after {time.monotonic() - began:.0f} s", flush=True)
        assert _asked(client, "0f" * 32) == "nothing-found"


def _has_segments(running: Running, banked: int) -> bool:
    book = running.place.var / "index" / "banked"
    return banked < SMALL or any(book.glob("*.segment"))


def _asked(client: httpx2.Client, pdq: str) -> str:
    body = {"signals": {"sha256": "ab" * 32, "pdq": pdq, "pdq_quality": 90}}
    return str(client.post(CHECK, json=body).raise_for_status().json()["reason"])


def _keep_on(running: Running, name: str, core: int) -> None:
    pid = running.crew.pid(name)
    assert pid is not None
    for one in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess, AttributeError):
            for thread in one.threads():
                os.sched_setaffinity(thread.id, {core})


def load(key: str, batch: int, seconds: int, clients: int) -> tuple[float, float, float]:
    """Requests a second, and milliseconds: median and p99."""
    facts = {"seed": batch, "bodies": 20_000 // batch, "batch": batch, "path": CHECK, "key": key}
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(LUA.format(**facts))
        script.flush()
        done = subprocess.run(
            ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{clients}", f"-d{seconds}s",
             "--timeout", "10s", "-s", script.name, f"http://127.0.0.1:{PORT}"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    result = next(line.split() for line in done.stdout.splitlines() if line.startswith("RESULT"))
    assert result[4] == "0", done.stdout
    return float(result[1]), float(result[2]), float(result[3])


def _pss(pid: int) -> float:
    rollup = Path("/proc", str(pid), "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in rollup if line.startswith("Pss:")) / 1024


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", os.pathsep.join(sys.path))
    sys.exit(main())
