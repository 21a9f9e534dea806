"""personalize.survey_plan and its publication: whom it may ask, and that it asks only once."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pandas as pd
import pyarrow.parquet as pq
import pytest

from cx_assets.defs.collect.sources import collect_asset
from cx_assets.defs.personalize.survey_outbox import survey_outbox
from cx_assets.defs.personalize.survey_plan import survey_plan
from cx_assets.defs.sql_models import loaded_models, model_asset
from cx_assets.landing.sources import SURVEY_PLANS
from cx_assets.outbox import SURVEYS, publish
from cx_assets.periods import Period, period_at
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.warehouse.names import table_sql

APRIL, MAY, JUNE = (period_at(date(2024, month, 1), "monthly") for month in (4, 5, 6))
EMPTY = """
create schema process;
create schema "analyze";
create table process.customers (
    period date, customer_id varchar, consent_marketing boolean, consent_analytics boolean,
    closed_at timestamp, is_test_account boolean
);
create table process.survey_responses (customer_id varchar, sent_at timestamp);
create table process.survey_plans (customer_id varchar, planned_at timestamp);
create table "analyze".clv (period date, customer_id varchar, clv_formula double, clv double);
create table "analyze".predicted_satisfaction (
    period date, customer_id varchar, uncertainty double, response_propensity double,
    stated_days bigint
);
"""


@pytest.fixture
def shop(settings: Settings) -> Settings:
    """A warehouse without a row, where everybody who may be asked is asked."""
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        session.execute(EMPTY)
    return settings.model_copy(update={"survey_share": 1.0})


def given(settings: Settings, table: str, **columns: object) -> None:
    """Put rows in; what is no list is the same in every row."""
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        session.append(table_sql(table), pd.DataFrame(columns))


def customers(settings: Settings, ids: Sequence[str], *periods: Period, **other: object) -> None:
    """Customers who may be asked, but for what `other` says."""
    usual = {"consent_marketing": True, "consent_analytics": True, "is_test_account": False}
    for period in periods or (JUNE,):
        columns = {"period": period.start.date(), "customer_id": list(ids), **usual, **other}
        given(settings, "process.customers", **columns)


def run(
    settings: Settings,
    first: Period = JUNE,
    last: Period = JUNE,
    assets: Sequence[dg.AssetsDefinition] = (survey_plan, survey_outbox),
) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            assets,
            instance=instance,
            tags={
                "dagster/asset_partition_range_start": first.key,
                "dagster/asset_partition_range_end": last.key,
            },
            resources={"settings": settings, "warehouse": DuckDBWarehouse.at(settings.warehouse)},
        )


def planned(settings: Settings, period: Period = JUNE) -> pd.DataFrame:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        return session.frame(
            "select * from personalize.survey_plan where period = $day order by rank",
            {"day": period.start.date()},
        )


def sent(settings: Settings, period: Period = JUNE) -> Path:
    return settings.outbox / "surveys" / f"{period.key}.parquet"


def test_nobody_is_asked_twice_in_sixty_days_nor_against_their_will(shop: Settings) -> None:
    end, day = JUNE.end, timedelta(days=1)
    at_once = timedelta(microseconds=1)
    asked = {
        "asked 59 days ago": end - 59 * day,
        "asked just under 60 days ago": end - 60 * day + at_once,
        "asked just now": end - at_once,
        "asked 60 days ago": end - 60 * day,
        "asked in the future": end,
    }
    in_plan = {name.replace("asked", "in a plan"): at for name, at in asked.items()}
    customers(shop, ["anybody", *asked, *in_plan])
    customers(shop, ["no marketing"], consent_marketing=False)
    customers(shop, ["no analytics"], consent_analytics=False)
    customers(shop, ["a test"], is_test_account=True)
    customers(shop, ["closed"], closed_at=datetime(2024, 6, 30))
    customers(shop, ["not here yet"], period_at(date(2024, 7, 1), "monthly"))
    given(shop, "process.survey_responses", customer_id=list(asked), sent_at=list(asked.values()))
    given(shop, "process.survey_responses", customer_id=[None], sent_at=[end - day])
    given(shop, "process.survey_plans", customer_id=list(in_plan), planned_at=[*in_plan.values()])
    result = run(shop)
    assert set(planned(shop)["customer_id"]) == {
        "anybody",
        "asked 60 days ago",
        "asked in the future",
        "in a plan 60 days ago",
        "in a plan in the future",
    }
    assert all(verdict.passed for verdict in result.get_asset_check_evaluations())


def test_who_is_worth_most_is_asked_first(shop: Settings) -> None:
    ids = [f"c{number:03}" for number in range(120)]
    customers(shop, ids)
    june = JUNE.start.date()
    models = [1_000.0, None, -50.0, *[0.5] * 117]
    formula = [1.0, 500.0, 9.0, *[5_000.0] * 117]
    given(shop, "analyze.clv", period=june, customer_id=ids, clv=models, clv_formula=formula)
    # What was known of another period is of no matter.
    given(shop, "analyze.clv", period=MAY.start.date(), customer_id=["c119"], clv=[1e9])
    given(
        shop,
        "analyze.predicted_satisfaction",
        period=june,
        customer_id=ids,
        uncertainty=[0.5, 2.0, 3.0, *[0.1] * 117],
        response_propensity=0.25,
        stated_days=[210, None, 3, *[40] * 117],
    )
    result = run(shop.model_copy(update={"survey_share": 0.02}))
    plan = planned(shop)
    assert plan["customer_id"].tolist()[:2] == ["c001", "c000"]
    assert plan["expected_information"].tolist()[:2] == [2 * 500 * 0.25, 0.5 * 1_000 * 0.25]
    assert plan["why"].tolist()[:2] == [
        "no known answer, worth 500",
        "last answer 210 days ago, worth 1000",
    ]
    assert plan["reason"].tolist() == ["value", "value", "random"], "2 % of 120, rounded up"
    assert plan["propensity"].tolist() == [1, 1, 1 / 118]
    assert plan["plan_id"].tolist()[0] == "2024-06-01/c001"
    (event,) = result.asset_materializations_for_node("personalize__survey_outbox")
    assert event.metadata["sent"].value == 3
    out = pq.read_table(sent(shop))
    assert out["customer_id"].to_pylist() == plan["customer_id"].tolist()
    assert set(out["planned_at"].to_pylist()) == {JUNE.end}
    assert out.schema.names == SURVEYS.schema.names


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_where_nobody_is_to_be_asked_nothing_leaves(shop: Settings, share: float) -> None:
    customers(shop, ["a"], consent_marketing=share == 0)
    result = run(shop.model_copy(update={"survey_share": share}))
    assert planned(shop).empty
    assert not sent(shop).exists()
    (event,) = result.asset_materializations_for_node("personalize__survey_outbox")
    assert not event.metadata["published"].value


def test_the_past_sends_nothing_and_a_range_is_its_periods(shop: Settings, tmp_path: Path) -> None:
    customers(shop, [f"c{number}" for number in range(30)], APRIL, MAY, JUNE)
    few = shop.model_copy(update={"survey_share": 0.2})
    copy = tmp_path / "singles.duckdb"
    copy.write_bytes(few.warehouse.read_bytes())
    elsewhere = Settings(home=tmp_path / "elsewhere")
    singles = few.model_copy(
        update={
            "warehouse": copy,
            "landing": elsewhere.landing,
            "outbox": elsewhere.outbox,
        }
    )
    run(few, APRIL, MAY)
    assert not few.outbox.exists()
    assert not few.landing.exists()
    run(few, APRIL, JUNE)
    for period in (APRIL, MAY, JUNE):
        run(singles, period, period)
        assert len(planned(singles, period)) == 6
        pd.testing.assert_frame_equal(planned(singles, period), planned(few, period))
    assert [path.name for path in sent(few).parent.iterdir()] == ["2024-06-01.parquet"]
    assert sent(few).read_bytes() == sent(singles).read_bytes()


def test_what_was_published_is_completed_and_never_changed(shop: Settings) -> None:
    customers(shop, ["a", "b"])
    run(shop)
    first = sent(shop).read_bytes()
    record = shop.landing / "survey_plans" / f"{JUNE.key}.parquet"
    assert record.read_bytes() == first
    before = planned(shop)
    # As if killed before the outbox was written; and now somebody else would be asked.
    sent(shop).unlink()
    customers(shop, ["c"])
    result = run(shop)
    assert sent(shop).read_bytes() == record.read_bytes() == first
    (event,) = result.asset_materializations_for_node("personalize__survey_outbox")
    assert not event.metadata["new"].value
    pd.testing.assert_frame_equal(planned(shop), before)
    record.unlink()
    run(shop)
    assert set(planned(shop)["customer_id"]) > set(before["customer_id"]), "it would differ"


def test_a_published_plan_comes_back_and_counts_as_asked(shop: Settings) -> None:
    customers(shop, ["a", "b", "c", "d"], MAY)
    run(shop.model_copy(update={"survey_share": 0.5}), MAY, MAY)
    may = planned(shop, MAY)
    with DuckDBWarehouse.at(shop.warehouse).connect() as session:
        session.execute("drop table process.survey_plans")
        decisions = session.table(
            "select *, cast($end as timestamp) as planned_at from personalize.survey_plan",
            {"end": MAY.end},
        )
    publish(SURVEYS, decisions, MAY.key, shop.landing, shop.outbox)
    customers(shop, ["a", "b", "c", "d"])
    model = next(each for each in loaded_models() if each.table == "process.survey_plans")
    run(shop, assets=[collect_asset(SURVEY_PLANS), model_asset(model), survey_plan])
    assert len(may) == 2
    assert set(planned(shop)["customer_id"]) == {"a", "b", "c", "d"} - set(may["customer_id"])
    with DuckDBWarehouse.at(shop.warehouse).connect() as session:
        back = session.frame(
            "select customer_id, survey, rank, reason, propensity from process.survey_plans "
            "order by rank"
        )
    pd.testing.assert_frame_equal(back, may[back.columns.tolist()])
