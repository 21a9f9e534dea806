"""analyze.clv_model: the fitted models of lifetime value, and which one gives the scores."""

import json
from collections.abc import Mapping
from datetime import timedelta
from math import nan

import numpy as np
import pandas as pd

from cx_assets.columns import Column, NotNull, OneOf, Range, Unique, names
from cx_assets.defs.analyze.clv_fitting import (
    HISTORIES,
    PURCHASE_MODELS,
    TIME_UNIT,
    TITLES,
    fit_purchase_models,
)
from cx_assets.methods.clv import GammaGamma, PurchaseModel
from cx_assets.methods.clv.choice import Candidate, choose
from cx_assets.methods.clv.credibility import Credibility, credibility
from cx_assets.periods import Period
from cx_assets.settings import Settings
from cx_assets.tables import Table, python_table
from cx_assets.warehouse import Session

BOOTSTRAP_DRAWS = 100
# The spend model needs the mean of every customer by itself; more than this moves no digit of it.
SPEND_SAMPLE = 200_000
FEWEST_REPEAT_BUYERS = 20

CLV_MODEL = Table(
    name="analyze.clv_model",
    description=(
        "One row per model and period: what was fitted for lifetime value.\n"
        "BG/NBD, MBG/NBD and Pareto/NBD say how often customers come back and when they leave, "
        "Gamma-Gamma what an order is worth, by maximum likelihood on all customers who have "
        "bought; margin is Bühlmann's credibility of a customer's own margin. `chosen` marks the "
        "models that give the scores, `reason` says why. Empty while there are too few customers."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column(
            "model",
            "VARCHAR",
            "The model.",
            (NotNull(), Unique(), OneOf((*PURCHASE_MODELS, "gamma_gamma", "margin"))),
        ),
        Column("parameters", "VARCHAR", "Fitted parameters, as JSON."),
        Column("standard_errors", "VARCHAR", "Their standard errors, as JSON."),
        Column("log_likelihood", "DOUBLE", "Log-likelihood of all customers; null for margin."),
        Column("customers", "BIGINT", "Customers that it was fitted on.", (NotNull(), Range(0))),
        Column("converged", "BOOLEAN", "Whether the maximum was found for certain.", (NotNull(),)),
        Column("message", "VARCHAR", "What the optimiser says."),
        Column("chosen", "BOOLEAN", "Whether it gives the scores.", (NotNull(),)),
        Column("reason", "VARCHAR", "Why, in words.", (NotNull(),)),
        Column("holdout_mae", "DOUBLE", "Mean absolute error on the holdout.", (Range(0),)),
        Column(
            "holdout_gain",
            "DOUBLE",
            "Of the chosen purchase model: the naive rate's error less its own. Below 0 it is "
            "worse than letting everybody go on as so far.",
            (Range(0, severity="warn"),),
        ),
        Column("time_unit", "VARCHAR", "Unit of time of the parameters; its grain is the day."),
        Column("observed_until", "DATE", "The last day of the histories.", (NotNull(),)),
        Column("bootstrap", "VARCHAR", "If chosen: parameters of bootstrap samples, as JSON."),
    ),
    reads=("features.purchase_history", "process.orders", "analyze.clv_holdout"),
    kinds=frozenset({"python", "scipy"}),
    lineage={
        column: [
            ("features.purchase_history", name)
            for name in ("repeat_orders", "days_to_last_order", "days_observed", "repeat_value")
        ]
        for column in ("parameters", "standard_errors", "log_likelihood", "bootstrap")
    },
)

SPENDING = f"""
select repeat_orders, repeat_value
from (
    select * from features.purchase_history
    where period = cast($period_start as date) and repeat_orders > 0 and repeat_value > 0
    order by md5(customer_id), customer_id
    limit {SPEND_SAMPLE}
)
order by repeat_orders, repeat_value
"""

# The residuals are those of a ratio of sums (Cochran 1977, section 6.4), in mean orders. Those of a
# hundred orders and more are cut: one giant return would make every margin look like chance.
MARGINS = """
with days as (
    select
        customer_id,
        cast(ordered_at as date) as day,
        sum(revenue) as revenue,
        sum(profit) as profit
    from process.orders
    where ordered_at < $period_end and status <> 'cancelled' and customer_id is not null
    group by customer_id, cast(ordered_at as date)
),
customers as (
    select
        customer_id,
        repeat_orders + 1 as orders,
        net_revenue as revenue,
        net_profit as profit,
        own_margin
    from features.purchase_history
    where period = cast($period_start as date) and own_margin is not null
),
residuals as (
    select
        customers.orders,
        least(100, greatest(-100,
            (days.profit - own_margin * days.revenue) / (customers.revenue / customers.orders)
        )) as residual
    from customers
    inner join days on days.customer_id = customers.customer_id
    where customers.orders > 1
),
chance as (
    select
        cast(sum(cast(residual * residual as decimal(28, 12))) as double)
            / nullif((select sum(orders - 1) from customers where orders > 1), 0) as within
    from residuals
)
select
    count(*) as customers,
    cast(sum(cast(profit as decimal(28, 4))) as double)
        / cast(sum(cast(revenue as decimal(28, 4))) as double) as company,
    (select within from chance) as within,
    (
        cast(sum(cast(own_margin * own_margin as decimal(28, 12))) as double)
        - power(cast(sum(cast(own_margin as decimal(28, 12))) as double), 2) / count(*)
    ) / nullif(count(*) - 1, 0) as variance,
    cast(sum(cast(1.0 / orders as decimal(28, 12))) as double) / count(*) as mean_inverse_orders
from customers
"""

HOLDOUT = """
select model, mae, mae_gain from "analyze".clv_holdout where period = cast($period_start as date)
"""


@python_table(CLV_MODEL)
def clv_model(session: Session, period: Period, settings: Settings) -> pd.DataFrame:
    window = {"period_start": period.start}
    models = fit_purchase_models(session.frame(HISTORIES, window))
    if not models:
        return pd.DataFrame(columns=names(CLV_MODEL.columns))
    tried = session.rows(HOLDOUT, window)
    rows = [
        *_purchase_rows(
            models,
            mae={name: mae for name, mae, _ in tried},
            gain={name: gain for name, _, gain in tried},
        ),
        _spend_row(session.frame(SPENDING, window)),
        _margin_row(session, period, settings.default_margin),
    ]
    return pd.DataFrame(rows).assign(observed_until=(period.end - timedelta(days=1)).date())


def _purchase_rows(
    models: Mapping[str, PurchaseModel], mae: Mapping[str, float], gain: Mapping[str, float]
) -> list[dict[str, object]]:
    chosen, reasons = choose(
        [
            Candidate(
                name=name,
                title=TITLES[name],
                log_likelihood=model.log_likelihood_,
                holdout_mae=mae.get(name, nan),
                converged=model.converged_,
                one_time_buyers_can_leave=model.one_time_buyers_can_leave,
            )
            for name, model in models.items()
        ]
    )
    return [
        {
            **_fitted(model, chosen=name == chosen),
            "reason": reasons[name],
            "holdout_mae": mae.get(name, nan),
            "holdout_gain": gain.get(name, nan) if name == chosen else nan,
            "time_unit": TIME_UNIT,
        }
        for name, model in models.items()
    ]


def _fitted(model: PurchaseModel | GammaGamma, chosen: bool) -> dict[str, object]:
    draws = model.bootstrap(BOOTSTRAP_DRAWS, random_state=42).tolist() if chosen else None
    return {
        "model": model.name,
        "parameters": json.dumps(model.parameters_),
        "standard_errors": json.dumps(_finite(model.standard_errors_)),
        "log_likelihood": model.log_likelihood_,
        "customers": int(model.customers_),
        "converged": model.converged_,
        "message": model.message_,
        "chosen": chosen,
        "bootstrap": json.dumps(draws) if chosen else None,
    }


def _finite(values: Mapping[str, float]) -> dict[str, float | None]:
    """JSON knows no nan."""
    return {name: value if np.isfinite(value) else None for name, value in values.items()}


def _spend_row(spending: pd.DataFrame) -> dict[str, object]:
    if len(spending) < FEWEST_REPEAT_BUYERS:
        return {
            "model": "gamma_gamma",
            "customers": len(spending),
            "converged": False,
            "chosen": False,
            "reason": f"not used: fewer than {FEWEST_REPEAT_BUYERS} customers bought again, so "
            "every order counts as the mean one",
        }
    x, value = (spending[name].to_numpy(dtype=float) for name in ("repeat_orders", "repeat_value"))
    model = GammaGamma().fit(x, value)
    correlation = float(np.corrcoef(x, value)[0, 1]) if np.ptp(x) and np.ptp(value) else 0.0
    return {
        **_fitted(model, chosen=model.converged_),
        "reason": (
            "takes what an order is worth as independent of how many there are: their correlation "
            f"is {correlation:.2f}"
            if model.converged_
            else "not used: the fit did not converge, so every order counts as the mean one"
        ),
    }


def _margin_row(session: Session, period: Period, default: float) -> dict[str, object]:
    ((customers, company, *moments),) = session.rows(
        MARGINS, {"period_start": period.start, "period_end": period.end}
    )
    # A null is a moment that nobody knows.
    known = (nan if moment is None else float(moment) for moment in moments)
    fitted = credibility(default if company is None else company, *known)
    return {
        "model": "margin",
        "parameters": json.dumps(_finite({"company": fitted.company, "k": fitted.k})),
        "customers": customers,
        "converged": True,
        "chosen": True,
        "reason": _margin_reason(fitted),
    }


def _margin_reason(fitted: Credibility) -> str:
    if np.isinf(fitted.k):
        return f"customers' margins differ by chance alone: all have {fitted.company:.1%}"
    return (
        f"after {fitted.k:.1f} orders a customer's own margin counts as much as the company's, "
        f"{fitted.company:.1%}"
    )
