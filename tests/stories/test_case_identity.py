"""One file, one item, one case: and what each of them does to the others."""

from heed.cases.models import Case, CaseLink, Copy, Restriction
from heed.cases.services.notices import Place
from heed.filings.queries import answers_to
from heed.flows.check_upload import check_signals
from heed.media.models import Upload
from heed.rules.gate import Verdict
from tests.flows.stage import NOON, Stage, picture
from tests.people import dana, gil, somebody


def test_of_a_post_with_four_pictures_each_has_a_case_and_one_removal_keeps_the_post_down(
    town: Stage,
) -> None:
    four = [picture(f"p{n}") for n in range(4)]
    town.post("post", *four)
    heard = town.hear(gil(town.url("post")))
    assert town.cases_of(heard) == {town.case(one).id for one in four}
    rae, sam = town.staff("Rae"), town.staff("Sam")
    town.remove(town.case(four[0]), rae)
    for kept in four[1:]:
        town.keep(town.case(kept), rae, sam)
    assert town.seen("post") == ["removed"]
    assert Case.objects.filter(state=Case.State.DECIDED).count() == 4


def test_a_post_of_four_pictures_is_back_when_the_last_of_its_cases_lets_it_stand(
    town: Stage,
) -> None:
    four = [picture(f"p{n}") for n in range(4)]
    town.post("post", *four)
    town.hear(gil(town.url("post")))
    rae, sam = town.staff("Rae"), town.staff("Sam")
    for n, kept in enumerate(four, 1):
        town.keep(town.case(kept), rae, sam)
        assert town.seen("post") == ["visible" if n == 4 else "hidden"]


def test_one_picture_in_many_posts_is_one_case_for_everybody_who_names_it(town: Stage) -> None:
    one = picture("one")
    for n in range(5):
        town.post(f"post{n}", one)
    first, second = town.hear(gil(town.url("post0"))), town.hear(gil(town.url("post3")))
    assert town.cases_of(first) == town.cases_of(second) == {town.case(one).id}
    assert town.seen(*(f"post{n}" for n in range(5))) == ["hidden"] * 5


def test_a_near_copy_is_hidden_by_a_claim_and_waits_for_a_person_when_the_claim_is_decided(
    town: Stage,
) -> None:
    named = picture("named")
    town.post("named", named)
    town.post("near", picture("near", like=named, bits=9))
    town.post("far", picture("far", like=named, bits=60))
    town.hear(gil(town.url("named")))
    assert town.seen("named", "near", "far") == ["hidden", "hidden", "visible"]
    town.remove(town.case(named), town.staff("Rae"))
    assert town.seen("named", "near", "far") == ["removed", "hidden", "visible"]


def test_a_near_picture_of_poor_quality_is_noted_and_never_touched(town: Stage) -> None:
    named = picture("named")
    town.post("named", named)
    town.post("flat", picture("flat", like=named, bits=4, quality=20))
    town.hear(gil(town.url("named")))
    assert town.seen("flat") == ["visible"]
    assert Copy.objects.get(item__ref="flat").how == "near"


def test_a_notice_on_a_near_file_keeps_a_case_of_its_own_that_is_linked(town: Stage) -> None:
    named = picture("named")
    near = picture("near", like=named, bits=9)
    town.post("named", named)
    town.post("near", near)
    first, second = town.hear(gil(town.url("named"))), town.hear(gil(town.url("near")))
    assert town.cases_of(first).isdisjoint(town.cases_of(second))
    link = CaseLink.objects.get()
    assert {link.case_id, link.other_id} == town.cases_of(first) | town.cases_of(second)
    assert link.same is None


def test_links_are_never_transitive(town: Stage) -> None:
    """A looks like B, B looks like C: the case of A reaches B, and never C."""
    a = picture("a")
    b = picture("b", like=a, bits=20)
    c = picture("c", like=a, bits=40)
    for name, one in (("a", a), ("b", b), ("c", c)):
        town.post(name, one)
    town.hear(gil(town.url("a")))
    assert town.seen("a", "b", "c") == ["hidden", "hidden", "visible"]
    town.hear(somebody(town.url("b")))
    assert town.seen("c") == ["visible"]


def test_restoring_one_of_two_cases_leaves_what_the_other_restricts(town: Stage) -> None:
    one, two = picture("one"), picture("two")
    town.post("both", one, two)
    town.post("only-one", one)
    town.hear(gil(town.url("both")))
    rae, sam = town.staff("Rae"), town.staff("Sam")
    town.keep(town.case(one), rae, sam)
    assert town.seen("both", "only-one") == ["hidden", "visible"]
    assert Restriction.objects.get(lifted_at=None).case == town.case(two)


def test_a_threat_with_hashes_holds_an_upload_and_touches_nothing_that_is_registered(
    town: Stage,
) -> None:
    threatened = picture("threatened")
    town.post("there-already", threatened)
    hashes = Place(signals={"sha256": threatened.sha256.hex() if threatened.sha256 else ""})
    town.hear(gil(places=(hashes,), threatened_only=True))
    assert town.seen("there-already") == ["visible"]
    checked = check_signals(
        platform_id=town.platform_id, signals=threatened, upload_ref="u1", now=town.now
    )
    assert checked.verdict is Verdict.HOLD
    assert Upload.objects.get().case_id == Case.objects.get().id


def test_nothing_crosses_from_one_platform_to_another(db: None) -> None:
    town, village = Stage(), Stage("village", "https://village.example")
    one = picture("one")
    town.post("post", one)
    village.post("post", one)
    town.hear(gil(town.url("post")))
    assert (town.seen("post"), village.seen("post")) == (["hidden"], ["visible"])
    checked = check_signals(platform_id=village.platform_id, signals=one, now=NOON)
    assert checked.verdict is Verdict.ALLOW


def test_an_adults_original_can_be_exempted_from_the_removal_of_its_repost(town: Stage) -> None:
    one = picture("one")
    original = town.post("original", one)
    town.post("repost", one)
    town.hear(dana(town.url("repost")), verified_channel=True)
    assert town.seen("original", "repost") == ["hidden", "hidden"]
    town.remove(town.case(one), town.staff("Rae"), exempt=[original.id])
    assert town.seen("original", "repost") == ["hidden", "removed"]  # by one person alone
    town.may_stay(town.case(one), town.staff("Sam"))
    assert town.seen("original", "repost") == ["visible", "removed"]


def test_who_speaks_another_language_than_the_reasons_is_told_so_in_their_own(town: Stage) -> None:
    one = picture("one")
    town.post("post", one)
    hers, his = (town.hear(gil(town.url("post"), language=code)) for code in ("es", "de"))
    town.remove(town.case(one), town.staff("Rae"), reasons="La hemos mirado.")
    spanish, german = (answers_to(one.notice_id)[0].text for one in (hers, his))
    assert "otro idioma" not in spanish and "La hemos mirado." in spanish
    assert "hat das in einer anderen Sprache geschrieben:\nLa hemos mirado." in german
