"""feedback.action_effects: its sums against plain ones, its effects against the world's."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.effects.figures import true_effects
from benchmarks.effects.worlds import (
    CALL,
    NOTHING,
    ask_everybody,
    live,
    measure,
    without_the_call,
    world_settings,
)
from cx_assets.defs.feedback.action_effects import (
    ACTION_EFFECTS,
    TOO_FEW,
    UNPAIRED,
    measured_effects,
)
from cx_assets.defs.feedback.action_outcomes import ACTION_OUTCOMES
from cx_assets.defs.feedback.effect_sums import EFFECT_SUMS
from cx_assets.methods.effects import compare
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBSession, DuckDBWarehouse
from cx_assets.warehouse.names import table_sql
from cx_assets.world import World
from cx_assets_tests.methods.effects.rows import sums_of

FEBRUARY = date(2024, 2, 1)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[DuckDBSession]:
    with DuckDBWarehouse.at(tmp_path / "w.duckdb").connect() as session:
        declared = ", ".join(f"{column.name} {column.type}" for column in ACTION_OUTCOMES.columns)
        session.execute("create schema feedback")
        session.execute(f"create table {table_sql(ACTION_OUTCOMES.name)} ({declared})")
        yield session


def given(session: DuckDBSession, outcomes: pd.DataFrame) -> None:
    staged = session.stage(ACTION_OUTCOMES.name, ACTION_OUTCOMES.columns)
    session.append(staged, outcomes)
    session.execute(f"insert into {table_sql(ACTION_OUTCOMES.name)} by name from {staged}")


def outcomes(size: int = 900, seed: int = 2) -> pd.DataFrame:
    """Customers who come up to three times, in either arm, whose shares differ by policy."""
    rng = np.random.default_rng(seed)
    customer = rng.integers(0, size // 2, size)
    treated = rng.random(size) < np.where(np.arange(size) % 2, 0.5, 0.8)
    share = np.where(np.arange(size) % 2, 0.5, 0.8)
    answered, known = rng.random(size) < 0.5, rng.random(size) < 0.6
    mood = rng.normal(size=size // 2)[customer]
    orders_before = rng.poisson(np.exp(mood))
    return pd.DataFrame(
        {
            "period": FEBRUARY,
            "action_id": [f"a{i}" for i in range(size)],
            "customer_id": [f"c{i}" for i in customer],
            "assigned_at": pd.Timestamp(2024, 1, 3),
            "action": "call",
            "arm": np.where(treated, "treated", "control"),
            "policy_version": "v1",
            "segment_id": customer % 3,
            "arm_propensity": np.where(treated, share, 1 - share),
            "csat": np.where(answered, np.clip(np.round(3.5 + mood + 0.4 * treated), 1, 5), np.nan),
            "csat_before": np.where(known, np.clip(np.round(3.5 + mood), 1, 5), np.nan),
            "csat_weight": np.where(answered, 1 + rng.integers(0, 8, size) / 4, np.nan),
            "orders": rng.poisson(np.exp(mood)),
            "orders_before": orders_before,
            "profit": np.round(rng.gamma(2, 30, size) * rng.poisson(1, size), 2),
            "profit_before": np.round(rng.gamma(2, 30, size) * orders_before, 2),
        }
    )


def plain(rows: pd.DataFrame, of: pd.DataFrame, outcome: str) -> dict[str, float]:
    """The sums of some rows, what is missing before filled with the mean of all of `of`."""
    here = rows[rows[outcome].notna()]
    before = f"{outcome}_before"
    weight = here["csat_weight"] if outcome == "csat" else 1.0
    scale = 1 if outcome == "csat" else 28 / 180
    filled = here[before].fillna(of.loc[of[outcome].notna(), before].mean()) * scale
    return sums_of(
        pd.DataFrame(
            {
                "customer": here["customer_id"],
                "treated": here["arm"] == "treated",
                "y": here[outcome],
                "x": filled,
                "w": weight / here["arm_propensity"],
            }
        )
    )


def test_the_warehouse_adds_up_what_the_rows_say(session: DuckDBSession) -> None:
    rows = outcomes()
    later = outcomes(seed=3).assign(period=date(2024, 3, 1))
    later["action_id"] = "later/" + later["action_id"]
    given(session, pd.concat([rows, later], ignore_index=True))
    found = compare(session.frame(EFFECT_SUMS, {"period_start": FEBRUARY}))
    assert len(found) == 3 * 4
    for row in found.to_dict("records"):
        segment = row["segment_id"]
        scope = rows if pd.isna(segment) else rows[rows["segment_id"] == segment]
        expected = compare(pd.DataFrame([plain(scope, rows, row["outcome"])])).iloc[0]
        for name in ("treated", "control", "effect", "raw_effect", "ci_low", "ci_high", "p_value"):
            assert row[name] == pytest.approx(expected[name], rel=2e-3, abs=2e-4), name
        treated = scope[scope["arm"] == "treated"]
        scale = 1 if row["outcome"] == "csat" else 28 / 180
        naive = treated[row["outcome"]] - scale * treated[f"{row['outcome']}_before"]
        assert row["naive_change"] == pytest.approx(naive.mean(), abs=1e-3)


def test_every_figure_has_an_interval_or_a_reason(session: DuckDBSession) -> None:
    rows = outcomes(300)
    rows["action"] = np.where(rows["segment_id"] == 1, "few", "call")
    few = (rows["action"] == "few") & (rows["arm"] == "control")
    rows = rows[~few | (rows["action_id"].str.len() == 2)]
    alone = outcomes(40).assign(action="alone", arm="treated", segment_id=None)
    alone["action_id"] = "alone/" + alone["action_id"]
    given(session, pd.concat([rows, alone], ignore_index=True))
    found = measured_effects(session, FEBRUARY)
    assert (found["ci_low"].isna() == found["note"].notna()).all()
    assert set(found["note"].dropna()) == {TOO_FEW, UNPAIRED}
    assert (found.loc[found["action"] == "alone", "note"] == UNPAIRED).all()
    call = found[(found["action"] == "call") & found["segment_id"].isna()]
    assert call["ci_low"].notna().all()
    assert call["pooled_se"].notna().all()


def test_nothing_measured_is_no_row(session: DuckDBSession) -> None:
    found = measured_effects(session, FEBRUARY)
    assert len(found) == 0
    assert {"period", *found.columns} == {column.name for column in ACTION_EFFECTS.columns}


def test_one_slip_of_the_pen_breaks_nothing(session: DuckDBSession) -> None:
    rows = outcomes(200)
    rows.loc[0, "profit"] = 1e16
    rows.loc[1, "profit_before"] = -1e16
    rows.loc[2, "arm_propensity"] = 0
    given(session, rows)
    assert measured_effects(session, FEBRUARY)["effect"].notna().any()


@pytest.mark.slow
def test_effects_are_those_of_the_world(settings: Settings, tmp_path: Path) -> None:
    world = world_settings(customers=4_000, seed=3)
    live(world, settings.landing, tmp_path / "with", months=3)
    live(without_the_call(world), tmp_path / "twin", tmp_path / "without", months=3)
    measure(settings, months=3)
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        found = session.frame(
            "select * from feedback.action_effects "
            "where period = date '2024-03-01' and segment_id is null"
        )
        known = found.merge(true_effects(session, world, tmp_path), on=["action", "outcome"])
    assert len(known) == 7
    assert (known["ci_low"] < known["truth"]).all()
    assert (known["truth"] < known["ci_high"]).all()
    assert (known.loc[known["outcome"] == "orders", "variance_reduction"] > 0.1).all()
    call = known[(known["action"] == CALL) & (known["outcome"] == "csat")].iloc[0]
    assert call["truth"] > 0.2
    assert call["ci_low"] > 0


@pytest.mark.slow
def test_the_unhappiest_recover_by_themselves(settings: Settings, tmp_path: Path) -> None:
    """Tips that do nothing go to those whose last answer was 3 or less, half of them held out."""
    # The moods of a customer pass, and every other one answers.
    world = replace(
        world_settings(customers=3_000, seed=4), campaign_share=0, response_base=(0.5, 0.5, 0.5)
    )
    outside = live(world, settings.landing, tmp_path, months=2)
    send_tips(settings, outside, tmp_path)
    outside.step(tmp_path / "outbox")
    measure(settings, months=3)
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        found = session.frame(
            "select * from feedback.action_effects where segment_id is null "
            "and outcome = 'csat' and period = date '2024-03-01'"
        )
    (row,) = found.to_dict("records")
    assert row["action"] == NOTHING
    assert row["naive_change"] > 0.3
    assert row["ci_low"] < 0 < row["ci_high"]
    assert row["ci_high"] < row["naive_change"]


def send_tips(settings: Settings, outside: World, home: Path) -> None:
    """What is decided at the end of February: recorded in both arms, the treated in the outbox."""
    asked = pd.read_parquet(home / "truth" / "surveys" / "2024-02-01.parquet")
    score = asked[asked["answered"]].groupby("customer_id", as_index=False)["true_score"].mean()
    unhappy = score[score["true_score"] <= 3]
    treated = np.random.default_rng(1).random(len(unhappy)) < 0.5
    decided = pa.table(
        {
            "action_id": ["2024-02-01/" + customer for customer in unhappy["customer_id"]],
            "customer_id": pa.array(unhappy["customer_id"]),
            "assigned_at": pa.array([pd.Timestamp(2024, 3, 1)] * len(unhappy)),
            "action": [NOTHING] * len(unhappy),
            "arm": np.where(treated, "treated", "control"),
            "propensity": np.full(len(unhappy), 0.5),
            "policy_version": ["test"] * len(unhappy),
            "segment_id": pa.nulls(len(unhappy), pa.int64()),
            "expected_effect": pa.nulls(len(unhappy), pa.float64()),
        }
    )
    for path in (
        settings.landing / "action_assignments" / "decided.parquet",
        home / "outbox" / "actions" / "2024-02-01.parquet",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(decided, path)
    ask_everybody(outside, home)
