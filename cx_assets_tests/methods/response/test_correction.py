"""The corrected mean in populations whose every answer is known."""

import numpy as np
import pandas as pd
import pytest

from cx_assets.methods.response import corrected, poststratified, trimmed_weights


def sums(score: np.ndarray, answered: np.ndarray, chance: np.ndarray, expected: np.ndarray) -> dict:
    """A group's sums, as analyze.csat adds them up."""
    weight = np.where(answered, trimmed_weights(chance, answered.mean()), 0)
    residual = score - expected
    spare = weight * np.maximum(weight - 1, 0)
    return {
        "asked": len(score),
        "expected": expected.sum(),
        "answered": answered.sum(),
        "score_sum": score[answered].sum(),
        "weight": weight.sum(),
        "residual": weight @ residual,
        "spare": spare.sum(),
        "spare_residual": spare @ residual,
        "spare_squares": spare @ residual**2,
        "scale_min": 1,
        "scale_max": 5,
    }


def people(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Something on record, the score that it lowers, and the chance to answer that it raises."""
    bad = rng.random(n) < 0.3
    score = np.clip(np.round(rng.normal(4.0 - 1.2 * bad, 0.9)), 1, 5)
    return bad, score, np.where(bad, 0.5, 0.15)


def test_intervals_cover_the_mean_of_all_who_were_asked() -> None:
    rng = np.random.default_rng(1)
    truths, rows = [], []
    for _ in range(2_000):
        bad, score, chance = people(rng, 800)
        answered = rng.random(800) < chance
        truths.append(score.mean())
        rows.append(sums(score, answered, chance, np.where(bad, 2.9, 3.9)))
    found = corrected(pd.DataFrame(rows))
    raw = np.array([row["score_sum"] / row["answered"] for row in rows])
    covered = (found["adjusted_low"] <= truths) & (truths <= found["adjusted_high"])
    assert 0.93 < covered.mean() < 0.97
    assert abs((found["adjusted_mean"] - truths).mean()) < 0.1 * abs((raw - truths).mean())
    assert ((found["bound_low"] <= truths) & (truths <= found["bound_high"])).all()


@pytest.mark.parametrize("wrong", ["propensity", "expectation"])
def test_one_of_both_models_may_be_wrong(wrong: str) -> None:
    rng = np.random.default_rng(2)
    bad, score, chance = people(rng, 200_000)
    answered = rng.random(len(score)) < chance
    right = np.where(bad, score[bad].mean(), score[~bad].mean())
    expected = np.full(len(score), 3.0) if wrong == "expectation" else right
    believed = np.full(len(score), answered.mean()) if wrong == "propensity" else chance
    (row,) = corrected(pd.DataFrame([sums(score, answered, believed, expected)])).to_dict("records")
    assert row["adjusted_mean"] == pytest.approx(score.mean(), abs=0.02)
    assert abs(score[answered].mean() - score.mean()) > 0.15


def test_where_everybody_answered_there_is_nothing_to_correct() -> None:
    score = np.array([1.0, 4.0, 5.0, 5.0])
    everyone = np.full(4, True)
    row = corrected(pd.DataFrame([sums(score, everyone, np.ones(4), np.full(4, 3.0))])).iloc[0]
    figures = ["adjusted_mean", "adjusted_low", "adjusted_high", "bound_low", "bound_high"]
    assert row[figures].to_numpy(dtype=float) == pytest.approx(np.full(5, 3.75))


def test_where_nobody_answered_nothing_is_known() -> None:
    score = np.array([2.0, 3.0])
    nobody = np.full(2, False)
    row = corrected(pd.DataFrame([sums(score, nobody, np.full(2, 0.2), score)])).iloc[0]
    assert row[["adjusted_mean", "adjusted_low", "bound_low", "bound_high"]].isna().all()


def test_no_answer_stands_for_too_many() -> None:
    weights = trimmed_weights([0.5, 0.04, 0.001], response_rate=0.2)
    assert weights.tolist() == [2.0, 25.0, 25.0]


def strata(*rows: tuple[int, int, float, float]) -> pd.DataFrame:
    """(customers, answered, mean, half width of the interval)."""
    frame = pd.DataFrame(rows, columns=["customers", "answered", "adjusted_mean", "half"])
    return frame.assign(
        adjusted_low=frame["adjusted_mean"] - frame["half"],
        adjusted_high=frame["adjusted_mean"] + frame["half"],
    )


def test_strata_weigh_what_they_weigh_among_all_customers() -> None:
    rest = strata((0, 60, 3.0, 0.2)).iloc[0]
    mean, low, high = poststratified(strata((900, 20, 2.0, 0.3), (100, 40, 4.0, 0.1)), rest)
    assert mean == pytest.approx(0.9 * 2 + 0.1 * 4)
    assert high - mean == pytest.approx(np.hypot(0.9 * 0.3, 0.1 * 0.1))
    assert mean - low == pytest.approx(high - mean)


def test_a_stratum_with_few_answers_is_taken_for_the_average() -> None:
    rest = strata((0, 60, 3.0, 0.2)).iloc[0]
    mean, *_ = poststratified(strata((500, 40, 4.0, 0.1), (500, 9, 1.0, 2.0)), rest)
    assert mean == pytest.approx(3.5)
    few = strata((0, 9, 3.0, 0.2)).iloc[0]
    assert np.isnan(poststratified(strata((500, 9, 4.0, 0.1)), few)).all()
