"""The aggregate file: who is counted, that a release stands, and that each has its newcomers."""

import random
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from cx_assets.periods import Period
from cx_assets.privacy.publication import release as module
from cx_assets.privacy.publication.bands import BANDS, WIDE, band, band_sql
from cx_assets.privacy.publication.ledger import BudgetSpent, Release
from cx_assets.settings import Settings, SettingsError
from cx_assets_tests.privacy.publication.company import (
    APRIL,
    JUNE,
    KEY,
    MAY,
    customers,
    opened,
)

pytestmark = pytest.mark.slow
DE, FR = {"country": "DE", "city": "Bonn"}, {"country": "FR", "city": "Lyon"}


def ids(start: int, end: int) -> list[str]:
    return [f"c{number}" for number in range(start, end)]


def released(settings: Settings, period: Period, seed: int = 1) -> Release | None:
    randbelow = random.Random(seed).randrange
    with opened(settings) as session:
        return module.release(session, settings, KEY, period.start.date(), randbelow)


def rows(settings: Settings, period: Period) -> pd.DataFrame:
    module.write(settings)
    table = pq.read_table(settings.published / "aggregates.parquet").to_pandas()
    return table[table["period"] == period.start.date()].reset_index(drop=True)


def test_who_is_counted_and_what_of_them(company: Settings) -> None:
    customers(company, ids(0, 30), **FR, clv=[*[10.0] * 20, *[40.0] * 10], last_score=None)
    scores = [1.0] * 15 + [5.0] * 15
    customers(company, ids(30, 60), **DE, last_score=scores, clv=None, clv_formula=20.0)
    customers(company, ["closed"], **FR, closed_at=datetime(2024, 5, 1))
    customers(company, ["no"], **FR, consent_analytics=False)
    customers(company, ["test"], **FR, is_test_account=True)
    customers(company, ["of May"], MAY, **FR)
    assert released(company, JUNE)
    got = rows(company, JUNE)
    assert got["customers"].sum() == 60
    # Countries cannot be listed, so one that could stand alone is always in the rest.
    assert got["country"].tolist() == ["DE", "(other)"]
    assert got["mean_value"].tolist() == [20, 20]
    assert got["mean_purchases"].tolist() == [2, 2]
    assert got["mean_score"].tolist()[0] == 3
    assert got["score_people"].tolist()[0] == 30
    assert got[["mean_score", "score_people"]].iloc[1].isna().all(), "nobody in France answered"
    text = (company.published / "aggregates.csv").read_text()
    assert text.count("\n") == 3
    assert (company.published / "aggregates.csv").stat().st_mode & 0o077 == 0


def test_a_release_stands_and_the_next_one_waits_for_newcomers(company: Settings) -> None:
    customers(company, ids(0, 40), APRIL, **DE, clv=50.0)
    first = released(company, APRIL)
    assert first is not None
    # One is erased, another joins: a total of May would tell what the two are worth.
    customers(company, [*ids(1, 40), "rich"], MAY, **DE, clv=[50.0] * 39 + [9_000.0])
    assert released(company, MAY) is None
    assert rows(company, MAY).empty
    # By June ten more have come, and with the one of May they are eleven.
    customers(company, [*ids(1, 40), "rich", *ids(100, 110)], JUNE, **DE, clv=50.0)
    assert released(company, JUNE)
    assert rows(company, JUNE)["customers"].tolist() == [50]
    # April is materialised anew with others in it; what was released stands.
    customers(company, ids(500, 560), APRIL, **FR)
    assert released(company, APRIL) == first
    assert rows(company, APRIL)["customers"].tolist() == [40]


def test_noise_is_drawn_once_and_within_the_budget(company: Settings) -> None:
    noisy = company.model_copy(
        update={"privacy_epsilon": Decimal("0.4"), "privacy_budget": Decimal("1")}
    )
    for period, start in ((APRIL, 0), (MAY, 100), (JUNE, 200)):
        customers(noisy, ids(start, start + 60), period, **DE, last_score=[1.0, 5.0] * 30)
    first = released(noisy, APRIL, seed=1)
    assert first
    seen = rows(noisy, APRIL)
    assert first == released(noisy, APRIL, seed=2)
    pd.testing.assert_frame_equal(rows(noisy, APRIL), seen)
    assert set(seen["epsilon"]) == {0.4}
    assert first.groups[0][1]["customers"] != 60
    assert released(noisy, MAY)
    # Another range is one of releases to come.
    wider = noisy.model_copy(update={"publish_value_max": 10**6})
    pd.testing.assert_frame_equal(rows(wider, APRIL), seen)
    before = _contents(noisy.home)
    with pytest.raises(BudgetSpent, match=r"0\.2 are left"):
        released(noisy, JUNE)
    assert _contents(noisy.home) == before
    more = noisy.model_copy(update={"privacy_budget": Decimal("1.2")})
    assert released(more, JUNE)


def _contents(home: Path) -> object:
    with module.ledger_of(Settings(home=home)).transaction() as ledger:
        return ledger.releases(), sorted(ledger.counted()["mark"].to_pylist())


def test_noise_without_a_budget_is_refused() -> None:
    with pytest.raises(SettingsError, match="CX_PRIVACY_BUDGET is not set"):
        Settings.from_env({"CX_PRIVACY_EPSILON": "1"})


def test_ages_fall_into_the_same_bands_in_sql(settings: Settings) -> None:
    ages: list[Any] = [*range(131), None]
    with opened(settings) as session:
        got = session.rows(
            f"select {band_sql('age')}, {band_sql('age', WIDE)} "
            "from (select unnest(cast($ages as integer[])) as age)",
            {"ages": ages},
        )
    assert [narrow for narrow, _ in got[:-1]] == [band(age) for age in ages[:-1]]
    assert all(narrow in BANDS[wide] for narrow, wide in got)
    assert {wide for _, wide in got} == set(BANDS)
