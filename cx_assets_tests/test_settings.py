"""A wrong setting stops the start with a sentence; a right one gives the right periods."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cx_assets.periods import first_day, next_first_day, partitions, run_periods, windows
from cx_assets.settings import Settings, SettingsError


def test_paths_stand_below_home_unless_they_are_set() -> None:
    settings = Settings.from_env({"CX_HOME": "/data/cx", "CX_OUTBOX": "/crm/in"})
    assert settings.warehouse == Path("/data/cx/warehouse.duckdb")
    assert settings.landing == Path("/data/cx/landing")
    assert settings.outbox == Path("/crm/in")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CX_PERIOD", "hourly"),
        ("CX_FIRST_PERIOD", "yesterday"),
        ("CX_DISCOUNT_RATE", "ten"),
        ("CX_HOLDOUT_SHARE", "1.5"),
        ("CX_SURVEY_SHARE", "-0.1"),
        ("CX_SURVEY_SHARE", "1.1"),
        ("CX_ACTION_BUDGET", "-1"),
        ("CX_ACTION_BUDGET", "nan"),
        ("CX_ACTION_BUDGET", "plenty"),
        ("CX_SEGMENTS", "1"),
        ("CX_LIFETIME_YEARS", "0"),
        ("CX_RULE_SUPPORT", "0"),
        ("CX_RULE_SUPPORT", "nan"),
        ("CX_RULE_CONFIDENCE", "1.01"),
        ("CX_RULE_MAX_LENGTH", "1"),
        ("CX_RULE_MAX_LENGTH", "all"),
        ("CX_RULE_MAX_BASKET", "1"),
    ],
)
def test_a_wrong_value_is_named(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{variable} is '{value}'"):
        Settings.from_env({variable: value})


def test_nobody_or_everybody_may_be_asked() -> None:
    shares = [Settings.from_env({"CX_SURVEY_SHARE": share}).survey_share for share in ("0", "1")]
    assert shares == [0, 1]
    assert Settings.from_env({}).survey_share == 0.05


def test_money_for_actions_is_exact_or_without_limit() -> None:
    assert Settings.from_env({"CX_ACTION_BUDGET": "1000.10"}).action_budget == Decimal("1000.10")
    assert Settings.from_env({"CX_ACTION_BUDGET": "0"}).action_budget == 0
    assert Settings.from_env({}).action_budget is None


def test_the_thresholds_of_rules_are_exact() -> None:
    given = {"CX_RULE_SUPPORT": "0.001", "CX_RULE_CONFIDENCE": ".8", "CX_RULE_MAX_LENGTH": "any"}
    settings = Settings.from_env(given)
    assert settings.rule_support == Decimal("0.001")
    assert settings.rule_confidence == Decimal("0.8")
    assert settings.rule_max_length == "any"
    assert Settings.from_env({"CX_RULE_MAX_LENGTH": "4"}).rule_max_length == 4


def test_the_last_period_is_not_before_the_first() -> None:
    with pytest.raises(SettingsError, match="CX_LAST_PERIOD"):
        Settings.from_env({"CX_LAST_PERIOD": "2020-01-01"})


@pytest.mark.parametrize(
    ("grain", "first", "meant"),
    [("monthly", "2024-01-15", "2024-01-01 or 2024-02-01"), ("weekly", "2024-01-03", "2024-01-01")],
)
def test_a_period_starts_on_its_first_day(grain: str, first: str, meant: str) -> None:
    with pytest.raises(SettingsError, match=meant):
        partitions(Settings.from_env({"CX_PERIOD": grain, "CX_FIRST_PERIOD": first}))


@pytest.mark.parametrize(
    ("grain", "last", "count"),
    [("monthly", "2024-03-01", 3), ("weekly", "2024-01-15", 3), ("daily", "2024-02-29", 60)],
)
def test_the_last_period_is_the_last_one(grain: str, last: str, count: int) -> None:
    definition = partitions(Settings.from_env({"CX_PERIOD": grain, "CX_LAST_PERIOD": last}))
    keys = definition.get_partition_keys()
    assert len(keys) == count
    assert (keys[0], keys[-1]) == ("2024-01-01", last)


def test_windows_are_half_open_and_in_order() -> None:
    definition = partitions(Settings.from_env({"CX_LAST_PERIOD": "2024-03-01"}))
    january, february = windows(definition, ["2024-02-01", "2024-01-01"])
    assert (january.start, january.end) == (datetime(2024, 1, 1), datetime(2024, 2, 1))
    assert february.start == january.end
    assert february.key == "2024-02-01"


def test_a_run_has_no_gap() -> None:
    keys = ["2024-03-01", "2024-01-01", "2024-02-01"]
    assert [period.key for period in run_periods(keys)] == sorted(keys)
    with pytest.raises(ValueError, match="2024-01-01 and 2024-03-01"):
        run_periods(keys[:2])


@given(
    st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.sampled_from(["monthly", "weekly", "daily"])
)
def test_every_day_lies_in_one_period(day: date, grain: str) -> None:
    start, following = first_day(day, grain), next_first_day(day, grain)  # type: ignore[arg-type]
    assert start <= day < following
    assert first_day(following, grain) == following  # type: ignore[arg-type]
