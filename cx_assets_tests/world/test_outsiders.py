from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cx_assets.world import WorldSettings
from cx_assets_tests.world.reading import CLEAN, Run, contents, live

SETTINGS = WorldSettings(customers=200, dirt=CLEAN)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return live(SETTINGS, tmp_path_factory.mktemp("world"), months=2)


def of_outsiders(run: Run) -> pd.Series:
    return run.source("web_events")["visitor_id"].isin(run.true("outsiders")["visitor_id"])


def test_nobody_else_does_anything_else_for_them(run: Run, tmp_path: Path) -> None:
    """Every other file has the same bytes, and the events of people differ in their numbers."""
    alone = live(replace(SETTINGS, bots=0, test_accounts=0), tmp_path, months=2)

    ours, theirs = contents(run.landing), contents(alone.landing)
    assert ours.keys() == theirs.keys()
    differing = {path for path in ours if ours[path] != theirs[path]}
    assert differing == {path for path in ours if path.startswith("web_events/")}
    people = run.source("web_events")[~of_outsiders(run)].drop(columns="event_id")
    same = alone.source("web_events").drop(columns="event_id")
    pd.testing.assert_frame_equal(people.reset_index(drop=True), same)
    assert alone.true("outsiders").empty


def test_they_come_every_month_and_within_it(run: Run) -> None:
    outsiders = set(run.true("outsiders")["visitor_id"])
    assert len(outsiders) == SETTINGS.bots + SETTINGS.test_accounts
    for month in ("2024-01", "2024-02"):
        events = run.file("web_events", month)
        theirs = events[events["visitor_id"].isin(outsiders)]
        assert set(theirs["visitor_id"]) == outsiders
        assert (theirs["occurred_at"].astype(str).str.slice(0, 7) == month).all()


def test_test_accounts_log_in_and_bots_do_not(run: Run) -> None:
    true = run.true("outsiders").set_index("visitor_id")["customer_id"]
    events = run.source("web_events")[of_outsiders(run)]
    logged_in = events.dropna(subset="customer_id")
    assert set(logged_in["visitor_id"]) == set(true.dropna().index)
    assert (logged_in["customer_id"] == logged_in["visitor_id"].map(true)).all()
    first = logged_in[logged_in["event_type"] == "login"]
    assert len(first) == 2 * 3 * SETTINGS.test_accounts, "three visits a month"


def test_there_cannot_be_fewer_than_none() -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        replace(SETTINGS, bots=-1)
