"""Customers whose parameters are known: Pareto/NBD orders of Gamma-Gamma value, seen by the day."""

from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

DAYS_PER_WEEK = 7
PURCHASES = {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}


@dataclass(frozen=True)
class Truth:
    """Parameters, times in weeks and money in dollars: the papers' for CDNOW's customers."""

    purchases: dict[str, float] = field(default_factory=lambda: dict(PURCHASES))
    spend: dict[str, float] = field(default_factory=lambda: dict(SPEND))
    joining_days: int = 548  # 18 months, all days alike


def simulate(customers: int, seed: int = 20240601, truth: Truth | None = None) -> pd.DataFrame:
    """One row per customer, as the warehouse's features.purchase_history has it.

    A first order comes at any time of its day, and the last day of joining is the last one seen. A
    day with orders counts once, whatever their number; day 0 is the first order's.

    Returns:
        customer_id, repeat_orders (x), days_to_last_order (t_x), days_observed (T), repeat_value
        (mean money of a repeat day, in whole cents over x; nan without one).
    """
    truth = truth or Truth()
    rng = np.random.default_rng(seed)
    purchases, spend = truth.purchases, truth.spend
    observed = truth.joining_days - 1 - rng.integers(0, truth.joining_days, customers)
    clock = rng.random(customers)
    rate = rng.gamma(purchases["r"], 1 / purchases["alpha"], customers) / DAYS_PER_WEEK
    hazard = rng.gamma(purchases["s"], 1 / purchases["beta"], customers) / DAYS_PER_WEEK
    seen = np.minimum(rng.standard_exponential(customers) / hazard, observed + 1 - clock)
    orders = rng.poisson(rate * seen)

    customer = np.repeat(np.arange(customers), orders)
    # Given their number, the orders of a Poisson process lie anywhere with equal chance.
    day = np.floor(clock[customer] + rng.random(len(customer)) * seen[customer]).astype(np.int64)
    repeats = np.unique((customer * truth.joining_days + day)[day > 0])
    customer, day = repeats // truth.joining_days, repeats % truth.joining_days
    x = np.bincount(customer, minlength=customers)
    last = np.zeros(customers, dtype=np.int64)
    np.maximum.at(last, customer, day)

    nu = rng.gamma(spend["q"], 1 / spend["gamma"], customers)
    money = np.maximum(np.round(rng.gamma(np.maximum(spend["p"] * x, 1)) / nu, 2), 0.01)
    return pd.DataFrame(
        {
            "customer_id": np.arange(customers),
            "repeat_orders": x,
            "days_to_last_order": last,
            "days_observed": observed,
            "repeat_value": np.where(x > 0, money / np.maximum(x, 1), np.nan),
        }
    )


def write(customers: pd.DataFrame, folder: Path) -> int:
    """The same rows as customers.duckdb (ours) and customers.parquet (the peers').

    Returns the number of distinct histories (x, t_x, T).
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "customers.duckdb").unlink(missing_ok=True)
    with duckdb.connect(str(folder / "customers.duckdb")) as connection:
        connection.register("simulated", customers)
        connection.execute(
            "create table customers as select * replace ("
            "case when repeat_orders > 0 then repeat_value end as repeat_value) from simulated"
        )
        connection.table("customers").write_parquet(str(folder / "customers.parquet"))
        ((histories,),) = connection.execute(
            "select count(*) from "
            "(select distinct repeat_orders, days_to_last_order, days_observed from customers)"
        ).fetchall()
    return histories
