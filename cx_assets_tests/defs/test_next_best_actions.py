"""personalize.policy and next_best_actions: whom they may choose, by what, and how often."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from cx_assets.catalogue import catalogue_of
from cx_assets.defs.collect.sources import collect_asset
from cx_assets.defs.feedback.action_effects import ACTION_EFFECTS
from cx_assets.defs.personalize.next_best_actions import next_best_actions
from cx_assets.defs.personalize.outbox import outbox
from cx_assets.defs.personalize.policy import policy
from cx_assets.defs.sql_models import loaded_models, model_asset
from cx_assets.demo_regret import decisions
from cx_assets.landing.sources import ACTION_ASSIGNMENTS
from cx_assets.methods.policy.thompson import propensities
from cx_assets.periods import Period, period_at
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.warehouse.names import table_sql

MAY, JUNE, JULY = (period_at(date(2024, month, 1), "monthly") for month in (5, 6, 7))
CATALOGUE = """\
- name: call
  channel: phone
  cost: 6
  outcome: csat
  worth: 30
  eligible: last_score <= 3
  reason: "last answer: {last_score} of 5"
- name: tips
  channel: app
  cost: 0.25
  outcome: orders
  worth: 10
  eligible: frequency > 0
  reason: "purchases: {frequency}"
"""
MODELS = {model.table: model for model in loaded_models()}
TABLES = {
    ACTION_EFFECTS.name: ACTION_EFFECTS.columns,
    **{
        table: MODELS[table].columns
        for table in ("insight.customer_360", "process.customers", "process.action_assignments")
    },
}


@pytest.fixture
def shop(settings: Settings, tmp_path: Path) -> Settings:
    """Two actions, and tables without a row."""
    path = tmp_path / "actions.yaml"
    path.write_text(CATALOGUE)
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        for name, columns in TABLES.items():
            declared = ", ".join(f'"{column.name}" {column.type}' for column in columns)
            session.execute(f"create schema if not exists {name.split('.')[0]}")
            session.execute(f"create table {table_sql(name)} ({declared})")
        session.execute('create schema "analyze"')
        session.execute(
            'create table "analyze".segments (period date, customer_id varchar, segment_id bigint, '
            "segment_name varchar)"
        )
    return settings.model_copy(update={"actions": path})


def given(settings: Settings, table: str, **columns: Any) -> None:
    """Put rows in; what is no list is the same in every row."""
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        session.append(table_sql(table), pd.DataFrame(columns))


def customers(settings: Settings, ids: Sequence[str], *periods: Period, **other: Any) -> None:
    """Unhappy customers of segment 1 who may get either action, but for what `other` says."""
    known = {"consent_marketing": True, "consent_analytics": True, "segment_id": 1}
    known |= {"frequency": 2, "last_score": 2.0, **other}
    account = {"closed_at": known.pop("closed_at", None)}
    account["is_test_account"] = known.pop("is_test_account", False)
    for period in periods or (JUNE,):
        of = {"period": period.start.date(), "customer_id": list(ids)}
        given(settings, "insight.customer_360", **of, **known)
        agreed = {name: known[name] for name in ("consent_marketing", "consent_analytics")}
        given(settings, "process.customers", **of, **agreed, **account)
        segment = known["segment_id"]
        given(settings, "analyze.segments", **of, segment_id=segment, segment_name="a segment")


def effect(settings: Settings, period: Period, action: str, mean: float, sd: float) -> None:
    outcome = {"call": "csat", "tips": "orders"}[action]
    rows = {"action": [action], "segment_id": 1, "outcome": outcome}
    rows |= {"pooled_effect": mean, "pooled_se": sd}
    given(settings, "feedback.action_effects", period=period.start.date(), **rows)


def run(
    settings: Settings,
    first: Period = JUNE,
    last: Period = JUNE,
    assets: Sequence[dg.AssetsDefinition] = (policy, next_best_actions),
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


def decided(settings: Settings, period: Period = JUNE) -> pd.DataFrame:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        return session.frame(
            "select * from personalize.next_best_actions where period = $day order by customer_id",
            {"day": period.start.date()},
        )


def many(prefix: str, count: int) -> list[str]:
    return [f"{prefix}/{number:04}" for number in range(count)]


def groups(rows: pd.DataFrame) -> set[str]:
    return set(rows["customer_id"].str.rpartition("/")[0])


def test_nobody_is_contacted_twice_in_four_weeks_nor_against_their_will(shop: Settings) -> None:
    end, day, moment = JUNE.end, timedelta(days=1), timedelta(microseconds=1)
    earlier = {
        "27 days ago": end - 27 * day,
        "just under 28 days ago": end - 28 * day + moment,
        "just now": end - moment,
        "28 days ago": end - 28 * day,
        "at the end": end,
        "in the future": end + day,
    }
    # Forty of each, since nothing is drawn for some of them.
    customers(shop, [each for name in ("anybody", *earlier) for each in many(name, 40)])
    customers(shop, many("no marketing", 40), consent_marketing=False)
    customers(shop, many("no analytics", 40), consent_analytics=False)
    customers(shop, many("a test", 40), is_test_account=True)
    customers(shop, many("closed", 40), closed_at=datetime(2024, 6, 30))
    customers(shop, many("not eligible", 40), last_score=None, frequency=0)
    customers(shop, many("not here yet", 40), JULY)
    for number, (name, at) in enumerate(earlier.items()):
        given(
            shop,
            "process.action_assignments",
            customer_id=many(name, 40),
            assigned_at=at,
            arm=("treated", "control")[number % 2],
        )
    result = run(shop)
    may_be = {"anybody", "28 days ago", "at the end", "in the future"}
    assert groups(decided(shop)) == may_be
    assert all(verdict.passed for verdict in result.get_asset_check_evaluations())
    # The oracle judges what was decided for all of them, nothing included.
    with DuckDBWarehouse.at(shop.warehouse).connect() as session:
        judged = decisions(session, catalogue_of(shop), JUNE).set_index("customer_id")
    assert set(judged.index) == {each for name in may_be for each in many(name, 40)}
    drawn = judged["action"].dropna()
    assert drawn.to_dict() == decided(shop).set_index("customer_id")["action"].to_dict()
    assert set(judged["eligible"]) == {0b11}


def test_everything_recorded_is_what_was_drawn(shop: Settings) -> None:
    customers(shop, many("both", 3_000))
    customers(shop, many("tips only", 3_000), last_score=[3.25] * 3_000)
    effect(shop, JUNE, "call", 0.25, 0.05)
    effect(shop, JUNE, "tips", 0.02, 0.2)
    run(shop.model_copy(update={"holdout_share": 0.2}))
    rows = decided(shop)
    mean, sd = np.array([30 * 0.25 - 6, 10 * 0.02 - 0.25]), np.array([30 * 0.05, 10 * 0.2])
    sets = np.array([[True, True], [False, True]])
    both, tips_only = propensities(mean, sd, sets)
    chances = {("both", "call"): both[0], ("both", "tips"): both[1]}
    chances |= {("tips only", "tips"): tips_only[1]}
    by = rows.assign(who=rows["customer_id"].str.rpartition("/")[0]).groupby(["who", "action"])
    assert set(by.groups) == set(chances)
    for group, chance in chances.items():
        own = by.get_group(group)
        assert own["action_propensity"].unique() == pytest.approx([chance], abs=1e-9)
        assert len(own) / 3_000 == pytest.approx(chance, abs=4 * np.sqrt(0.25 / 3_000))
        arms = own.groupby("arm")["propensity"].agg(["mean", "size"])
        assert arms["mean"].to_dict() == pytest.approx({"control": 0.2, "treated": 0.8})
        share = arms["size"]["control"] / len(own)
        assert share == pytest.approx(0.2, abs=4 * np.sqrt(0.16 / len(own)))
    call = rows[rows["action"] == "call"].iloc[0]
    assert call["expected_effect"] == 0.25
    assert call["expected_net_benefit"] == pytest.approx(1.5)
    assert call["reason"] == "last answer: 2 of 5"
    assert call["action_id"] == f"2024-06-01/{call['customer_id']}"
    assert set(rows.loc[rows["action"] == "tips", "reason"]) == {"purchases: 2"}


def test_a_customer_stays_in_the_arm_of_a_policy_and_draws_anew(shop: Settings) -> None:
    customers(shop, many("c", 600), MAY, JUNE)
    run(shop, MAY, JUNE)
    may, june = (decided(shop, period).set_index("customer_id") for period in (MAY, JUNE))
    again = may.index.intersection(june.index)
    assert len(again) > 250
    assert (may.loc[again, "arm"] == june.loc[again, "arm"]).all()
    assert 0 < (may.loc[again, "action"] != june.loc[again, "action"]).mean() < 1
    # Another catalogue is another policy, with a control group of its own.
    shop.actions.write_text(CATALOGUE.replace("cost: 6", "cost: 7"))
    run(shop)
    other = decided(shop).set_index("customer_id")
    assert set(other["policy_version"]).isdisjoint(june["policy_version"])
    both = other.index.intersection(june.index)
    assert (other.loc[both, "arm"] != june.loc[both, "arm"]).any()


def test_a_policy_of_another_catalogue_decides_nothing(shop: Settings) -> None:
    customers(shop, ["a"])
    run(shop)
    shop.actions.write_text(CATALOGUE.replace("cost: 6", "cost: 7"))
    with pytest.raises(dg.Failure, match="materialise it first"):
        run(shop, assets=[next_best_actions])


@pytest.mark.slow
def test_the_best_come_first_and_the_budget_is_never_exceeded(shop: Settings) -> None:
    customers(shop, many("cheap", 200), last_score=[5.0] * 200)
    customers(shop, many("dear", 200))
    effect(shop, JUNE, "call", 0.5, 0.05)
    run(shop)
    unlimited = decided(shop)
    budget = Decimal("630.50")  # 105 customers who might get a call and two who may get tips
    run(shop.model_copy(update={"action_budget": budget}))
    rows = decided(shop)
    assert groups(rows) == {"dear"}
    assert rows["action"].map({"call": 6, "tips": 0.25}).sum() <= float(budget)
    # Who is decided for depends on no draw: for them nothing is another.
    kept = unlimited[unlimited["customer_id"].isin(rows["customer_id"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(rows, kept)
    assert 80 < len(rows) <= 105
    run(shop.model_copy(update={"action_budget": Decimal(1200 + 10)}))
    of_all = decided(shop)
    assert groups(of_all) == {"dear", "cheap"}
    assert 0 < of_all["customer_id"].str.startswith("cheap").sum() <= 40


@pytest.mark.slow
def test_only_what_is_known_by_the_periods_end_counts(shop: Settings) -> None:
    customers(shop, many("c", 50), MAY, JUNE)
    effect(shop, MAY, "call", 0.3, 0.1)
    run(shop, MAY, MAY)
    before = decided(shop, MAY)
    effect(shop, JUNE, "call", 50.0, 0.001)
    customers(shop, ["new"], JUNE, segment_id=[2])
    run(shop, MAY, MAY)
    pd.testing.assert_frame_equal(decided(shop, MAY), before)
    run(shop)
    with DuckDBWarehouse.at(shop.warehouse).connect() as session:
        found = session.rows(
            "select period, segment_id, source, net_benefit_mean from personalize.policy "
            "where action = 'call' order by all"
        )
    assert [row[1:3] for row in found] == [(1, "measured"), (1, "measured"), (2, "prior")]
    assert [row[3] for row in found] == pytest.approx([30 * 0.3 - 6, 1494.0, 0.0])


@pytest.mark.slow
def test_a_range_is_its_periods_and_the_past_sends_nothing(shop: Settings, tmp_path: Path) -> None:
    customers(shop, many("c", 60), MAY, JUNE)
    copy = tmp_path / "singles.duckdb"
    copy.write_bytes(shop.warehouse.read_bytes())
    elsewhere = Settings(home=tmp_path / "elsewhere")
    singles = shop.model_copy(
        update={"warehouse": copy, "landing": elsewhere.landing, "outbox": elsewhere.outbox}
    )
    assets = (policy, next_best_actions, outbox)
    run(shop, MAY, MAY, assets)
    assert not decided(shop, MAY).empty
    assert not shop.outbox.exists()
    assert not shop.landing.exists()
    run(shop, MAY, JUNE, assets)
    for period in (MAY, JUNE):
        run(singles, period, period, assets)
        pd.testing.assert_frame_equal(decided(singles, period), decided(shop, period))
    sent = [path.name for path in (shop.outbox / "actions").iterdir()]
    assert sent == [f"{JUNE.key}.parquet"]
    name = f"actions/{JUNE.key}.parquet"
    assert (shop.outbox / name).read_bytes() == (singles.outbox / name).read_bytes()


def test_what_was_published_comes_back_with_its_propensities(shop: Settings) -> None:
    customers(shop, many("c", 60))
    run(shop, assets=(policy, next_best_actions, outbox))
    june = decided(shop)
    (file,) = (shop.landing / "action_assignments").iterdir()
    record = pq.read_table(file)
    assert set(record["arm"].to_pylist()) == {"treated", "control"}
    assert set(record["assigned_at"].to_pylist()) == {JUNE.end}
    # As if the record had come in while its period lasted, so that the tests' periods hold it.
    moved = record.set_column(
        record.schema.get_field_index("assigned_at"),
        record.schema.field("assigned_at"),
        [[JUNE.end - timedelta(days=1)] * len(record)],
    )
    pq.write_table(moved, file)
    with DuckDBWarehouse.at(shop.warehouse).connect() as session:
        session.execute("drop table process.action_assignments")
    model = MODELS["process.action_assignments"]
    run(shop, assets=[collect_asset(ACTION_ASSIGNMENTS), model_asset(model)])
    with DuckDBWarehouse.at(shop.warehouse).connect() as session:
        back = session.frame(
            "select customer_id, action, arm, propensity, action_propensity, policy_version, "
            "segment_id, expected_effect, expected_net_benefit, reason "
            "from process.action_assignments order by customer_id"
        )
    pd.testing.assert_frame_equal(back, june[back.columns.tolist()])
    file.unlink()
    run(shop)
    assert decided(shop).empty, "for whom nothing was drawn before, nothing is drawn again"


@pytest.mark.slow
def test_a_published_decision_is_never_rewritten(
    shop: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """New knowledge changes what is believed of June and decided in May, but not June's actions."""
    customers(shop, many("c", 60), MAY, JUNE)
    run(shop, MAY, JUNE, (policy, next_best_actions, outbox))
    published = {period: decided(shop, period) for period in (MAY, JUNE)}
    assert "published before" not in caplog.text
    for period in (MAY, JUNE):
        effect(shop, period, "call", -2.0, 0.001)
    customers(shop, many("new", 5), JUNE)
    run(shop, MAY, JUNE, (policy, next_best_actions, outbox))
    pd.testing.assert_frame_equal(decided(shop, JUNE), published[JUNE])
    calls = [int((rows["action"] == "call").sum()) for rows in (published[MAY], decided(shop, MAY))]
    assert calls[1] < calls[0] / 3, "what was not published is decided anew"
    assert f"{JUNE.key} was published before and would differ in" in caplog.text
    # The tables are lost, the record is not.
    with DuckDBWarehouse.at(shop.warehouse).connect() as session:
        session.execute("drop table personalize.next_best_actions")
    run(shop)
    pd.testing.assert_frame_equal(decided(shop, JUNE), published[JUNE])


def test_an_empty_shop_decides_nothing(shop: Settings) -> None:
    result = run(shop, assets=(policy, next_best_actions, outbox))
    assert decided(shop).empty
    assert not shop.outbox.exists()
    assert result.success
