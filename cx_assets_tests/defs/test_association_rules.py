"""analyze.association_rules: which baskets count, at both levels, period by period."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import dagster as dg
import pandas as pd
import pytest

from cx_assets.defs.analyze.association_rules import association_rules
from cx_assets.periods import Period, period_at
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse

PERIODS = [period_at(datetime(2024, month, 1).date(), "monthly") for month in (1, 2, 3)]
JANUARY, FEBRUARY, MARCH = PERIODS
EMPTY = """
create schema process;
create table process.orders (
    period date, order_id varchar, customer_id varchar, ordered_at timestamp, is_purchase boolean
);
create table process.customers (period date, customer_id varchar, is_test_account boolean);
create table process.order_items (
    period date, order_id varchar, product_id varchar, category varchar,
    quantity bigint, is_return boolean
);
create table process.products (
    period date, product_id varchar, name varchar, category varchar
);
"""
CATEGORIES = {"tea": "drinks", "milk": "unknown", "scone": "food", "jam": "food", "cup": "home"}


@pytest.fixture
def shop(settings: Settings) -> Settings:
    """Tables of process without orders; scones and jam have names."""
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        session.execute(EMPTY)
        for period in PERIODS:
            goods = pd.DataFrame({"product_id": list(CATEGORIES), "category": CATEGORIES.values()})
            goods["name"] = goods["product_id"].map({"scone": "Fresh scone", "jam": "Plum jam"})
            session.append("process.products", goods.assign(period=period.start))
    return settings


def order(
    settings: Settings,
    baskets: Iterable[Sequence[str]],
    at: datetime,
    is_purchase: bool = True,
    quantity: int = 1,
    customer: str | None = None,
) -> None:
    """One order per basket; its products may come more than once."""
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        ((before,),) = session.rows("select count(*) from process.orders")
        orders = pd.DataFrame({"products": [list(basket) for basket in baskets]})
        orders["order_id"] = [f"o{before + number:05}" for number in range(len(orders))]
        orders = orders.assign(
            ordered_at=at,
            is_purchase=is_purchase,
            period=at.replace(day=1, hour=0),
            customer_id=customer,
        )
        session.append("process.orders", orders.drop(columns="products"))
        lines = orders.explode("products").rename(columns={"products": "product_id"})
        lines = lines[["period", "order_id", "product_id"]].assign(
            category="as it was", quantity=quantity, is_return=quantity < 0
        )
        session.append("process.order_items", lines)


def accounts(settings: Settings, period: Period, **is_test: bool) -> None:
    """Whether each of some customers is a test account, as the period knows it."""
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        known = {"customer_id": list(is_test), "is_test_account": list(is_test.values())}
        session.append("process.customers", pd.DataFrame({"period": period.start.date(), **known}))


def run(settings: Settings, first: Period, last: Period) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [association_rules],
            instance=instance,
            tags={
                "dagster/asset_partition_range_start": first.key,
                "dagster/asset_partition_range_end": last.key,
            },
            resources={"settings": settings, "warehouse": DuckDBWarehouse.at(settings.warehouse)},
        )


def rules(settings: Settings, period: Period | None = None) -> pd.DataFrame:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        found = session.frame(
            'select * from "analyze".association_rules '
            "where period = $period or $period is null order by all",
            {"period": period.start.date() if period else None},
        )
    return found.assign(antecedent=found["antecedent"].map(" + ".join))


def tea_times(count: int) -> list[list[str]]:
    """Most who take tea and a scone take jam too; others take milk, or a cup alone."""
    usual = [["tea", "scone", "jam"]] * 3 + [["tea", "scone"]] + [["milk", "jam"]] * 2
    return [*usual, ["cup"], ["cup"], ["tea"], ["tea", "tea"]] * count


def test_who_bought_what_together_at_both_levels(shop: Settings) -> None:
    order(shop, tea_times(10), JANUARY.start + timedelta(days=3))
    result = run(shop, JANUARY, JANUARY)
    assert all(check.passed for check in result.get_asset_check_evaluations())
    found = rules(shop).set_index(["level", "antecedent", "consequent"])
    assert set(found["baskets"]) == {100}

    both = found.loc[("product", "scone + tea", "jam")]
    assert (both["both_baskets"], both["antecedent_baskets"]) == (30, 40)
    assert both["consequent_baskets"] == 50
    assert (both["support"], both["confidence"], both["lift"]) == (0.3, 0.75, 1.5)
    assert both["extra_baskets"] == 10
    assert both["improvement"] == 0  # whoever takes a scone has tea already
    assert both["confidence_low"] < 0.75 < both["confidence_high"]
    assert (list(both["antecedent_names"]), both["consequent_name"]) == (
        ["Fresh scone", "tea"],
        "Plum jam",
    )

    drinks = found.loc[("category", "food", "drinks")]
    counts = drinks[["both_baskets", "antecedent_baskets", "consequent_baskets"]]
    assert counts.tolist() == [40, 60, 60]
    assert set(found.loc["category"].index) == {("food", "drinks"), ("drinks", "food")}
    assert found["stopped"].isna().all()

    (event,) = result.asset_materializations_for_node("analyze__association_rules")
    picture = event.metadata["plot"].value
    assert "100 baskets" in picture
    assert picture.count("data:image/png;base64,") == 2


def test_only_what_was_bought_and_kept_counts(shop: Settings) -> None:
    order(shop, tea_times(10), JANUARY.start + timedelta(days=3))
    run(shop, JANUARY, JANUARY)
    before = rules(shop)
    order(shop, [["tea", "cup"]] * 50, JANUARY.start + timedelta(days=4), is_purchase=False)
    order(shop, [["tea", "cup"]] * 50, JANUARY.start + timedelta(days=4), quantity=-1)
    order(shop, [["tea", "cup"]] * 50, JANUARY.start + timedelta(days=4), customer="tester")
    accounts(shop, JANUARY, tester=True)
    run(shop, JANUARY, JANUARY)
    pd.testing.assert_frame_equal(rules(shop), before)


def test_a_test_account_is_none_before_it_is_known_as_one(shop: Settings) -> None:
    order(shop, tea_times(10), JANUARY.start, customer="somebody")
    accounts(shop, JANUARY, somebody=False)
    accounts(shop, FEBRUARY, somebody=True)
    run(shop, JANUARY, FEBRUARY)
    assert not rules(shop, JANUARY).empty
    assert rules(shop, FEBRUARY).empty


def test_a_snapshot_sees_the_year_to_its_end(shop: Settings) -> None:
    order(shop, tea_times(10), JANUARY.end - timedelta(hours=1))
    run(shop, JANUARY, JANUARY)
    before = rules(shop)
    order(shop, [["tea", "cup"]] * 50, JANUARY.end)
    order(shop, [["tea", "cup"]] * 50, JANUARY.end - timedelta(days=365, hours=1))
    run(shop, JANUARY, JANUARY)
    pd.testing.assert_frame_equal(rules(shop), before)
    run(shop, FEBRUARY, FEBRUARY)
    february = rules(shop, FEBRUARY)
    assert set(february["baskets"]) == {150}
    assert ("tea", "cup") in set(zip(february["antecedent"], february["consequent"], strict=True))


@pytest.mark.slow
def test_a_range_has_the_rows_of_single_runs(shop: Settings) -> None:
    for period, count in zip(PERIODS, (4, 2, 3), strict=True):
        order(shop, tea_times(count), period.start + timedelta(days=9))
    run(shop, JANUARY, MARCH)
    at_once = rules(shop)
    assert set(at_once["baskets"]) == {40, 60, 90}
    for period in reversed(PERIODS):
        run(shop, period, period)
    pd.testing.assert_frame_equal(rules(shop), at_once)


def test_a_basket_over_the_cap_is_told_and_left_out(shop: Settings) -> None:
    order(shop, tea_times(10), JANUARY.start)
    order(shop, [[f"p{number}" for number in range(5_000)]], JANUARY.start)
    run(shop, JANUARY, JANUARY)
    found = rules(shop)
    assert set(found["baskets"]) == {100}
    assert set(found["baskets_over_cap"]) == {1}
    assert set(found["antecedent"]) >= {"scone", "food"}


def test_without_orders_there_are_no_rules(shop: Settings) -> None:
    assert run(shop, JANUARY, JANUARY).success
    assert rules(shop).empty
