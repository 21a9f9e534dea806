"""The one grain of the graph: its partitions definition and its half-open windows [start, end)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal

import dagster as dg

from cx_assets.settings import Settings, SettingsError

Grain = Literal["monthly", "weekly", "daily"]

CRON: dict[Grain, str] = {"monthly": "0 0 1 * *", "weekly": "0 0 * * 1", "daily": "0 0 * * *"}
# What date_trunc calls the grain, in DuckDB and Spark alike; a week starts on Monday in both.
SQL_UNIT: dict[Grain, str] = {"monthly": "month", "weekly": "week", "daily": "day"}
LENGTH: dict[Grain, timedelta] = {
    "monthly": timedelta(days=31),
    "weekly": timedelta(days=7),
    "daily": timedelta(days=1),
}
KEY_FORMAT = "%Y-%m-%d"


@dataclass(frozen=True, order=True)
class Period:
    """One period; times are UTC without a zone, as the warehouse stores them."""

    start: datetime
    end: datetime

    @property
    def key(self) -> str:
        return self.start.strftime(KEY_FORMAT)


def first_day(day: date, grain: Grain) -> date:
    """The first day of the period that holds `day`."""
    if grain == "monthly":
        return day.replace(day=1)
    if grain == "weekly":
        return day - timedelta(days=day.weekday())
    return day


def next_first_day(day: date, grain: Grain) -> date:
    """The first day of the period after the one that holds `day`."""
    return first_day(first_day(day, grain) + LENGTH[grain], grain)


def partitions(settings: Settings) -> dg.TimeWindowPartitionsDefinition:
    """The periods from `CX_FIRST_PERIOD` to `CX_LAST_PERIOD`, else to the newest that has ended.

    Raises:
        SettingsError: when a bound is not the first day of a period.
    """
    for name, day in (("FIRST", settings.first_period), ("LAST", settings.last_period)):
        if day and first_day(day, settings.period) != day:
            raise SettingsError(
                f"CX_{name}_PERIOD is {day}, but a {settings.period} period starts on "
                f"{first_day(day, settings.period)} or {next_first_day(day, settings.period)}"
            )
    last = settings.last_period
    return dg.TimeWindowPartitionsDefinition(
        start=_midnight(settings.first_period),
        end=_midnight(next_first_day(last, settings.period)) if last else None,
        cron_schedule=CRON[settings.period],
        fmt=KEY_FORMAT,
        timezone="UTC",
    )


def windows(definition: dg.TimeWindowPartitionsDefinition, keys: Iterable[str]) -> list[Period]:
    """The windows of these partition keys, in time order."""
    return sorted(
        Period(window.start.replace(tzinfo=None), window.end.replace(tzinfo=None))
        for window in map(definition.time_window_for_partition_key, keys)
    )


def run_periods(keys: Iterable[str]) -> list[Period]:
    """The periods of one run, in time order.

    Raises:
        ValueError: there is a gap; a run replaces all that lies between its first and last period.
    """
    periods = windows(PERIODS, keys)
    for earlier, later in pairwise(periods):
        if earlier.end != later.start:
            raise ValueError(
                f"the run has {earlier.key} and {later.key}, but nothing between: run each "
                "stretch of periods by itself"
            )
    return periods


def period_at(day: date, grain: Grain) -> Period:
    """The period that holds `day`."""
    return Period(_midnight(first_day(day, grain)), _midnight(next_first_day(day, grain)))


def period_before(period: Period) -> Period:
    """The period that ends where this one starts."""
    return period_at((period.start - timedelta(days=1)).date(), SETTINGS.period)


def newest(definition: dg.TimeWindowPartitionsDefinition) -> Period | None:
    """The last period that exists; None before the first one has ended."""
    key = definition.get_last_partition_key()
    return windows(definition, [key])[0] if key else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


SETTINGS = Settings.from_env()
PERIODS = partitions(SETTINGS)
