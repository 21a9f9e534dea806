"""Weights against silence: the treated and the control group answer for reasons of their own."""

import numpy as np
import pandas as pd
import pytest

from cx_assets.methods.additive.logistic import sigmoid
from cx_assets.methods.effects import compare, learn_answering
from cx_assets_tests.methods.effects.rows import sums_of

EFFECT = 0.3
FEATURES = ["bad", "days"]


def assigned(rng: np.random.Generator, size: int) -> pd.DataFrame:
    """Three in ten held out. A bad experience lowers the score, and makes those held out answer
    more often. The last answer is known of half of them, and was given before all this."""
    bad, days = rng.poisson(0.5, size), rng.exponential(60, size)
    treated = rng.random(size) >= 0.3
    mood = rng.normal(0, 0.6, size)
    felt = mood - 0.5 * bad + rng.normal(0, 0.5, size)
    score = np.clip(np.round(3.7 + 0.9 * felt), 1, 5) + EFFECT * treated
    answered = rng.random(size) < sigmoid(-1 + np.where(treated, 0, 0.7) * bad)
    before = np.clip(np.round(3.7 + 0.9 * (mood + rng.normal(0, 0.7, size))), 1, 5)
    return pd.DataFrame(
        {
            "customer": np.arange(size),
            "arm": np.where(treated, "treated", "control"),
            "treated": treated,
            "bad": bad,
            "days": days,
            "x": np.where(rng.random(size) < 0.5, before, np.nan),
            "y": np.where(answered, score, np.nan),
            "is_answered": answered,
        }
    )


def answers(rows: pd.DataFrame) -> tuple[dict[str, float], dict[str, float]]:
    """The sums with everybody's answer counting the same, and weighted."""
    weights = learn_answering(dict(list(rows.groupby("arm"))), FEATURES)
    assert weights.note is None
    given = rows[rows["is_answered"]]
    return sums_of(given.assign(w=1.0)), sums_of(given.assign(w=weights.predict(given)))


@pytest.mark.slow
def test_the_weights_undo_who_answers() -> None:
    rng = np.random.default_rng(1)
    sums = [answers(assigned(rng, 2_000)) for _ in range(200)]
    equal, weighted = (compare(pd.DataFrame(list(kind))) for kind in zip(*sums, strict=True))
    for column in ("raw_effect", "effect"):
        assert abs(weighted[column].mean() - EFFECT) < 0.015
        assert equal[column].mean() > EFFECT + 0.08
    covered, fooled = (
        ((found["ci_low"] <= EFFECT) & (found["ci_high"] >= EFFECT)).mean()
        for found in (weighted, equal)
    )
    assert 0.93 <= covered <= 0.97
    assert fooled < 0.8


def test_too_few_answers_are_weighted_by_the_response_rate() -> None:
    rng = np.random.default_rng(22)
    rows = assigned(rng, 600)
    samples = dict(list(rows.groupby("arm")))
    learned = learn_answering({**samples, "control": samples["control"].iloc[:40]}, FEATURES)
    assert learned.note is not None
    assert "of 40 control customers answered" in learned.note
    weight = learned.predict(samples["treated"])
    assert weight == pytest.approx(1 / samples["treated"]["is_answered"].mean())


def test_without_any_assignment_there_is_nothing_to_weigh() -> None:
    nobody = assigned(np.random.default_rng(1), 10).iloc[:0]
    learned = learn_answering({"treated": nobody, "control": nobody}, FEATURES)
    assert learned.note is not None
    assert "0 of 0 treated" in learned.note
    assert len(learned.predict(nobody)) == 0
