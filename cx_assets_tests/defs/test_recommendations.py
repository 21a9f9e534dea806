"""Item similarity, recommendations and their quality, as tables of the warehouse."""

from datetime import date, datetime, timedelta
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from cx_assets.defs.analyze.item_similarity import item_similarity
from cx_assets.defs.collect.sources import collect_asset
from cx_assets.defs.personalize import recommendations as module
from cx_assets.defs.sql_models import loaded_models, model_asset
from cx_assets.landing.sources import CUSTOMERS, ORDER_ITEMS, ORDERS, PRODUCTS
from cx_assets.methods.recommend import OFFERS
from cx_assets.periods import period_at
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.world import World, WorldSettings
from cx_assets.world.catalogue import CATEGORIES
from cx_assets_tests.defs.offer_shop import (
    buy,
    companions,
    customers,
    open_shop,
    products,
    put,
    rows,
    run,
)
from cx_assets_tests.world.reading import CLEAN, read

APRIL, MAY, JUNE = (period_at(date(2024, month, 1), "monthly") for month in (4, 5, 6))
OFFERED, QUALITY = "personalize.recommendations", '"analyze".recommendation_quality'
SIMILAR = '"analyze".item_similarity'
DAY = timedelta(days=1)


@pytest.fixture
def shop(settings: Settings) -> Settings:
    """A warehouse without a row."""
    open_shop(settings)
    return settings


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Twelve pairs of companions, the last of which is out of stock; three periods in one run."""
    settings = Settings(home=tmp_path_factory.mktemp("planted"))
    open_shop(settings)
    periods = [APRIL, MAY, JUNE]
    buy(settings, companions(JUNE.end))
    stock = {f"{side}{pair:02}": 5.0 for side in "ab" for pair in range(12)}
    products(settings, {**stock, "b11": 0.0, "b10": None}, periods)
    customers(settings, [f"c{number:03}" for number in range(300)], periods)
    customers(settings, ["new"], periods)
    result = run(settings, APRIL, JUNE)
    assert all(verdict.passed for verdict in result.get_asset_check_evaluations())
    return settings


def offers(settings: Settings, customer: str) -> pd.DataFrame:
    found = rows(settings, OFFERED, JUNE)
    return found[found["customer_id"] == customer]


def test_companions_are_found_and_offered(planted: Settings) -> None:
    near = rows(planted, SIMILAR, JUNE)
    nearest = near[near["rank"] == 1].set_index("product_id")["neighbour_id"]
    for pair in range(12):
        assert nearest[f"a{pair:02}"] == f"b{pair:02}"
    # Who bought one side lately and not the other is offered the other, if there is any left.
    lines = pd.DataFrame(companions(JUNE.end), columns=["customer_id", "product_id", "at"])
    owned = lines.groupby("customer_id")["product_id"].agg(set)
    recent = lines[(lines["at"] > JUNE.end - 30 * DAY) & lines["product_id"].str.startswith("a")]
    missing = [
        (customer, product.replace("a", "b"))
        for customer, product in zip(recent["customer_id"], recent["product_id"], strict=True)
        if product.replace("a", "b") not in owned[customer] and product != "a11"
    ]
    first = rows(planted, OFFERED, JUNE)
    first = first[first["rank"] <= 3]
    offered = set(zip(first["customer_id"], first["product_id"], strict=True))
    assert len(missing) > 50
    assert np.mean([pair in offered for pair in missing]) > 0.95


def test_ten_each_never_bought_never_out_of_stock_and_with_a_true_reason(planted: Settings) -> None:
    found = rows(planted, OFFERED, JUNE)
    lines = {(who, what) for who, what, _ in companions(JUNE.end)}
    near = rows(planted, SIMILAR, JUNE)
    pairs = set(zip(near["product_id"], near["neighbour_id"], strict=True))
    assert (found.groupby("customer_id").size() == OFFERS).all()
    assert "b11" not in set(found["product_id"])
    assert "b10" in set(found["product_id"]), "unknown stock is some"
    assert not lines & set(zip(found["customer_id"], found["product_id"], strict=True))
    for row in found.itertuples():
        if row.method == "popularity":
            assert row.reason == "popular now"
        else:
            assert row.reason == f"bought by others who bought the {row.because_of}"
            assert (row.customer_id, row.because_of) in lines
            assert (row.because_of, row.product_id) in pairs
    assert set(offers(planted, "new")["reason"]) == {"popular now"}


def test_in_a_shop_of_companions_they_beat_popularity(planted: Settings) -> None:
    quality = rows(planted, QUALITY, JUNE).set_index("method")
    item, popular = quality.loc["item_to_item"], quality.loc["popularity"]
    assert item["customers"] == popular["customers"] > 50
    assert item["gain_low"] > 0.05
    assert item["ndcg_low"] < item["ndcg"] < item["ndcg_high"]
    assert item["ndcg"] - popular["ndcg"] == pytest.approx(item["ndcg_gain"])
    assert np.isnan(popular["ndcg_gain"])
    assert item["trained_until"] == pd.Timestamp(JUNE.end - 28 * DAY)


@pytest.mark.slow
def test_a_range_is_its_periods_and_the_future_is_not_seen(
    planted: Settings, tmp_path: Path
) -> None:
    copy = planted.model_copy(update={"warehouse": tmp_path / "singles.duckdb"})
    copy.warehouse.write_bytes(planted.warehouse.read_bytes())
    # In June a product is sold to everybody, which April and May do not know of.
    everybody = [f"c{number:03}" for number in range(300)]
    buy(copy, [(who, "future", JUNE.start) for who in everybody])
    for period in (APRIL, MAY, JUNE):
        run(copy, period, period)
    for table in (SIMILAR, QUALITY, OFFERED):
        for period in (APRIL, MAY):
            pd.testing.assert_frame_equal(
                rows(copy, table, period), rows(planted, table, period), check_exact=True
            )
    assert "future" in set(rows(copy, SIMILAR, JUNE)["neighbour_id"])


@pytest.mark.slow
def test_many_parts_give_what_one_gives(
    planted: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(planted, OFFERED, JUNE)
    copy = planted.model_copy(update={"warehouse": tmp_path / "parts.duckdb"})
    copy.warehouse.write_bytes(planted.warehouse.read_bytes())
    # 301 customers and their purchases: more than ten parts.
    monkeypatch.setattr(module, "MOST_AT_ONCE", 100)
    assert len(before) == 301 * OFFERS
    run(copy, JUNE, JUNE)
    pd.testing.assert_frame_equal(rows(copy, OFFERED, JUNE), before, check_exact=True)


def test_only_who_agreed_and_is_still_there_gets_offers(shop: Settings) -> None:
    products(shop, {"a": 1.0}, [JUNE])
    buy(shop, [("somebody", "a", JUNE.start)])
    customers(shop, ["yes"], [JUNE])
    customers(shop, ["no marketing"], [JUNE], consent_marketing=False)
    customers(shop, ["no analytics"], [JUNE], consent_analytics=False)
    customers(shop, ["a test"], [JUNE], is_test_account=True)
    customers(shop, ["closed"], [JUNE], closed_at=datetime(2024, 6, 30))
    customers(shop, ["of May"], [MAY])
    run(shop, JUNE, JUNE)
    assert rows(shop, OFFERED, JUNE)["customer_id"].tolist() == ["yes"]


def test_returned_cancelled_tests_and_guests_purchases_are_none(shop: Settings) -> None:
    products(shop, dict.fromkeys("abcdef", 1.0), [JUNE])
    customers(shop, ["x", "y"], [JUNE])
    customers(shop, ["tester", "test again"], [JUNE], is_test_account=True)
    at = JUNE.end - DAY
    buy(shop, [(who, what, at) for who in ("x", "y", "z") for what in "ab"])
    buy(shop, [(None, "c", at), (None, "a", at)])
    buy(shop, [(who, what, at) for who in ("tester", "test again") for what in "abcdef"])
    buy(shop, [(who, "d", at) for who in ("x", "y")], is_return=True)
    buy(shop, [(who, "e", at) for who in ("x", "y")], status="cancelled")
    buy(shop, [(who, "f", at) for who in ("x", "y")], status="returned")
    put(shop, "process.order_items", customer_id=["x"], product_id=["late"], ordered_at=[JUNE.end],
        is_return=False, status="placed")  # fmt: skip
    run(shop, JUNE, JUNE)
    near = rows(shop, SIMILAR, JUNE)
    assert near[["product_id", "neighbour_id"]].to_numpy().tolist() == [["a", "b"], ["b", "a"]]
    assert near["customers"].tolist() == [3, 3]
    assert rows(shop, OFFERED, JUNE).empty, "both have all that was ever bought"


def test_where_nobody_bought_anything_nothing_is_offered_and_it_is_said(shop: Settings) -> None:
    products(shop, {"a": 1.0}, [JUNE])
    customers(shop, ["x"], [JUNE])
    result = run(shop, JUNE, JUNE)
    assert rows(shop, OFFERED, JUNE).empty
    assert rows(shop, SIMILAR, JUNE).empty
    quality = rows(shop, QUALITY, JUNE)
    assert quality["customers"].tolist() == [0, 0]
    assert set(quality["note"]) == {"nobody who had bought before bought anything new"}
    assert quality["ndcg"].isna().all()
    assert all(verdict.passed for verdict in result.get_asset_check_evaluations())


def test_it_warns_where_popularity_is_better(shop: Settings) -> None:
    # Until May p and q went together; then everybody buys r.
    old, now = JUNE.end - 80 * DAY, JUNE.end - 5 * DAY
    who = [f"c{number}" for number in range(40)]
    fillers = [f"f{number:02}" for number in range(12)]
    lines = [(each, "p", old) for each in who]
    lines += [(each, product, old) for each in who[:20] for product in fillers]
    lines += [(f"early {number}", "r", JUNE.end - 30 * DAY) for number in range(5)]
    lines += [(each, "r", now) for each in who[20:]]
    buy(shop, [*lines])
    customers(shop, who, [JUNE])
    result = run(shop, JUNE, JUNE)
    (warned,) = [each for each in result.get_asset_check_evaluations() if not each.passed]
    assert warned.check_name == "range__ndcg_gain"
    assert warned.severity == dg.AssetCheckSeverity.WARN
    gain = rows(shop, QUALITY, JUNE).set_index("method")["ndcg_gain"]
    assert gain["item_to_item"] < 0


@pytest.mark.slow
def test_the_companions_of_the_world_are_near(settings: Settings, tmp_path: Path) -> None:
    world = World(
        WorldSettings(customers=600, seed=5, dirt=CLEAN),
        landing=settings.landing,
        truth=tmp_path / "truth",
    )
    for _ in range(6):
        world.step(outbox=None)
    sources = (CUSTOMERS, PRODUCTS, ORDERS, ORDER_ITEMS)
    wanted = {"process.customers", "process.products", "process.orders", "process.order_items"}
    models = [model_asset(model) for model in loaded_models() if model.table in wanted]
    with dg.DagsterInstance.ephemeral() as instance:
        dg.materialize(
            [*map(collect_asset, sources), *models, item_similarity],
            instance=instance,
            tags={
                "dagster/asset_partition_range_start": "2024-01-01",
                "dagster/asset_partition_range_end": JUNE.key,
            },
            resources={"settings": settings, "warehouse": DuckDBWarehouse.at(settings.warehouse)},
        )
    # A category's product of the middle price, of the first day, brings that of the third next.
    (opening,) = (settings.landing / "products").glob("*_2024-01.*")
    shelf = read(opening).drop_duplicates("product_id").astype({"unit_price": float})
    shelf = shelf.sort_values(["unit_price", "product_id"])
    middle = [
        ids.iloc[len(ids) // 2]
        for ids in (shelf.loc[shelf["category"] == each, "product_id"] for each in CATEGORIES)
    ]
    pairs = [(middle[here], middle[(here + 3) % 10]) for here in range(10)]
    near = rows(settings, SIMILAR, JUNE)
    ranks = dict(
        zip(zip(near["product_id"], near["neighbour_id"], strict=True), near["rank"], strict=True)
    )
    # Ten customers have bought a product, and by chance one pair in 66 would be so near.
    places = [int(ranks.get(pair, 99)) for pair in pairs]
    assert sum(place <= 3 for place in places) >= 4, places
