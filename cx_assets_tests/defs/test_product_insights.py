"""Products and their demand, as tables of the warehouse: the figures, and each advice once."""

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_assets.defs.insight.product_input import histories, product_weeks
from cx_assets.importers import import_online_retail
from cx_assets.methods.demand import METHODS
from cx_assets.periods import Period, period_at
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.defs.product_shop import (
    DAY,
    list_products,
    open_shop,
    put,
    rate,
    rows,
    run,
    sell,
    weekly,
)

APRIL, MAY, JUNE = (period_at(date(2024, month, 1), "monthly") for month in (4, 5, 6))
END = JUNE.end
MODELS = "insight.demand_models"
DECEMBER = datetime(2011, 12, 1)
RETAIL = """
insert into process.order_items by name
select
    cast(date_trunc('month', ordered_at + interval {days} day) as date) as period,
    order_id,
    product_id,
    ordered_at + interval {days} day as ordered_at,
    orders.status,
    quantity,
    quantity * unit_price as revenue,
    quantity * unit_price * 0.7 as cost,
    true as cost_is_estimated
from '{landing}/order_items/**/*.parquet'
inner join (
    select order_id, status from '{landing}/orders/**/*.parquet'
) as orders using (order_id);
insert into process.products by name
select
    date '2024-05-01' as period, product_id, name, 'unknown' as category,
    cast(null as double) as stock_on_hand
from '{landing}/products/**/*.parquet';
"""
SOLD_AFTER = """
select product_id, sum(quantity)
from process.order_items
where ordered_at >= $start and quantity > 0
group by product_id
"""


@pytest.fixture
def shop(settings: Settings) -> Settings:
    """A warehouse without a row."""
    open_shop(settings)
    return settings


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Sixteen usual products of 60 weeks, and one for each advice; three periods in one run."""
    settings = Settings(home=tmp_path_factory.mktemp("products"))
    open_shop(settings)
    usual = [f"usual {number:02}" for number in range(16)]
    odd = ("scarce", "broken", "hated", "lossy", "dead", "bundled")
    stock: dict[str, float | None] = dict.fromkeys((*usual, *odd, "loved", "rising"), 200.0)
    stock |= {"scarce": 5.0, "listed only": None}
    list_products(settings, [APRIL, MAY, JUNE], stock)
    for product in (*usual, "scarce", "broken", "bundled", "loved", "hated"):
        orders = sell(settings, product, weekly(END, range(60)))
        score = {"loved": 5.0, "hated": 1.0}.get(product, 3.5)
        if product != "scarce":
            scores = np.clip(score + np.resize([-1, 0, 0, 1], 30), 1, 5)
            rate(settings, orders[1:31], list(scores), END - 40 * DAY)
    sell(settings, "broken", weekly(END, range(0, 40, 2)), quantity=-2)
    sell(settings, "lossy", weekly(END, range(60)), cost=11)
    sell(settings, "dead", weekly(END, range(55, 60)))
    sell(settings, "rising", weekly(END, range(60)))
    sell(settings, "rising", weekly(END - DAY, range(13), per_week=6))
    put(
        settings,
        '"analyze".association_rules',
        period=[JUNE.start.date()],
        level="product",
        antecedent=[["bundled"]],
        consequent="usual 00",
        consequent_name="the usual 00",
        items=2,
        confidence=0.5,
        confidence_low=0.4,
        lift=5.0,
        both_baskets=30,
        extra_baskets=24.0,
    )
    result = run(settings, APRIL, JUNE)
    assert all(verdict.passed for verdict in result.get_asset_check_evaluations())
    for table in ("demand_models", "product_insights"):
        made = result.asset_materializations_for_node(f"insight__{table}")
        (plot,) = [each.metadata["plot"].value for each in made if "plot" in each.metadata]
        assert "data:image/png;base64," in plot
    return settings


@pytest.mark.slow
def test_each_advice_is_reached_from_the_rows_of_process(planted: Settings) -> None:
    found = rows(planted, JUNE).set_index("product_id")
    advice = found["advice"].to_dict()
    assert {name: each for name, each in advice.items() if not name.startswith("usual")} == {
        "scarce": "restock",
        "broken": "fix",
        "hated": "fix",
        "lossy": "drop",
        "dead": "drop",
        "bundled": "bundle",
        "loved": "feature",
        "rising": "feature",
        "listed only": "keep",
    }
    assert {each for name, each in advice.items() if name.startswith("usual")} == {"keep"}
    assert found.loc["bundled", "bundle_with"] == "usual 00"
    assert found["bundle_with"].notna().sum() == 1
    assert "the usual 00" in found.loc["bundled", "reason"]
    assert found.loc["scarce", "reason"].startswith("5 in stock (")


@pytest.mark.slow
def test_the_figures_are_those_of_a_hand(planted: Settings) -> None:
    found = rows(planted, JUNE).set_index("product_id")
    broken = found.loc["broken"]
    # 52 weeks of two units, and twenty of the newest forty weeks come back.
    assert broken[["units", "returned_units", "orders"]].tolist() == [104, 40, 52]
    assert broken["return_share"] == pytest.approx(40 / 104)
    assert broken["revenue"] == pytest.approx((104 - 40) * 10)
    assert broken["margin"] == pytest.approx(0.4)
    usual = found.loc["usual 03"]
    assert usual["demand_forecast"] == pytest.approx(8, rel=0.05)
    assert usual["stock_cover_days"] == pytest.approx(200 / usual["demand_forecast"] * 28)
    assert usual["demand_low"] <= usual["demand_forecast"] <= usual["demand_high"]
    assert usual["ratings"] == 30
    assert usual["csat_mean"] == pytest.approx(np.resize([2.5, 3.5, 3.5, 4.5], 30).mean())
    assert found.loc["loved", "csat_mean"] > found.loc["loved", "csat_shrunk"] > 4.5
    assert found.loc["lossy", "margin"] == pytest.approx(-0.1)
    listed = found.loc["listed only"]
    assert listed["units"] == listed["orders"] == listed["ratings"] == 0
    for name in ("return_share", "demand_forecast", "stock_cover_days", "csat_mean", "margin"):
        assert np.isnan(listed[name])


@pytest.mark.slow
def test_the_best_forecast_is_named_and_used(planted: Settings) -> None:
    models = rows(planted, JUNE, MODELS).set_index("model")
    assert set(models.index) == set(METHODS)
    (chosen,) = models.index[models["chosen"]]
    assert models.loc[chosen, "wape"] == models["wape"].min()
    assert set(rows(planted, JUNE)["forecast_method"]) == {chosen}
    assert models["weeks"].tolist() == [60] * len(METHODS)
    assert models.loc["seasonal_naive", "origins"] == 0
    assert np.isnan(models.loc["seasonal_naive", "wape"])


@pytest.mark.slow
def test_a_range_is_its_periods_and_the_future_is_not_seen(
    planted: Settings, tmp_path: Path
) -> None:
    copy = planted.model_copy(update={"warehouse": tmp_path / "singles.duckdb"})
    copy.warehouse.write_bytes(planted.warehouse.read_bytes())
    # On the first day of July everything changes: a flood, returns, answers, comments and stock.
    july = period_at(END.date(), "monthly")
    flood = sell(copy, "usual 00", [END], quantity=1_000)
    sell(copy, "usual 01", [END], quantity=-1_000)
    late = rate(copy, flood, [1.0], END, comment="broken")
    list_products(copy, [july], {"usual 00": 0.0, "future": 1.0})
    # An answer of July to an invitation of June, and what was read in it.
    known = [f"usual 00 {END - DAY / 2:%Y-%m-%d %H} delivered 2"]
    with DuckDBWarehouse.at(copy.warehouse).connect() as session:
        ((there,),) = session.rows(
            "select count(*) from process.order_items where order_id = $id", {"id": known[0]}
        )
    assert there == 1
    put(
        copy,
        "process.survey_responses",
        period=[JUNE.start.date()],
        response_id="late",
        order_id=known,
        survey="csat",
        sent_at=END - DAY,
        responded_at=END,
        score_of_five=1.0,
        comment="broken",
    )
    put(
        copy,
        '"analyze".text_sentiment',
        period=[july.start.date()] * 2,
        source="survey_responses",
        text_id=[*late, "late"],
        predicted_score=1.0,
    )
    for period in (APRIL, MAY, JUNE):
        run(copy, period, period)
    for table in ("insight.product_insights", MODELS):
        for period in (APRIL, MAY, JUNE):
            pd.testing.assert_frame_equal(
                rows(copy, period, table), rows(planted, period, table), check_exact=True
            )


def test_returns_are_counted_once_and_orders_cancelled_or_for_tests_never(shop: Settings) -> None:
    days = weekly(END, range(4))
    sell(shop, "a", days)
    sell(shop, "a", days, quantity=77, customer="tester")
    put(
        shop,
        "process.customers",
        period=[JUNE.start.date(), JUNE.start.date()],
        customer_id=["tester", "somebody"],
        is_test_account=[True, False],
    )
    # Sent back whole: said by the status, by a line with less than nothing, and by both.
    sell(shop, "a", [days[0] + DAY / 4], status="returned", quantity=3)
    both = sell(shop, "a", [days[1] + DAY / 4], status="returned", quantity=5)
    put(
        shop,
        "process.order_items",
        period=[JUNE.start],
        order_id=both,
        product_id="a",
        ordered_at=[days[1] + DAY / 4],
        status="returned",
        quantity=-5.0,
        revenue=-50.0,
        cost=-30.0,
        cost_is_estimated=False,
    )
    sell(shop, "a", [days[2] + DAY / 4], quantity=-1)
    sell(shop, "a", [days[3] + DAY / 4], quantity=99, status="cancelled")
    run(shop, JUNE, JUNE)
    (row,) = rows(shop, JUNE).to_dict("records")
    assert (row["units"], row["returned_units"]) == (8 + 3 + 5, 3 + 5 + 1)
    assert row["revenue"] == (8 - 1) * 10
    assert row["margin"] == pytest.approx(0.4)
    # The mean of four weeks: 8 sold, and 1 came back.
    assert row["demand_forecast"] == 7
    assert row["forecast_method"] == "mean"


@pytest.mark.slow
def test_what_is_unknown_is_null_and_an_unlisted_product_counts(shop: Settings) -> None:
    list_products(shop, [JUNE], {"listed": 4.0, "oversold": -3.0})
    sell(shop, "listed", weekly(END, range(8)), cost=None)
    sell(shop, "oversold", weekly(END, range(8)))
    sell(shop, "unlisted", weekly(END, range(8)))
    run(shop, JUNE, JUNE)
    found = rows(shop, JUNE).set_index("product_id")
    assert np.isnan(found.loc["listed", "margin"]), "the cost is an estimate"
    assert found.loc["unlisted", "category"] == "unknown"
    assert np.isnan(found.loc["unlisted", "stock_cover_days"])
    assert found.loc["oversold", "stock_cover_days"] == 0
    assert found["advice"].to_dict() == {
        "listed": "restock",
        "oversold": "restock",
        "unlisted": "keep",
    }


@pytest.mark.slow
def test_comments_count_as_they_read(shop: Settings) -> None:
    orders = sell(shop, "a", weekly(END, range(6)))
    texts = rate(shop, orders[:3], [4.0, 4.0, 4.0], END - DAY, comment=["x", "y", " "])
    asked = rate(shop, orders[3:4], [2.0], END - DAY, survey="nps", comment="z")
    put(
        shop,
        '"analyze".text_sentiment',
        period=[JUNE.start.date()] * 3,
        source=["survey_responses", "survey_responses", "support_tickets"],
        text_id=[texts[0], *asked, texts[1]],
        predicted_score=[2.0, 3.0, 5.0],
    )
    run(shop, JUNE, JUNE)
    (row,) = rows(shop, JUNE).to_dict("records")
    assert (row["ratings"], row["csat_mean"]) == (3, 4)
    assert (row["comments"], row["comment_score"]) == (3, 2.5)


@pytest.mark.slow
def test_an_empty_warehouse_has_no_products_and_the_mean(shop: Settings) -> None:
    result = run(shop, APRIL, JUNE)
    assert all(verdict.passed for verdict in result.get_asset_check_evaluations())
    assert rows(shop, JUNE).empty
    models = rows(shop, JUNE, MODELS).set_index("model")
    assert models.index[models["chosen"]].tolist() == ["mean"]
    assert models["weeks"].eq(0).all()


@pytest.mark.slow
def test_the_length_of_a_period_changes_no_week(planted: Settings, tmp_path: Path) -> None:
    # A week of June to the same end sees the same weeks as the month.
    copy = planted.model_copy(update={"warehouse": tmp_path / "week.duckdb"})
    copy.warehouse.write_bytes(planted.warehouse.read_bytes())
    with DuckDBWarehouse.at(copy.warehouse).connect() as session:
        seen = []
        for start in (JUNE.start, END - timedelta(weeks=1), END - DAY):
            with product_weeks(session, "insight.x", Period(start, END)) as weeks:
                seen.append(histories(session, weeks))
    np.testing.assert_array_equal(seen[0], seen[1])
    np.testing.assert_array_equal(seen[0], seen[2])


@pytest.mark.slow
def test_on_online_retail(real_data: Path, shop: Settings) -> None:
    import_online_retail(
        real_data / "online_retail" / "online_retail_2010_2011.parquet", shop.landing
    )
    # December 2011 is June 2024 here, so that the tests' periods hold the year before it.
    with DuckDBWarehouse.at(shop.warehouse).connect() as session:
        session.execute(RETAIL.format(landing=shop.landing, days=(JUNE.start - DECEMBER).days))
    run(shop, MAY, MAY)
    models = rows(shop, MAY, MODELS).set_index("model")
    wape = models["wape"].dropna().sort_values()
    assert wape.index.tolist() == ["pooled_poisson", "exponential_smoothing", "mean"]
    assert wape.iloc[0] < 0.53
    assert wape.iloc[0] < 0.96 * wape["mean"]
    found = rows(shop, MAY).set_index("product_id")
    assert set(found["advice"]) == {"drop", "fix", "feature", "keep"}
    # The cake stand that arrives broken, and what is wanted before Christmas.
    assert found.loc["22423", "advice"] == "fix"
    of_christmas = found["name"].str.contains("CHRISTMAS", na=False)
    share = (found["advice"] == "feature").groupby(of_christmas).mean()
    assert share[True] > 2 * share[False]
    # Nine days of December: what is to be dropped hardly sold.
    with DuckDBWarehouse.at(shop.warehouse).connect() as session:
        after = dict(session.rows(SOLD_AFTER, {"start": MAY.end}))
    sold = pd.Series(after).reindex(found.index).fillna(0).groupby(found["advice"]).sum()
    dropped = (found["advice"] == "drop").sum()
    assert dropped > 100
    assert sold["drop"] / dropped < 0.05 * sold.sum() / len(found)
