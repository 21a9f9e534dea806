"""The benchmark of the survey plan: its truth, its errors, its ways of asking and its tables."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from benchmarks.satisfaction.plan import (
    MEASURES,
    PLAN,
    RANDOM,
    WAYS,
    advantage,
    errors,
    tables,
    true_score,
)
from cx_assets.defs.personalize import survey_plan
from cx_assets.methods.survey_plan import draw_key
from cx_assets.outbox import SURVEYS
from cx_assets.periods import period_at
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse

APRIL = period_at(pd.Timestamp("2024-04-01").date(), "monthly")
CUSTOMERS, ASKED = 1_000, 100
# Everybody is as uncertain and as willing as the next, so the plan goes by value alone.
SHOP = f"""
create schema process;
create schema "analyze";
create schema personalize;
create table process.customers as
    select date '2024-04-01' as period, 'c' || lpad(cast(i as varchar), 4, '0') as customer_id,
        true as consent_marketing, true as consent_analytics, false as is_test_account,
        cast(null as timestamp) as closed_at
    from range({CUSTOMERS}) as numbers (i);
create table process.survey_responses (customer_id varchar, sent_at timestamp);
create table process.survey_plans (customer_id varchar, planned_at timestamp);
create table "analyze".clv as
    select period, customer_id, 1.0 as clv_formula, cast(substr(customer_id, 2) as double) as clv
    from process.customers;
create table "analyze".predicted_satisfaction as
    select period, customer_id, 0.4 as uncertainty, 0.3 as response_propensity, 9 as stated_days
    from process.customers;
"""


def test_the_truth_is_what_the_rounded_answers_are_on_average() -> None:
    feeling = pd.Series([-4.0, -1.0, 0.0, 1.3, 4.0])
    rng = np.random.default_rng(4)
    said = feeling.to_numpy()[:, None] + rng.normal(0, 0.5, (5, 200_000))
    answers = np.clip(np.round(3.7 + 0.9 * said), 1, 5)
    assert true_score(feeling, 0.5).to_numpy() == pytest.approx(answers.mean(axis=1), abs=0.005)


def test_errors_by_hand() -> None:
    customers = pd.DataFrame(
        {
            "predicted_score": [4.0, 4.0, 3.0, 2.0],
            "true_score": [3.0, 4.0, 3.2, 2.6],
            "segment_id": [1, 1, 2, 2],
            "value": [3.0, 1.0, 0.0, 4.0],
        }
    )
    # The segments are wrong by .5 and -.4, by value by .75 and -.6, and all together by .05.
    found = errors(customers)
    assert found == pytest.approx(
        {
            "segments": np.sqrt((0.25 + 0.16) / 2),
            "segments, by value": np.sqrt((0.75**2 + 0.6**2) / 2),
            "segments, less the overall": 0.45,
            "overall mean": 0.05,
            "customers": (1 + 0.04 + 0.36) / 4,
            "customers, by value": (3 * 1 + 4 * 0.36) / 8,
        }
    )


def test_the_advantage_and_its_jackknife_by_hand() -> None:
    # Without the first seed 1 - 2/2, without the second 1 - 1/2.
    share, error = advantage(pd.Series([1.0, 2.0]), pd.Series([2.0, 2.0]))
    assert (share, error) == pytest.approx((0.25, 0.25))
    assert np.isnan(advantage(pd.Series([1.0]), pd.Series([2.0]))[1])


def test_the_error_of_the_advantage_is_its_spread_over_samples() -> None:
    rng = np.random.default_rng(8)
    theirs = rng.gamma(4, 0.05, (500, 12))
    ours = 0.8 * theirs * rng.gamma(20, 1 / 20, theirs.shape)
    found = np.array(
        [advantage(pd.Series(a), pd.Series(b)) for a, b in zip(ours, theirs, strict=True)]
    )
    assert found[:, 0].mean() == pytest.approx(0.2, abs=0.01)
    assert found[:, 1].mean() == pytest.approx(found[:, 0].std(), rel=0.15)


def test_the_tables_compare_with_random_seed_by_seed() -> None:
    after = {RANDOM: ([0.3, 0.3], [0.2, 0.2]), PLAN: ([0.2, 0.3], [0.1, 0.2])}
    results = pd.DataFrame(
        {
            "seed": seed,
            "way": way,
            "month": month,
            "invited": 1_000 * month,
            "answered": 200 * month,
            **dict.fromkeys(MEASURES, (0.5 if month == 0 else months[month - 1][seed - 1])),
        }
        for way, months in after.items()
        for seed in (1, 2)
        for month in (0, 1, 2)
    )
    lines = tables(results).splitlines()
    assert f"| {PLAN} | 2,000 | 400 | 0.500 | 0.250 | 0.150 |" in lines
    assert f"| segments | {RANDOM} | 0.500 | 0.200 | -0.300 |  |  |" in lines
    # The last month as by hand above; of both months the means are .15 and .25, against .25.
    assert f"| segments | {PLAN} | 0.500 | 0.150 | -0.350 | +25.0 ± 25.0 | +20.0 ± 20.0 |" in lines


def test_all_ways_ask_as_many_of_the_same_candidates(settings: Settings) -> None:
    parameters = {
        "day": APRIL.start.date(),
        "cap_start": APRIL.end - survey_plan.CONTACT_CAP,
        "period_end": APRIL.end,
        "invitations": ASKED,
        "key": draw_key(APRIL.key),
    }
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        session.execute(SHOP)
        session.execute(f"create table personalize.survey_plan as {survey_plan.PLAN}", parameters)
        decided = {name: way(session, APRIL, 1) for name, way in WAYS.items()}
        again = WAYS[RANDOM](session, APRIL, 2)
    for name, rows in decided.items():
        sent = rows.select(SURVEYS.schema.names).cast(SURVEYS.schema)
        asked = sent["customer_id"].to_pylist()
        assert len(set(asked)) == len(asked) == (0 if name == "nobody" else ASKED)
        if asked:
            assert set(sent["planned_at"].to_pylist()) == {APRIL.end}
    worth = {
        name: pa.compute.mean(
            pa.compute.utf8_slice_codeunits(rows["customer_id"], 1).cast(pa.float64())
        ).as_py()
        for name, rows in decided.items()
    }
    # Values are 0 .. 999, so the mean of 100 drawn at random has a deviation of 29 around 500.
    assert worth[RANDOM] == pytest.approx(500, abs=100)
    assert worth[PLAN] > 750
    assert set(decided[RANDOM]["propensity"].to_pylist()) == {ASKED / CUSTOMERS}
    assert set(decided[RANDOM]["reason"].to_pylist()) == {"random"}
    assert set(again["customer_id"].to_pylist()) != set(decided[RANDOM]["customer_id"].to_pylist())
