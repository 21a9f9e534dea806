"""Partial pooling against worlds whose segments are drawn: nearer to the truth, and honest."""

import numpy as np
import pandas as pd
import pytest

from cx_assets.methods.effects.pooling import partially_pooled, pool

SEGMENTS, WORLDS = 5, 250


def effects(rng: np.random.Generator, between: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True effects of the segments, estimates, and the estimates' variances."""
    variance = np.exp(rng.normal(np.log(0.12**2), 0.8, SEGMENTS))
    true = 0.3 + between * rng.normal(size=SEGMENTS)
    return true, true + np.sqrt(variance) * rng.normal(size=SEGMENTS), variance


@pytest.mark.parametrize("between", [0.0, 0.1, 0.3])
def test_is_nearer_to_the_truth_and_covers_it(between: float) -> None:
    rng = np.random.default_rng(13)
    own, pooled, covered, new_covered = [], [], [], []
    for _ in range(WORLDS):
        true, estimate, variance = effects(rng, between)
        found = partially_pooled(estimate, variance)
        new = 0.3 + between * rng.normal()
        own.append((estimate - true) ** 2)
        pooled.append((found.mean - true) ** 2)
        covered.append(np.abs(found.mean - true) < 1.96 * found.sd)
        new_covered.append(abs(found.centre - new) < 1.96 * found.predictive_sd)
    assert np.mean(pooled) < np.mean(own) * (0.6 if between == 0 else 1)
    # Where segments do not differ the posterior is on the safe side.
    assert 0.93 <= np.mean(covered) <= (0.97 if between == 0.3 else 1)
    assert np.mean(new_covered) >= 0.92


def table(effect: list[float], error: list[float]) -> pd.DataFrame:
    """Rows of segments 0, 1, ... and, last, of all."""
    return pd.DataFrame(
        {
            "action": "call",
            "outcome": "csat",
            "segment_id": [*map(float, range(len(effect) - 1)), np.nan],
            "effect": effect,
            "standard_error": error,
            "treated_size": 500.0,
            "control_size": 60.0,
        }
    )


def test_all_has_what_a_new_segment_may_have() -> None:
    found = pool(table([0.1, 0.5, 0.3, 0.4, np.nan, 0.33], [0.1, 0.1, 0.1, 0.1, np.nan, 0.05]))
    segments, unknown, overall = found.iloc[:4], found.iloc[4], found.iloc[5]
    assert overall["pooled_effect"] == pytest.approx(0.325)
    assert overall["pooled_se"] > segments["pooled_se"].max()
    assert unknown["pooled_effect"] == overall["pooled_effect"]
    assert unknown["pooled_se"] == overall["pooled_se"]
    drawn = (segments["pooled_effect"] - 0.325) / (segments["effect"] - 0.325)
    assert drawn.dropna().between(0.05, 0.95).all()
    assert found["pooled_high"][0] - found["pooled_effect"][0] == pytest.approx(
        1.96 * found["pooled_se"][0], rel=1e-3
    )


def test_two_segments_are_too_few_to_pool() -> None:
    found = pool(table([0.1, 0.5, 0.3], [0.1, 0.1, 0.07]))
    assert found["pooled_effect"].tolist() == [0.1, 0.5, 0.3]
    assert found["pooled_se"].tolist() == [0.1, 0.1, 0.07]


def test_without_any_error_there_is_no_posterior() -> None:
    found = pool(table([np.nan, 0.2], [np.nan, np.nan]))
    assert found[["pooled_effect", "pooled_se", "pooled_low"]].isna().all(axis=None)


def test_actions_and_outcomes_are_pooled_by_themselves() -> None:
    one = table([0.1, 0.5, 0.3, 0.4, 0.33], [0.1] * 4 + [0.05])
    other = one.assign(action="voucher", effect=one["effect"] + 7)
    both = pool(pd.concat([one, other], ignore_index=True))
    shift = both["pooled_effect"].to_numpy()[5:] - both["pooled_effect"].to_numpy()[:5]
    assert shift == pytest.approx(7)
