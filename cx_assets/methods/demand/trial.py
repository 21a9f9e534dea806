"""The forecasts compared by a rolling origin: made as of several weeks of the past, then checked.

Tashman (2000), International Journal of Forecasting 16, 437-450, for the rolling origin; Hyndman
and Koehler (2006), same journal 22, 679-688, for the scaled error.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cx_assets.methods.demand.bands import Bands
from cx_assets.methods.demand.baselines import MEAN, SEASONAL_NAIVE, recent_mean, seasonal_naive
from cx_assets.methods.demand.history import HORIZON, first_weeks
from cx_assets.methods.demand.pooled import POOLED, pooled
from cx_assets.methods.demand.smoothing import SMOOTHING, exponential_smoothing
from cx_assets.methods.intervals import Floats

Method = Callable[[Floats], Floats | None]
METHODS: Mapping[str, Method] = {
    MEAN: recent_mean,
    SEASONAL_NAIVE: seasonal_naive,
    SMOOTHING: exponential_smoothing,
    POOLED: pooled,
}
# Half a year of checks, each of weeks of their own.
MOST_ORIGINS = 6
# A method that can only be tried on fewer than others is not compared: one month can flatter it.
FEWEST_ORIGINS = 3
NOT_TRIED = {"wape": np.nan, "bias": np.nan, "mase": np.nan, "origins": 0, "products": 0}


@dataclass(frozen=True)
class Comparison:
    """Attributes:
    chosen: the method of the least WAPE; the mean where nothing could be tried.
    errors: per method wape, bias, mase, origins and products, nan and 0 where it was not tried.
    bands: of the chosen one's errors.
    """

    chosen: str
    errors: pd.DataFrame
    bands: Bands


def forecast(method: str, units: Floats) -> Floats:
    """Units of the next HORIZON weeks; the recent mean where the method says nothing."""
    made = METHODS[method](units)
    return recent_mean(units) if made is None else made


def compare(units: Floats) -> Comparison:
    """Try every method on the newest weeks, HORIZON at a time, as if they were still to come.

    Of products that had been sold by then. Only origins count at which all methods that are
    compared have a forecast, so that all errors are of the same weeks.
    """
    weeks = units.shape[1]
    origins = [weeks - HORIZON * step for step in range(1, MOST_ORIGINS + 1)]
    origins = [origin for origin in origins if origin >= HORIZON]
    made = {name: _as_of(method, units, origins) for name, method in METHODS.items()}
    needed = max(1, min(FEWEST_ORIGINS, len(origins)))
    tried = {name: each for name, each in made.items() if len(each) >= needed}
    checks = [Check.at(units, at) for at in origins[: min(map(len, tried.values()), default=0)]]
    errors = {
        name: _errors(checks, tried[name]) if name in tried else NOT_TRIED for name in METHODS
    }
    table = pd.DataFrame.from_dict(errors, orient="index")
    wape = table["wape"].dropna()
    chosen = str(wape.idxmin()) if len(wape) else MEAN
    return Comparison(chosen, table, Bands.of(*_pairs(checks, tried.get(chosen, []))))


@dataclass(frozen=True)
class Check:
    """What became of the products known at an origin.

    Attributes:
        rows: which of all products they are, as a mask.
        sold: units of each in the HORIZON weeks from there.
        change: how much each had changed from one stretch of HORIZON weeks to the next.
    """

    rows: NDArray[np.bool_]
    sold: Floats
    change: Floats

    @classmethod
    def at(cls, units: Floats, origin: int) -> "Check":
        rows = first_weeks(units) < origin
        sold = units[rows, origin : origin + HORIZON].sum(axis=1)
        return cls(rows, sold, _mean_change(units[rows, :origin]))


def _as_of(method: Method, units: Floats, origins: Sequence[int]) -> list[Floats]:
    """Its forecasts at the origins, the newest first, as far back as it has any."""
    made = []
    for origin in origins:
        one = method(units[:, :origin])
        if one is None:
            break
        made.append(one)
    return made


def _pairs(checks: Sequence[Check], forecasts: Sequence[Floats]) -> tuple[Floats, Floats]:
    """What was expected and what was sold, of every origin and product that was known then."""
    expected = [each[check.rows] for check, each in zip(checks, forecasts, strict=False)]
    return np.concatenate([[], *expected]), np.concatenate([[], *(each.sold for each in checks)])


def _errors(checks: Sequence[Check], forecasts: Sequence[Floats]) -> dict[str, float]:
    expected, sold = _pairs(checks, forecasts)
    change = np.concatenate([[], *(each.change for each in checks)])
    missed, total = expected - sold, sold.sum()
    scaled = np.abs(missed[change > 0]) / change[change > 0]
    return {
        "wape": np.abs(missed).sum() / total if total > 0 else np.nan,
        "bias": missed.sum() / total if total > 0 else np.nan,
        "mase": scaled.mean() if len(scaled) else np.nan,
        "origins": len(checks),
        "products": int(checks[0].rows.sum()),
    }


def _mean_change(units: Floats) -> Floats:
    """Mean absolute change from one HORIZON weeks to the next, up to the end, per product."""
    number = units.shape[1] // HORIZON
    stretches = units[:, units.shape[1] - number * HORIZON :]
    totals = stretches.reshape(len(units), number, HORIZON).sum(axis=2)
    if number < 2:
        return np.zeros(len(units))
    return np.abs(np.diff(totals, axis=1)).mean(axis=1)
