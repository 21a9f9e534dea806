"""What the assets of lifetime value share: the models, the unit of time, the rows they read."""

import pandas as pd

from cx_assets.methods.clv import BgNbd, MbgNbd, ParetoNbd, PurchaseModel
from cx_assets.methods.intervals import Floats

# Histories have the grain of a day; parameters are told in weeks, as in the papers.
DAYS_PER_UNIT = 7.0
TIME_UNIT = "week"
DAYS_PER_YEAR = 365.0
TITLES = {
    "bg_nbd": "BG/NBD",
    "mbg_nbd": "MBG/NBD",
    "pareto_nbd": "Pareto/NBD",
    "naive": "naive rate",
}
PURCHASE_MODELS: dict[str, type[PurchaseModel]] = {
    model.name: model for model in (BgNbd, MbgNbd, ParetoNbd)
}
# Fewer customers than this do not tell four parameters apart.
FEWEST_CUSTOMERS = 20

# All customers by history: with how many the models are fitted and scored.
HISTORIES = """
select repeat_orders, days_to_last_order, days_observed, count(*) as customers
from features.purchase_history
where period = cast($period_start as date)
group by repeat_orders, days_to_last_order, days_observed
order by repeat_orders, days_to_last_order, days_observed
"""


def fit_purchase_models(rows: pd.DataFrame) -> dict[str, PurchaseModel]:
    """All purchase models on grouped histories; none where there are too few customers.

    Args:
        rows: repeat_orders, days_to_last_order, days_observed, and customers with that history.
    """
    repeaters = rows.loc[rows["repeat_orders"] > 0, "customers"].sum()
    if rows["customers"].sum() < FEWEST_CUSTOMERS or not repeaters:
        return {}
    x, t_x, T = in_units(rows)
    weight = rows["customers"].to_numpy(dtype=float)
    return {
        name: model().fit(x, t_x, T, sample_weight=weight)
        for name, model in PURCHASE_MODELS.items()
    }


def in_units(rows: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """x, t_x and T of grouped histories, in the models' unit of time."""
    days = rows[["repeat_orders", "days_to_last_order", "days_observed"]].to_numpy(dtype=float)
    return days[:, 0], days[:, 1] / DAYS_PER_UNIT, days[:, 2] / DAYS_PER_UNIT
