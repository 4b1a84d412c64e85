"""The config file: read as systemd reads it, only ever added to, and never against a person."""

import os
import stat
import string
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.instance import env_file
from heed.instance.doctor_machine import BESIDES, FAMILIES
from heed.instance.first_day.settings_file import TEMPLATE, answers_of, settings_of, with_answers
from heed.instance.place import ROOT
from heed.instance.trouble import Trouble
from heed.settings import Configuration

NAMES = st.text(string.ascii_uppercase + "_", min_size=1, max_size=12).map("HEED_".__add__)
VALUES = st.text(
    st.characters(blacklist_categories=("Cc", "Cs"), blacklist_characters="\x85\u2028\u2029"),
    max_size=30,
).filter(lambda value: value == value.strip())
REMARKS = st.sampled_from(["", "# by hand", "  ; by hand", "#HEED_A="])
# What only processes tell each other, or tests; a person never sets it in the file.
NOT_IN_THE_FILE = {
    "secret_key", "var", "signing_key_file", "demo", "debug", "failpoint", "vault_keys", "opens",
    "viewer_socket", "ncmec_test_url", "ncmec_production_url",
}  # fmt: skip


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_what_is_written_is_read_again(said: dict[str, str]) -> None:
    text = env_file.with_settings("", said)
    assert env_file.parse(text) == said


@st.composite
def edited_files(draw: st.DrawFn) -> str:
    lines = draw(st.lists(st.one_of(
        REMARKS, st.builds(env_file.line_of, NAMES, VALUES),
        st.builds("{}='{}'".format, NAMES, st.text(string.ascii_letters + " #", max_size=9)),
    ), max_size=8))  # fmt: skip
    return "\n".join(lines) + draw(st.sampled_from(["", "\n"]))


@given(edited_files(), st.dictionaries(NAMES, VALUES, max_size=5))
def test_no_line_that_a_person_wrote_is_changed_and_a_second_time_adds_nothing(
    text: str, said: dict[str, str]
) -> None:
    before, after = env_file.parse(text), env_file.with_settings(text, said)
    assert env_file.parse(after) == said | before
    kept = [line for line in text.split("\n") if line.strip() and not line.startswith("#HEED_")]
    assert [line for line in after.split("\n") if line in kept][: len(kept)] == kept
    assert env_file.with_settings(after, said) == after


@pytest.mark.parametrize(
    "line", ["HEED_X", "=1", "HEED X=1", 'HEED_X="a', "HEED_X='a", 'HEED_X="a" b', "HEED_X=a\\",
             'HEED_X="a\\"', "export HEED_X=1"],
)  # fmt: skip
def test_a_line_that_nobody_can_read_is_named(line: str) -> None:
    with pytest.raises(env_file.BadLine, match=r"heed\.env, line 2: "):
        env_file.parse(f"HEED_A=1\n{line}\n", where="heed.env")


def test_it_reads_what_systemd_reads() -> None:
    text = '# no\n; no\n\nA=b c # d\n B = \'x"y\' \nC="a \\"b\\" \\$d \\\\"\nD=\nA=last\r\n'
    assert env_file.parse(text) == {"A": "last", "B": 'x"y', "C": 'a "b" $d \\', "D": ""}


def test_the_environment_wins_over_the_file_and_an_empty_value_counts(tmp_path: Path) -> None:
    path = tmp_path / "heed.env"
    assert env_file.take_up({}, path) == []
    env_file.write(path, "HEED_A=file\nHEED_B=file\nHEED_C=file\n")
    environ = {"HEED_A": "real", "HEED_B": ""}
    assert env_file.take_up(environ, path) == ["HEED_C"]
    assert environ == {"HEED_A": "real", "HEED_B": "", "HEED_C": "file"}


def test_it_is_for_its_owner_alone_and_keeps_the_rights_that_it_was_given(tmp_path: Path) -> None:
    path = tmp_path / "new" / "heed.env"
    env_file.write(path, "A=1\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    env_file.write(path, "A=2\n")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("A=2\n", 0o640)
    assert os.listdir(path.parent) == ["heed.env"]
    with pytest.raises(env_file.NotWritable, match="HEED_CONFIG"):
        env_file.write(path / "below", "A=1\n")
    path.write_bytes(b"\xff")
    with pytest.raises(Trouble, match="can't be read"):
        env_file.read(path)


def test_a_new_file_has_a_place_for_every_setting_and_sets_none() -> None:
    text = TEMPLATE.read_text()
    places = {line[1:-1] for line in text.split("\n") if line.startswith("#HEED_")}
    fields = {f"HEED_{name.upper()}" for name in Configuration.model_fields}
    assert env_file.parse(text) == {}
    assert fields - places == {f"HEED_{name.upper()}" for name in NOT_IN_THE_FILE}
    assert not env_file.unknown(places - fields, BESIDES, FAMILIES)


def test_answers_come_back_from_the_lines_that_they_made() -> None:
    said = {
        "address": "https://safety.example.org", "listen": "127.0.0.1:8010", "proxy": "none",
        "database": "postgresql://app:p%40@db/heed", "owner-database": "postgresql://o@db/heed",
        "mail": "smtp://u:p@mail.example.org:587", "mail-from": "n@example.org",
        "mail-returns": "r@example.org", "backup-to": "/mnt/other",
        "storage": "s3://b/p", "s3-key": "K", "s3-secret": 'S"$',
    }  # fmt: skip
    text = with_answers("", said | {"country": "DE"})
    settings = env_file.parse(text)
    assert answers_of(settings) == said
    assert (settings["HEED_JURISDICTION"], settings["HEED_STATUTES"]) == ("EU", "us,eu")
    assert settings["HEED_ALLOWED_HOSTS"] == "safety.example.org,127.0.0.1,localhost"
    later = settings_of({"mail": "none", "database": "embedded", "storage": "here"})
    assert later == {"HEED_DATABASE_URL": "", "HEED_VAULT": ""}, "mail is asked for again"


def test_a_setting_under_its_floor_is_refused_in_one_line_without_its_value() -> None:
    more = {"HEED_WORDS_KEPT_DAYS": "31", "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-c", "import heed.settings"], env={**os.environ, **more},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    says = "heed: HEED_WORDS_KEPT_DAYS: Input should be greater than or equal to 365"
    assert done.stderr.strip() == says
