"""Trying purchase models on what they have not seen: calibrate up to a day, compare after it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cx_assets.methods.clv.purchases import PurchaseModel
from cx_assets.methods.intervals import Floats
from cx_assets.methods.ranking import auc, equal_groups

NAIVE = "naive"
# Customers with this many repeat orders or more share a group in the picture.
MOST_REPEATS = 7


@dataclass(frozen=True)
class Histories:
    """Customers by history, one row per distinct one; times in one unit, arrays of shape (n,).

    Attributes:
        x: repeat orders during calibration.
        t_x: time from the first order to the last one.
        T: time from the first order to the end of calibration.
        ordered: orders in the holdout.
        customers: how many customers have this history.
    """

    x: Floats
    t_x: Floats
    T: Floats
    ordered: Floats
    customers: Floats


def naive_orders(histories: Histories, horizon: float) -> Floats:
    """Everybody goes on as so far: x / T orders per unit of time; none for an age of zero."""
    age = np.where(histories.T > 0, histories.T, 1.0)
    return np.where(histories.T > 0, histories.x / age * horizon, 0.0)


def validate(
    histories: Histories, models: Mapping[str, PurchaseModel], horizon: float
) -> pd.DataFrame:
    """Compare what each model expects of the holdout with what happened, and with the naive rate.

    Args:
        histories: customers of the calibration, with what they ordered in the holdout.
        models: fitted on the calibration alone, by name.
        horizon: length of the holdout, in the unit of the histories.

    Returns:
        One row per model, the naive rate first: model, customers, actual_orders, expected_orders
        (totals), mae and rmse (orders per customer), mae_gain (the naive MAE less the model's; nan
        for the naive rate), auc_expected and auc_alive (who orders again at all), decile_lift
        (actual orders of the tenth from whom most is expected, against the mean customer), and the
        calibration by tenths (decile_expected, decile_actual) and by repeat orders, 0 to 7 and more
        (repeats_expected, repeats_actual), each a list of means per customer.
    """
    expected = {NAIVE: naive_orders(histories, horizon)} | {
        name: model.expected_orders(horizon, histories.x, histories.t_x, histories.T)
        for name, model in models.items()
    }
    alive = {
        name: model.p_alive(histories.x, histories.t_x, histories.T)
        for name, model in models.items()
    }
    rows = pd.DataFrame(
        [_compared(histories, name, orders, alive.get(name)) for name, orders in expected.items()]
    )
    naive_mae = rows.loc[rows["model"] == NAIVE, "mae"].item()
    return rows.assign(mae_gain=np.where(rows["model"] == NAIVE, np.nan, naive_mae - rows["mae"]))


def _compared(
    histories: Histories, name: str, expected: Floats, alive: Floats | None
) -> dict[str, object]:
    ordered, weight = histories.ordered, histories.customers
    error = expected - ordered
    customers = weight.sum()
    decile_expected, decile_actual, _ = equal_groups(expected, ordered, weight)
    repeats = np.minimum(histories.x, MOST_REPEATS).astype(int)
    size = np.bincount(repeats, weight, MOST_REPEATS + 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (weight * ordered).sum() / customers
        return {
            "model": name,
            "customers": int(customers),
            "actual_orders": float((weight * ordered).sum()),
            "expected_orders": float((weight * expected).sum()),
            "mae": float((weight * np.abs(error)).sum() / customers),
            "rmse": float(np.sqrt((weight * error**2).sum() / customers)),
            "auc_expected": auc(expected, ordered > 0, weight),
            "auc_alive": float("nan") if alive is None else auc(alive, ordered > 0, weight),
            "decile_lift": float(decile_actual[-1] / mean) if len(decile_actual) else np.nan,
            "decile_expected": decile_expected.tolist(),
            "decile_actual": decile_actual.tolist(),
            "repeats_expected": (
                np.bincount(repeats, weight * expected, len(size)) / size
            ).tolist(),
            "repeats_actual": (np.bincount(repeats, weight * ordered, len(size)) / size).tolist(),
        }
