"""analyze.purchase_outlook: what customers of each distinct purchase history will do.

A customer's future depends on three whole numbers (repeat orders, days to the last one, days
observed). So it is worked out once for each distinct history, and analyze.clv joins it.
"""

import json
from collections.abc import Mapping
from math import inf, log1p

import numpy as np
import pandas as pd

from cx_assets.columns import Column, NotNull, Range, UniqueTogether, names
from cx_assets.defs.analyze.clv_fitting import (
    DAYS_PER_UNIT,
    DAYS_PER_YEAR,
    HISTORIES,
    PURCHASE_MODELS,
    in_units,
)
from cx_assets.methods.clv import GammaGamma
from cx_assets.methods.clv.credibility import Credibility
from cx_assets.methods.clv.outlook import Fitted, Horizon, outlook
from cx_assets.methods.intervals import Floats
from cx_assets.periods import Period
from cx_assets.settings import Settings
from cx_assets.tables import Table, python_table
from cx_assets.warehouse import Session

HISTORY = ("repeat_orders", "days_to_last_order", "days_observed")

PURCHASE_OUTLOOK = Table(
    name="analyze.purchase_outlook",
    description=(
        "One row per distinct purchase history and period: what its customers will do, by the "
        "models that analyze.clv_model chose.\n"
        "The expected value of an order is value_base + value_weight * the customer's own repeat "
        "value; its margin is company_margin + margin_weight * (own margin - company_margin)."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("repeat_orders", "BIGINT", "x: days with a purchase after the first.", (NotNull(),)),
        Column("days_to_last_order", "BIGINT", "t_x: from the first to the last.", (NotNull(),)),
        Column("days_observed", "BIGINT", "T: from the first to the period's last.", (NotNull(),)),
        Column("customers", "BIGINT", "Customers with this history.", (NotNull(), Range(1))),
        Column(
            "counted_as_one_time",
            "BOOLEAN",
            "The model expects less of it than of a one-time buyer, so it counts as one.",
            (NotNull(),),
        ),
        Column("p_alive", "DOUBLE", "P(still a customer).", (NotNull(), Range(0, 1))),
        Column("expected_orders_12m", "DOUBLE", "Of the next year.", (NotNull(), Range(0))),
        Column("expected_orders_low", "DOUBLE", "Lower end of its 95 % interval.", (NotNull(),)),
        Column("expected_orders_high", "DOUBLE", "Upper end of its 95 % interval.", (NotNull(),)),
        Column(
            "discounted_orders",
            "DOUBLE",
            "Expected orders of CX_LIFETIME_YEARS, discounted at CX_DISCOUNT_RATE a year.",
            (NotNull(), Range(0)),
        ),
        Column("value_low", "DOUBLE", "95 % bring at least this, in orders.", (NotNull(),)),
        Column("value_high", "DOUBLE", "95 % bring at most this, in orders.", (NotNull(),)),
        Column("value_base", "DOUBLE", "Expected value of an order: constant.", (NotNull(),)),
        Column("value_weight", "DOUBLE", "Weight of the own repeat value.", (NotNull(),)),
        Column("company_margin", "DOUBLE", "Profit per money, of all customers.", (NotNull(),)),
        Column("margin_weight", "DOUBLE", "Weight of the own margin.", (NotNull(), Range(0, 1))),
    ),
    tests=(UniqueTogether(HISTORY),),
    reads=("features.purchase_history", "analyze.clv_model"),
    kinds=frozenset({"python", "scipy"}),
    lineage={
        **{name: [("features.purchase_history", name)] for name in HISTORY},
        **{
            name: [("analyze.clv_model", "parameters")]
            for name in (
                "p_alive",
                "expected_orders_12m",
                "discounted_orders",
                "value_base",
                "value_weight",
                "company_margin",
                "margin_weight",
            )
        },
        **{
            name: [("analyze.clv_model", "bootstrap")]
            for name in ("expected_orders_low", "expected_orders_high", "value_low", "value_high")
        },
    },
)

MEAN_ORDER = """
select cast(sum(cast(net_revenue as decimal(28, 4))) as double) / sum(repeat_orders + 1)
from features.purchase_history
where period = cast($period_start as date)
"""

CHOSEN = """
select model, parameters, bootstrap
from "analyze".clv_model
where period = cast($period_start as date) and chosen
"""


@python_table(PURCHASE_OUTLOOK)
def purchase_outlook(session: Session, period: Period, settings: Settings) -> pd.DataFrame:
    window = {"period_start": period.start}
    chosen = {name: (parameters, draws) for name, parameters, draws in session.rows(CHOSEN, window)}
    fitted = _fitted(chosen)
    if fitted is None:
        return pd.DataFrame(columns=names(PURCHASE_OUTLOOK.columns))
    rows = session.frame(HISTORIES, window)
    ((mean_order,),) = session.rows(MEAN_ORDER, window)
    x, t_x, T = in_units(rows)
    future = outlook(fitted, x, t_x, T, _horizon(settings))
    margin = json.loads(chosen["margin"][0])
    own = Credibility(margin["company"], inf if margin["k"] is None else margin["k"])
    value_base, value_weight = _order_value(fitted.spend, x, mean_order)
    return pd.concat([rows, future], axis="columns").assign(
        value_base=value_base,
        value_weight=value_weight,
        company_margin=own.company,
        margin_weight=own.weight(x + 1),
    )


def _horizon(settings: Settings) -> Horizon:
    units_per_year = DAYS_PER_YEAR / DAYS_PER_UNIT
    return Horizon(
        year=units_per_year,
        lifetime=settings.lifetime_years * units_per_year,
        discount_rate=log1p(settings.discount_rate) / units_per_year,
    )


def _fitted(chosen: Mapping[str, tuple[str, str]]) -> Fitted | None:
    """The chosen models, out of their parameters and bootstrap; None where none could be fitted."""
    name = next((name for name in PURCHASE_MODELS if name in chosen), None)
    if name is None:
        return None
    parameters, draws = map(json.loads, chosen[name])
    spend, spend_draws = map(json.loads, chosen.get("gamma_gamma", ("null", "[]")))
    return Fitted(
        purchases=PURCHASE_MODELS[name].from_parameters(parameters),
        purchase_draws=np.array(draws),
        spend=GammaGamma.from_parameters(spend) if spend else None,
        spend_draws=np.array(spend_draws),
    )


def _order_value(spend: GammaGamma | None, x: Floats, mean_order: float) -> tuple[Floats, Floats]:
    """E[value of an order] = base + weight * (mean value of the repeat orders); it is linear."""
    if spend is None:
        return np.full_like(x, mean_order), np.zeros_like(x)
    at_one, at_two = (spend.expected_value(x, np.full_like(x, value)) for value in (1.0, 2.0))
    weight = at_two - at_one
    return at_one - weight, weight
