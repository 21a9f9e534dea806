"""One model for all products: a Poisson regression on what each sold lately and last year.

A product that sells now and then says little alone; together they say how much the last week, the
last month and the same weeks of last year count. The mean is modelled, not the median: a stock of
median demand runs out half of the time. Poisson is quasi-likelihood here: it needs the right mean
and no Poisson counts (Wooldridge 1999, Journal of Econometrics 90, 77-97). Learning across series:
Montero-Manso and Hyndman (2021), International Journal of Forecasting 37, 1632-1653.
"""

from collections.abc import Iterable

import numpy as np
from sklearn.linear_model import PoissonRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from cx_assets.methods.demand.baselines import RECENT
from cx_assets.methods.demand.history import HORIZON, SEASON, Ints, first_weeks, mean_week
from cx_assets.methods.intervals import Floats

POOLED = "pooled_poisson"
# More move no coefficient by a visible amount.
MOST_ROWS = 20_000
# With fewer the baselines know as much.
FEWEST_ROWS = 200
# On standardised features: hardly felt, but the fit exists where a feature is constant.
PENALTY = 1e-3
WINDOWS = (1, HORIZON, RECENT, SEASON)


def pooled(units: Floats) -> Floats | None:
    """What the regression expects of each product. None where there is too little to fit it on.

    It learns from the last year: from every product at the start of each HORIZON weeks that have
    ended, at most 20,000 of these, drawn evenly from all starts.
    """
    weeks = units.shape[1]
    starts = range(weeks - HORIZON, max(weeks - HORIZON - SEASON, RECENT) - 1, -HORIZON)
    drawn = list(_drawn(units, starts))
    if sum(len(rows) for _, rows in drawn) < FEWEST_ROWS:
        return None
    shop = units.sum(axis=0)
    X = np.concatenate([features(units[rows, :start], shop[:start]) for start, rows in drawn])
    sold = np.concatenate(
        [units[rows, start : start + HORIZON].sum(axis=1) for start, rows in drawn]
    )
    mean = sold.mean()
    if mean == 0:
        return None
    model = make_pipeline(
        StandardScaler(),
        PoissonRegressor(alpha=PENALTY, solver="newton-cholesky", max_iter=300),
    ).fit(X, sold / mean)
    return mean * np.asarray(model.predict(features(units, shop)))


def _drawn(units: Floats, starts: Iterable[int]) -> list[tuple[int, Ints]]:
    """Of each start the products that had been sold by then, or a draw of them."""
    first, rng = first_weeks(units), np.random.default_rng(0)
    known = [(start, np.flatnonzero(first < start)) for start in starts]
    most = MOST_ROWS // max(len(known), 1)
    return [
        (start, rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False)))
        for start, rows in known
    ]


def features(units: Floats, shop: Floats) -> Floats:
    """What is known of each product at the end of the weeks, shape (products, features).

    Args:
        units: shape (products, weeks).
        shop: units of the whole shop in the same weeks.
    """
    weeks = units.shape[1]
    lately = units[:, -RECENT:]
    now = mean_week(units, RECENT)
    columns = [np.log1p(mean_week(units, window)) for window in WINDOWS]
    columns += [
        np.log1p(lately.max(axis=1)),
        (lately > 0).mean(axis=1),
        *((units[:, -window:].sum(axis=1) == 0).astype(float) for window in (HORIZON, RECENT)),
        np.log(np.clip(weeks - first_weeks(units), 1, SEASON)),
        *_last_year(units, shop, now),
    ]
    return np.column_stack(columns)


def _last_year(units: Floats, shop: Floats, now: Floats) -> list[Floats]:
    """How the weeks to come differed from those before them a year ago; 0 where that is unknown."""
    before = units.shape[1] - SEASON
    unknown = np.zeros(len(units))
    if before < RECENT:
        return [unknown, unknown, unknown]
    coming = slice(before, before + HORIZON)
    of_shop = np.log1p(shop[coming].mean()) - np.log1p(shop[before - RECENT : before].mean())
    was_sold = first_weeks(units) < before
    then, usual = units[:, coming].mean(axis=1), mean_week(units[:, :before], RECENT)
    own = np.where(was_sold, np.log1p(then) - np.log1p(usual), of_shop)
    same = np.where(was_sold, np.log1p(then) - np.log1p(now), 0.0)
    return [np.full(len(units), of_shop), own, same]
