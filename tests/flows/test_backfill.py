"""What was there before Heed came: registered, hashed, compared; gone on with after a stop."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.pictures import picture
from heed.flows.backfill import Seen, backfill
from heed.flows.manage_banks import Policy, dry_run, import_signals, make_bank, switch_bank
from heed.hashing.refusals import Reason
from heed.hashing.sandbox import DecoderPool
from heed.hashing.signals import exact_signals
from heed.instance import backfill as filling
from heed.instance.backfill import Hands, Notes, Stopped, notes_of, reader, run, tell
from heed.instance.place import Place
from heed.integrations.listings import directory
from heed.integrations.listings.addresses import AddressListing
from heed.integrations.listings.directory import DirectoryListing
from heed.media.models import Item, ItemFile
from heed.ports import Listed, ListedFile, ListedPage, NotFetched, NotListed
from tests.flows.stage import TOWN, Stage, entries, waiting

AT = f"{TOWN}/media/"


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """Four drawn pictures, of which one is in a bank, and a file that is broken."""
    root = tmp_path / "media"
    (root / "2026" / "01").mkdir(parents=True)
    for n, name in enumerate(("a.jpg", "2026/b b.jpg", "2026/01/c.jpg", "z.jpg")):
        (root / name).write_bytes(picture(n))
    (root / "broken.jpg").write_bytes(picture(9)[:3_000])
    (root / ".hidden").write_bytes(b"not served")
    return root


def unreached(url: str) -> bytes:
    raise NotFetched("answered 503")


def hands(listing: DirectoryListing | AddressListing) -> Hands:
    return Hands(reader(listing, unreached), jobs=1)


def bank_with(town: Stage, data: bytes) -> None:
    pool = DecoderPool(size=1)
    value = pool.signals(data).sha256.hex()
    pool.close()
    policy = Policy(category="minor_sexual", on_upload="hold", on_registered="hide")
    bank = make_bank(name="LIST", platform_slug="town", policy=policy, by="test", now=town.now)
    text = f'[{{"type": "sha256", "value": "{value}"}}]'
    import_signals(bank_id=bank.id, text=text, kind="json", by="list", now=town.now)
    dry_run(bank_id=bank.id, by="test", now=town.now)
    switch_bank(bank_id=bank.id, on=True, by="test", now=town.now)


class Breaks(DirectoryListing):
    """A listing that can't be read on after so many pages."""

    left = 2

    def page(self, after: str) -> ListedPage:
        self.left -= 1
        if self.left < 0:
            raise NotListed("the disk is away")
        return super().page(after)


@pytest.mark.django_db
def test_what_no_decoder_could_look_into_is_read_again_by_its_address() -> None:
    town, url = Stage(), f"{AT}a.jpg"
    listed = Listed(ref="a", url=f"{TOWN}/posts/a", files=(ListedFile(url=url),))
    for reason, again in ((Reason.BROKEN, False), (Reason.BUSY, True)):
        seen = Seen(listed, (exact_signals(picture(7) + reason.encode(), reason),))
        backfill(platform_id=town.platform_id, page=[seen], now=town.now)
        assert ("read_again" in waiting()) is again


@pytest.mark.django_db
def test_everything_is_registered_once_and_what_a_bank_knows_is_hidden(
    media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(directory, "PAGE", 2)
    town, notes = Stage(), notes_of(Place(tmp_path), "town", str(media))
    bank_with(town, (media / "2026" / "b b.jpg").read_bytes())
    listing = Breaks(media, AT)
    with pytest.raises(Stopped, match="the disk is away"):
        run(town.platform_id, listing, hands(listing), notes)
    stopped = notes.read()
    assert stopped.items == 4 and stopped.after == "broken.jpg" and not stopped.ended_at
    steps: list[tuple[int, int | None]] = []
    listing = DirectoryListing(media, AT)
    done = run(
        town.platform_id, listing, hands(listing), notes,
        went_on=lambda now, total: steps.append((now.items, total)),
    )  # fmt: skip
    assert steps == [(5, 5)] and done.ended_at
    assert (done.items, done.files, done.could_not, done.matched) == (5, 5, 1, 1)
    hidden = Item.objects.get(desired="hidden")
    assert hidden.url == f"{AT}2026/b%20b.jpg"
    assert ItemFile.objects.filter(file__state="hashed").count() == 4
    assert entries("site.backfilled") == 1
    assert tell(done, notes) == 2
    assert f"{AT}broken.jpg" in capsys.readouterr().out
    notes.begin()
    listing = DirectoryListing(media, AT)
    again = run(town.platform_id, listing, hands(listing), notes)
    assert (again.items, again.new) == (5, 0) and Item.objects.count() == 5


@pytest.mark.django_db
def test_a_site_that_names_its_posts_keeps_their_names(tmp_path: Path) -> None:
    town = Stage()
    town.post("p1")
    lines = [
        "# exported by hand",
        town.url("p1"),
        f"{TOWN}/new {TOWN}/f/1 {TOWN}/f/2",
        f'{{"ref": "p3", "url": "{TOWN}/p3", "files": [{{"url": "{TOWN}/f/3"}}]}}',
    ]
    notes = Notes(tmp_path / "j.json")
    done = run(town.platform_id, AddressListing(lines), hands(AddressListing(lines)), notes)
    assert (done.items, done.new, done.files, done.could_not) == (3, 2, 4, 4)
    assert set(Item.objects.values_list("ref", flat=True)) == {"p1", "p3", f"{TOWN}/new"}
    waiting = ItemFile.objects.filter(state="waiting").values_list("url", flat=True)
    assert set(waiting) >= {f"{TOWN}/f/1", f"{TOWN}/f/2", f"{TOWN}/f/3"}  # the worker tries on
    assert notes.could_not.read_text().count("answered 503") == 4
    assert backfill(platform_id=town.platform_id, page=[], now=town.now).items == 0


@pytest.mark.parametrize("line", ["gopher://x", "{}", '{"ref": 1, "url": "x"}', "{"])
def test_a_line_that_is_no_item_is_named_by_its_number(line: str) -> None:
    with pytest.raises(NotListed, match="line 2"):
        AddressListing([f"{TOWN}/a", line]).page("")


NAMES = st.text("abz0-. ", min_size=1, max_size=3).filter(lambda name: name.strip(". ") != "")


@given(st.lists(st.lists(NAMES, min_size=1, max_size=3), max_size=12), st.integers(1, 5))
def test_a_directory_is_gone_through_once_however_often_it_is_stopped(
    tmp_path_factory: pytest.TempPathFactory, paths: list[list[str]], size: int
) -> None:
    root = tmp_path_factory.mktemp("many")
    for parts in paths:
        target = root.joinpath(*parts)
        if not any(one.is_file() for one in target.parents) and not target.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
    there = {
        path.relative_to(root).as_posix() for path in root.rglob("*")
        if path.is_file() and not any(part[0] == "." for part in path.relative_to(root).parts)
    }  # fmt: skip
    was, directory.PAGE = directory.PAGE, size
    try:
        found, after = list[str](), ""
        while True:
            page = DirectoryListing(root, AT).page(after)  # another process each time
            found += [one.files[0].key for one in page.items]
            if not (after := page.after):
                break
    finally:
        directory.PAGE = was
    assert sorted(found) == sorted(there) and page.total == len(there)


def test_no_more_files_are_read_a_second_than_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    slept = list[float]()
    monkeypatch.setattr(filling.time, "monotonic", lambda: 100.0)
    monkeypatch.setattr(filling.time, "sleep", slept.append)
    slowly = Hands(lambda _: b"", jobs=1, per_second=10)
    for _ in range(4):
        slowly._wait()
    monkeypatch.undo()
    assert slept == pytest.approx([0.0, 0.1, 0.2, 0.3])
