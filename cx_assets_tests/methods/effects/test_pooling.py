"""Partial pooling against worlds whose segments are drawn: nearer to the truth, and honest."""

import numpy as np
import pandas as pd
import pytest

from cx_assets.methods.effects.pooling import partially_pooled, pool

SEGMENTS, WORLDS = 5, 250
SPREAD = 0.4  # what is thought of the spread between segments beforehand


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
        found = partially_pooled(estimate, variance, SPREAD)
        new = 0.3 + between * rng.normal()
        own.append((estimate - true) ** 2)
        pooled.append((found.mean - true) ** 2)
        covered.append(np.abs(found.mean - true) < 1.96 * found.sd)
        new_covered.append(abs(found.centre - new) < 1.96 * found.predictive_sd)
    assert np.mean(pooled) < np.mean(own) * (0.4 if between == 0 else 0.6 if between == 0.1 else 1)
    # Where segments do not differ the posterior is on the safe side.
    assert 0.93 <= np.mean(covered) <= (0.97 if between == 0.3 else 1)
    assert np.mean(new_covered) >= 0.92


def test_the_eight_schools() -> None:
    """Gelman et al. (2013), tables 5.2 and 5.3; their spread is flat, as a very wide one is here.

    Table 5.3 has medians; F and H have long upper tails, so their means lie a little higher.
    """
    effect = np.array([28.0, 8, -3, 7, -1, 1, 18, 12])
    error = np.array([15.0, 10, 16, 11, 9, 11, 10, 18])
    found = partially_pooled(effect, error**2, prior_spread=60)
    assert found.mean == pytest.approx([10, 8, 7, 8, 5, 6, 10, 8], abs=1.6)
    # The interquartile ranges of the table, as standard deviations.
    assert found.sd == pytest.approx(np.array([9, 9, 9, 7, 9, 8, 8, 10]) / 1.349, rel=0.35)
    assert found.centre == pytest.approx(8, abs=0.5)


def test_the_posterior_is_the_integral_over_centre_and_spread() -> None:
    """By summing the joint density of centre and spread, without a formula for either."""
    effect, variance, scale = np.array([0.1, 0.9, 0.4]), np.array([0.04, 0.02, 0.09]), 0.5
    centre = np.linspace(-6, 7, 1301)[:, None]
    spread = np.linspace(0.0025, 2.5, 500)[None, :]
    density = np.exp(-0.5 * (spread / scale) ** 2)
    for one, of in zip(effect, variance, strict=True):
        total = of + spread**2
        density = density * np.exp(-0.5 * (one - centre) ** 2 / total) / np.sqrt(total)
    density /= density.sum()
    pull = variance[0] / (variance[0] + spread**2)
    mean = effect[0] + pull * (centre - effect[0])
    expected = (density * mean).sum()
    second = (density * (mean**2 + variance[0] * (1 - pull))).sum()
    of_centre = (density * centre).sum()
    new = (density * (centre**2 + spread**2)).sum() - of_centre**2

    found = partially_pooled(effect, variance, scale)
    assert found.mean[0] == pytest.approx(expected, abs=2e-3)
    assert found.sd[0] == pytest.approx(np.sqrt(second - expected**2), rel=5e-3)
    assert found.centre == pytest.approx(of_centre, abs=2e-3)
    assert found.predictive_sd == pytest.approx(np.sqrt(new), rel=1e-2)


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
