from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_assets.world import WorldSettings
from cx_assets.world.arrays import MONTH
from cx_assets.world.settings import KINDS
from cx_assets_tests.world.reading import CLEAN, Run, live

MONTHS = 8
KIND = replace(
    KINDS[0], share=1.0, purchase_shape=2.0, purchase_rate=2.5, dropout_shape=2.0, dropout_rate=20.0
)
# A pure Pareto/NBD population: no seasons, no feelings, no campaigns.
PURE = WorldSettings(
    customers=4_500,
    kinds=(KIND,),
    seasonality=(1.0,) * 12,
    satisfaction_on_purchases=0.0,
    satisfaction_on_dropout=0.0,
    campaign_share=0.0,
    erasures=0.0,
    dirt=CLEAN,
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return live(PURE, tmp_path_factory.mktemp("pure"), MONTHS)


@pytest.fixture(scope="module")
def orders(run: Run) -> pd.DataFrame:
    orders = run.newest("orders", "order_id").dropna(subset=["customer_id"])
    return orders.assign(ordered_at=pd.to_datetime(orders["ordered_at"]))


def test_orders_per_month_alive_recover_the_gamma_of_the_purchase_rates(
    run: Run, orders: pd.DataFrame
) -> None:
    customers = run.true("customers")
    states = run.true("states")
    alive_to_the_end = states[(states["period"] == "2024-08-01") & states["alive"]]["customer_id"]
    there = customers[
        (customers["joined_at"] < "2024-01-01") & customers["customer_id"].isin(alive_to_the_end)
    ]
    days = (pd.Timestamp("2024-09-01") - pd.Timestamp("2024-01-01")).days
    months = days * 86_400 / MONTH

    counts = orders.groupby("customer_id").size()
    rates = counts.reindex(there["customer_id"], fill_value=0).to_numpy() / months

    shape, rate = KIND.purchase_shape, KIND.purchase_rate
    error = rates.std() / np.sqrt(len(rates))
    assert len(rates) > 500
    assert abs(rates.mean() - shape / rate) < 4 * error
    # Negative binomial: the variance of the counts is that of the rates and the Poisson noise.
    assert rates.var() == pytest.approx(shape / rate**2 + shape / rate / months, rel=0.35)


def test_survival_recovers_the_pareto_of_the_lifetimes(run: Run) -> None:
    customers = run.true("customers")
    states = run.true("states")
    alive = states[states["period"] == "2024-08-01"].set_index("customer_id")["alive"]
    joined = customers[customers["joined_at"] < "2024-09-01"].set_index("customer_id")
    months = (pd.Timestamp("2024-09-01") - joined["joined_at"]).dt.total_seconds() / MONTH
    expected = (KIND.dropout_rate / (KIND.dropout_rate + months)) ** KIND.dropout_shape

    error = np.sqrt((expected * (1 - expected)).sum())
    assert abs(alive.sum() - expected.sum()) < 4 * error


def test_who_joins_in_a_period_orders_at_once(run: Run, orders: pd.DataFrame) -> None:
    customers = run.true("customers").set_index("customer_id")["joined_at"]
    new = customers[(customers >= "2024-01-01") & (customers < "2024-09-01")]

    first = orders.groupby("customer_id")["ordered_at"].min()

    assert len(new) > 300
    assert (first.reindex(new.index) == new).all()


def test_order_values_follow_the_spend_of_the_customer(run: Run, orders: pd.DataFrame) -> None:
    items = run.source("order_items")
    sold = items[items["quantity"] > 0]
    value = (sold["quantity"] * sold["unit_price"]).groupby(sold["order_id"]).sum()
    paid = orders.assign(value=value.reindex(orders["order_id"]).to_numpy())
    per_customer = paid.groupby("customer_id")["value"].agg(["mean", "size"])
    spend = run.true("customers").set_index("customer_id")["spend_per_order"]
    often = per_customer[per_customer["size"] >= 5].join(spend)

    assert len(often) > 500
    assert often["mean"].corr(often["spend_per_order"]) > 0.7
    assert often["mean"].mean() == pytest.approx(often["spend_per_order"].mean(), rel=0.15)


def test_a_gift_season_brings_more_orders(tmp_path: Path) -> None:
    gifts = replace(KIND, gift_season=4.0)
    autumn = replace(
        PURE, customers=500, kinds=(gifts,), first_period=PURE.first_period.replace(month=10)
    )

    run = live(autumn, tmp_path, months=2)

    october, november = (
        run.file("orders", month)
        .dropna(subset=["customer_id"])["ordered_at"]
        .str[:7]
        .eq(month)
        .sum()
        for month in ("2024-10", "2024-11")
    )
    assert november > 2 * october


def test_returns_are_negative_lines_of_delivered_orders(run: Run) -> None:
    items = run.source("order_items")
    returned = items[items["quantity"] < 0]
    orders = run.newest("orders", "order_id").set_index("order_id")

    assert len(returned) > 100
    assert orders.loc[returned["order_id"], "delivered_at"].notna().all()
    assert not items.duplicated(["order_id", "line_number"]).any()
    whole = orders[orders["status"] == "returned"].index
    balance = items[items["order_id"].isin(whole)].groupby("order_id")["quantity"].sum()
    assert len(balance) > 20
    assert (balance == 0).all()


def test_companions_are_bought_together(run: Run) -> None:
    """The planted pair is in far more baskets than chance would put it."""
    items = run.source("order_items")
    products = run.newest("products", "product_id")
    kitchen = products[products["category"] == "kitchen"]
    # The companion hangs on the opening prices, which the first file has.
    opening = run.file("products", "2024-01").drop_duplicates("product_id", keep="first")
    ranked = opening[opening["category"] == "kitchen"].sort_values("unit_price", kind="stable")
    anchor = ranked["product_id"].iloc[len(ranked) // 2]
    shelf = opening[opening["category"] == "books"].sort_values("unit_price", kind="stable")
    companion = shelf["product_id"].iloc[len(shelf) // 2]

    baskets = items[items["quantity"] > 0].groupby("product_id")["order_id"].agg(set)
    total = items["order_id"].nunique()
    together = len(baskets[anchor] & baskets[companion]) / total
    by_chance = len(baskets[anchor]) / total * len(baskets[companion]) / total

    assert len(kitchen) == 20
    assert together > 3 * by_chance
