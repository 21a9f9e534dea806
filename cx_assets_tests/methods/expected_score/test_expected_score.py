"""ExpectedScore on answers simulated from the model: found again, honest and better than naive."""

import numpy as np
import pandas as pd
import pytest

from cx_assets.methods.additive import AdditiveLinear
from cx_assets.methods.expected_score import (
    ExpectedScore,
    TooFewAnswers,
    answers_before,
    expected_scores,
    misfit,
    try_out,
)
from cx_assets.methods.expected_score.spread import Spread
from cx_assets_tests.methods.expected_score.simulated import FEATURES, TRUE, simulated


@pytest.fixture(scope="module")
def model() -> ExpectedScore:
    return ExpectedScore().fit(simulated(4_000, seed=1), FEATURES)


@pytest.fixture(scope="module")
def unseen() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The last answer of each of other customers, and all that they answered."""
    answers = simulated(4_000, seed=2)
    return answers.drop_duplicates("customer_id", keep="last"), answers


def test_the_parameters_are_found_again(model: ExpectedScore) -> None:
    found, errors = model.components_.estimate, model.components_.standard_errors
    for name in ("level", "mood", "mood_days"):
        error = getattr(errors, name)
        assert (
            abs(getattr(found, name) - getattr(TRUE, name)) < 3 * error < 0.7 * getattr(TRUE, name)
        )
    for survey, noise in TRUE.noise.items():
        assert abs(found.noise[survey] - noise) < 3 * errors.noise[survey] < 0.3 * noise
    late = model.experience_.effects_["late_deliveries"](pd.Series([0, 2]))
    assert late[1] - late[0] == pytest.approx(-0.6, abs=0.05)


def test_uncertainty_is_the_mean_squared_error(
    model: ExpectedScore, unseen: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    asked, answers = unseen
    before = answers_before(asked, answers)
    found = expected_scores(model, asked, before)
    inside = found["expected"].between(1.2, 4.8)
    squared = (found["expected"] - asked["feeling"])[inside] ** 2
    assert squared.mean() == pytest.approx(found["uncertainty"][inside].mean(), rel=0.06)
    many = asked["moment_id"].map(before.groupby("moment_id").size()).fillna(0)[inside]
    for group in (many == 0, many.between(1, 2), many >= 4):
        expected = found["uncertainty"][inside][group].mean()
        assert squared[group].mean() == pytest.approx(expected, rel=0.13)
    # The more is known, the surer.
    assert found["uncertainty"][inside].groupby(many).mean().is_monotonic_decreasing


def test_intervals_cover_answers_never_seen(
    model: ExpectedScore, unseen: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    asked, answers = unseen
    found = expected_scores(model, asked, answers_before(asked, answers))
    # What people can answer: whole numbers on their scale.
    steps = np.where(asked["survey"] == "csat", 1.0, 0.4)
    given = (1 + np.round((asked["score"] - 1) / steps) * steps).clip(1, 5)
    covered = given.between(found["low"] - 1e-9, found["high"] + 1e-9)
    assert 0.93 < covered.mean() < 0.97
    assert found["low"].min() >= 1
    assert found["high"].max() <= 5
    exact = asked["score"].clip(1, 5).between(found["low"], found["high"])
    for survey in ("csat", "nps"):
        assert 0.93 < exact[asked["survey"] == survey].mean() < 0.97


def test_the_trial_says_how_much_better_than_the_last_answer(
    model: ExpectedScore, unseen: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    asked, answers = unseen
    tried = try_out(model, asked, answers)
    last = answers.groupby("customer_id")["score"].shift().reindex(asked.index)
    naive = last.fillna(model.experience_.base_rate_)
    spread = ((asked["score"] - asked["score"].mean()) ** 2).sum()
    assert tried.naive_r_squared == pytest.approx(
        1 - ((asked["score"] - naive) ** 2).sum() / spread
    )
    by_mean = 0.0
    assert tried.r_squared > max(tried.naive_r_squared, by_mean) + 0.2
    assert 0.93 < tried.coverage < 0.97
    assert tried.tested == tried.bins["answers"].sum() == len(asked)
    assert np.abs(tried.bins["stated"] - tried.bins["predicted"]).max() < 0.15
    assert np.isnan(try_out(model, asked.head(49), answers).r_squared)


def test_a_row_depends_on_its_own_moment_only(
    model: ExpectedScore, unseen: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    asked, answers = unseen
    before = answers_before(asked, answers)
    whole = expected_scores(model, asked, before)
    some = asked.iloc[7::13]
    pd.testing.assert_frame_equal(
        expected_scores(model, some, before.sample(frac=1, random_state=0)), whole.loc[some.index]
    )
    nobody = expected_scores(model, asked, before.head(0))
    assert np.allclose(nobody["uncertainty"], model.mood_.satisfaction)


def test_what_is_stored_scores_to_the_last_digit(
    model: ExpectedScore, unseen: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    asked, answers = unseen
    again = ExpectedScore.from_json(model.to_json())
    before = answers_before(asked, answers)
    pd.testing.assert_frame_equal(
        expected_scores(again, asked, before), expected_scores(model, asked, before), rtol=0, atol=0
    )
    assert again.spread_.of_mean(asked) == model.spread_.of_mean(asked)
    assert again.to_json() == model.to_json()


def test_only_earlier_answers_of_the_same_customer_count() -> None:
    answers = pd.DataFrame(
        {
            "moment_id": ["r1", "r2", "r3", "r4"],
            "customer_id": ["a", "a", "b", None],
            "at": pd.to_datetime(["2024-01-01", "2024-01-05", "2024-01-02", "2024-01-01"]),
            "score": [1.0, 2.0, 3.0, 4.0],
        }
    )
    before = answers_before(answers, answers)
    assert before[["moment_id", "score"]].to_numpy().tolist() == [["r2", 1.0]]


def test_few_answers_are_no_model() -> None:
    with pytest.raises(TooFewAnswers, match="49 answers, and 50 are needed"):
        ExpectedScore().fit(simulated(100, seed=3).head(49), FEATURES)


def test_an_answer_counts_for_what_it_stands_for() -> None:
    answers = simulated(300, seed=6)
    is_csat = answers["survey"] == "csat"
    weights = np.where(is_csat, 3.0, 1.0)
    by_lateness = FEATURES[1:]
    weighed = ExpectedScore().fit(answers, by_lateness, weights)
    plain = ExpectedScore().fit(answers, by_lateness)
    mean = np.average(answers["score"], weights=weights)
    assert np.average(weighed.experience_.predict(answers), weights=weights) == pytest.approx(mean)
    # The nps answers, which are higher, stand for fewer.
    assert (weighed.experience_.predict(answers) < plain.experience_.predict(answers)).all()


@pytest.mark.slow
def test_the_spread_is_that_of_repeated_surveys() -> None:
    asked = pd.DataFrame({"survey": ["csat"], "late_deliveries": [2]})
    rng = np.random.default_rng(5)
    misses = []
    for seed in range(80):
        answers = simulated(100, seed=100 + seed)
        table, score = answers[list(FEATURES)], answers["score"].to_numpy()
        weights = rng.uniform(0.5, 3, len(answers))
        fitted = AdditiveLinear().fit(table, score, weights)
        owner = pd.factorize(answers["customer_id"])[0]
        spread = Spread.of(fitted, table, score, weights, owner)
        misses.append((fitted.predict(asked)[0] - 2.4) / np.sqrt(spread.of_mean(asked)))
    assert 0.8 < np.sqrt(np.mean(np.square(misses))) < 1.2


def test_misfit_is_what_sampling_does_not_explain() -> None:
    rng = np.random.default_rng(0)
    variance = np.full(4_000, 0.02)
    error = rng.normal(0, 0.3, 4_000) + rng.normal(0, np.sqrt(0.02), 4_000)
    assert misfit(error, variance) == pytest.approx(0.09, rel=0.08)
    assert misfit(np.array([0.01, np.nan]), np.array([0.04, 0.0])) == 0
    assert misfit(np.array([np.nan]), np.array([np.nan])) == 0
