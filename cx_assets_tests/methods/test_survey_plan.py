"""Whom to ask: the hand-made plan, exact inclusion probabilities, and an unbiased mean."""

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from cx_assets.methods.survey_plan import draw_key, invitations, plan_sql

QUERY = plan_sql("select * from people")


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            "create table people (customer_id varchar, variance double, value double, "
            "response_propensity double, stated_days bigint)"
        )
        yield connection


def people(size: int, **columns: Any) -> pd.DataFrame:
    frame = pd.DataFrame({"customer_id": [f"c{number:03}" for number in range(size)]})
    given: dict[str, Any] = {
        "variance": 1.0,
        "value": 1.0,
        "response_propensity": 0.5,
        "stated_days": None,
    }
    return frame.assign(**{**given, **columns})


def plan(
    engine: duckdb.DuckDBPyConnection,
    candidates: pd.DataFrame,
    asked: int,
    period: str = "2024-06-01",
) -> pd.DataFrame:
    engine.execute("delete from people")
    engine.execute("insert into people by name select * from candidates")
    return drawn(engine, asked, period)


def drawn(engine: duckdb.DuckDBPyConnection, asked: int, period: str) -> pd.DataFrame:
    parameters = {"invitations": asked, "key": draw_key(period)}
    return engine.execute(f"{QUERY} order by rank", parameters).df()


def test_a_plan_worked_out_by_hand(engine: duckdb.DuckDBPyConnection) -> None:
    candidates = people(
        11,
        variance=[4, 1, 1, 0.5, *[0.1] * 7],
        value=[10, 100, 50, 1234.4, *[1.0] * 7],
        response_propensity=[0.5, 0.1, 0.3, 0.2, *[0.5] * 7],
        stated_days=[None, 210, 1, None, *[5] * 7],
    )
    made = plan(engine, candidates, asked=5)
    assert made["customer_id"].tolist()[:4] == ["c003", "c000", "c002", "c001"]
    assert made["expected_information"].tolist()[:4] == pytest.approx([123.44, 20, 15, 10])
    assert made["rank"].tolist() == [1, 2, 3, 4, 5]
    assert made["reason"].tolist() == ["value"] * 4 + ["random"]
    assert made["propensity"].tolist() == [1, 1, 1, 1, 1 / 7]
    assert made["why"].tolist() == [
        "no known answer, worth 1234",
        "no known answer, worth 10",
        "last answer 1 day ago, worth 50",
        "last answer 210 days ago, worth 100",
        "last answer 5 days ago, worth 1",
    ]


def test_inclusion_probabilities_are_exact_and_the_mean_is_unbiased(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    rng = np.random.default_rng(4)
    size, keys, asked = 24, 300, 10
    candidates = people(size, variance=rng.random(size), value=rng.gamma(1, 100, size))
    # The valuable are happier, so that asking only them would say too much.
    score = 2 + candidates["value"].rank() / size * 2 + rng.normal(0, 0.3, size)
    score.index = pd.Index(candidates["customer_id"])
    plan(engine, candidates, asked)
    days = pd.date_range("2024-01-01", periods=keys).strftime("%Y-%m-%d")
    plans = [drawn(engine, asked, day) for day in days]

    counts = pd.concat(plans)["customer_id"].value_counts().reindex(score.index, fill_value=0)
    certain = plans[0].query("reason == 'value'")["customer_id"].tolist()
    assert len(certain) == 8
    assert (counts[certain] == keys).all()
    rest = size - len(certain)
    propensity = (asked - len(certain)) / rest
    # Pearson's statistic of simple random samples without replacement.
    spread = (counts.drop(certain) - keys * propensity) ** 2 / (keys * propensity)
    statistic = spread.sum() / (1 - propensity) * (rest - 1) / rest
    assert 0.001 < chi2.sf(statistic, rest - 1) < 0.999

    said = [score[each["customer_id"]].to_numpy() for each in plans]
    estimates = np.array(
        [np.sum(s / p["propensity"]) / size for s, p in zip(said, plans, strict=True)]
    )
    error = estimates.std(ddof=1) / np.sqrt(keys)
    assert abs(estimates.mean() - score.mean()) < 4 * error
    naive = np.array([s.mean() for s in said])
    assert naive.mean() - score.mean() > 20 * error, "the probabilities are what corrects it"


@given(
    information=st.lists(st.sampled_from([0.0, 0.5, 1.0, 7.0]), max_size=12),
    asked=st.integers(0, 15),
    seed=st.integers(0, 99),
)
@settings(max_examples=40)
def test_every_plan_keeps_its_promises(
    engine: duckdb.DuckDBPyConnection, information: list[float], asked: int, seed: int
) -> None:
    size = len(information)
    candidates = people(size, variance=information)
    made = plan(engine, candidates, asked, str(seed))
    certain = made[made["reason"] == "value"]
    chosen = min(asked, size)
    assert made["rank"].tolist() == list(range(1, chosen + 1))
    assert made["customer_id"].is_unique
    assert 5 * len(certain) <= 4 * chosen
    assert (certain["propensity"] == 1).all()
    assert (certain["expected_information"] > 0).all()
    left_out = candidates.loc[~candidates["customer_id"].isin(certain["customer_id"]), "variance"]
    if len(certain):
        assert certain["expected_information"].is_monotonic_decreasing
        assert left_out.max() * 0.5 <= certain["expected_information"].min()
    if chosen:
        # The Horvitz-Thompson estimate of how many candidates there are.
        assert (1 / made["propensity"]).sum() == pytest.approx(size)
    if asked >= size:
        assert (made["propensity"] == 1).all()
    shuffled = candidates.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(plan(engine, shuffled, asked, str(seed)), made)


def test_without_value_at_stake_it_is_a_random_sample(engine: duckdb.DuckDBPyConnection) -> None:
    candidates = people(40, value=0.0)
    made = plan(engine, candidates, asked=10)
    assert set(made["reason"]) == {"random"}
    assert set(made["propensity"]) == {0.25}
    other = drawn(engine, 10, "2024-07-01")
    assert set(other["customer_id"]) != set(made["customer_id"]), "a new draw every period"


def test_of_whom_nothing_is_predicted_anything_is_possible(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    candidates = people(
        5, variance=[None, 1.3, 1.4, 0.1, 0.1], response_propensity=[None, 0.5, 0.5, 0.5, 0.5]
    )
    made = plan(engine, candidates, asked=4)
    assert made["customer_id"].tolist()[:3] == ["c002", "c000", "c001"]
    assert made["expected_information"][1] == pytest.approx(16 / 12 / 2)


@pytest.mark.parametrize(
    ("customers", "share", "asked"),
    [(100, 0.05, 5), (101, 0.05, 6), (1, 0.05, 1), (0, 0.05, 0), (100, 0.0, 0), (100, 0.07, 7)],
)
def test_a_share_is_rounded_up_as_it_is_written(customers: int, share: float, asked: int) -> None:
    assert invitations(customers, share) == asked
