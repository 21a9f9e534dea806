"""Landing files damaged at random: no row is lost, and the good file beside them is untouched."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzz.damage import KINDS, Damage, damaged, good_files
from cx_assets_tests.landing.zone import GOOD_ORDERS, Zone, months

pytestmark = pytest.mark.slow

GOOD = good_files("orders")
DAMAGES = st.lists(
    st.builds(
        Damage,
        kind=st.sampled_from(KINDS),
        at=st.floats(0, 1, exclude_max=True),
        to=st.floats(0, 1, exclude_max=True),
        size=st.integers(1, 1_000),
        choice=st.integers(0, 999),
        inside=st.booleans(),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(sorted(GOOD)), DAMAGES), min_size=1, max_size=6))
def test_a_damaged_file_stops_nothing_and_loses_no_row(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[str, list[Damage]]]
) -> None:
    zone = Zone(tmp_path_factory.mktemp("zone"))
    for number, (name, damages) in enumerate(files):
        zone.put_raw(f"orders/{number}-{name}", damaged(name, GOOD[name], damages))
    zone.put("orders/good.csv", GOOD_ORDERS)
    accounts = zone.run(months(1, 6))  # which refuses an account that does not balance
    assert len(accounts) == len(files) + 1
    good = accounts["orders/good.csv"]
    assert (good.collected, good.duplicates, good.rejected, good.error) == (6, 0, 0, None)
    told = zone.query(
        "select source_file, count(*), count(source_line) from collect.rejected_rows "
        "where length(reason) > 0 group by all"
    )
    assert {path: counts for path, *counts in told} == {
        path: [account.rejected, account.rejected] if account.rejected else [1, 0]
        for path, account in accounts.items()
        if account.rejected or account.error
    }


def test_the_files_are_good_before_they_are_damaged(zone: Zone) -> None:
    for name in GOOD:
        zone.put_raw(f"orders/{name}", damaged(name, GOOD[name], []))
    accounts = zone.run(months(1, 6))
    assert [account.error for account in accounts.values()] == [None] * len(GOOD)
    assert {account.rows for account in accounts.values()} == {40}
    assert sum(account.rejected for account in accounts.values()) == 0
