"""Claims, copies and happenings of every kind, for property tests."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from heed.rules.claims import AgeThen, BankAction, Category, Claim, Standing
from heed.rules.clocks import Event, Happening
from heed.rules.spread import Found, FoundBy

ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu")

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
instants = st.integers(0, 10 * 365 * 24 * 3600).map(lambda passed: BEGIN + timedelta(0, passed))


def claims() -> st.SearchStrategy[Claim]:
    flags = {
        name: st.booleans()
        for name in (
            "has_file", "by_notice", "threatened_only", "danger_now", "time_given",
            "declaration_complete", "contact_confirmed", "verified_channel", "police_reference",
            "stood_before", "brings_new_fact", "source_over_bound", "rolled_back",
            "place_unknown", "partner_field",
        )
    }  # fmt: skip
    return st.builds(
        Claim,
        category=st.sampled_from(Category),
        standing=st.sampled_from(Standing),
        age_then=st.sampled_from(AgeThen),
        stated_age=st.none() | st.integers(0, 90),
        bank=st.none() | st.sampled_from(BankAction),
        **flags,
    )


def copies() -> st.SearchStrategy[Found]:
    return st.builds(
        Found,
        by=st.sampled_from(FoundBy),
        distance_bits=st.none() | st.integers(0, 60),
        quality=st.none() | st.integers(0, 100),
        claimed_quality=st.none() | st.integers(0, 100),
        older_by=st.timedeltas(min_value=timedelta(-1000), max_value=timedelta(1000)),
        confirmed=st.booleans(),
        exempt=st.booleans(),
    )


def happenings() -> st.SearchStrategy[Happening]:
    return st.builds(
        Happening,
        event=st.sampled_from(Event),
        cause=st.text("ABCDEF", min_size=1, max_size=3),
        at=instants,
        claim=st.none() | claims(),
        zone=st.sampled_from(ZONES).map(ZoneInfo),
    )
