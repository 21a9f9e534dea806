"""The propensities against Monte Carlo, closed forms and another quadrature."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from cx_assets.methods.intervals import Floats
from cx_assets.methods.policy.thompson import EXPLORATION, best_probabilities, propensities

MEAN = np.array([1.0, 0.4, -2.0, 0.9])
SD = np.array([1.0, 0.02, 30.0, 3.0])
SETS = np.array(
    [[True, True, True, True], [True, False, True, False], [False, True, False, True], [False] * 4]
)


def test_a_million_draws_choose_as_often() -> None:
    rng = np.random.default_rng(1)
    draws = np.column_stack([rng.normal(MEAN, SD, (1_000_000, 4)), np.zeros(1_000_000)])
    for eligible, probability in zip(SETS, best_probabilities(MEAN, SD, SETS), strict=True):
        possible = np.where([*eligible, True], draws, -np.inf)
        seen = np.bincount(possible.argmax(axis=1), minlength=5) / len(draws)
        np.testing.assert_allclose(probability, seen, atol=0.0025)


def test_the_integral_is_exact() -> None:
    def density(x: float) -> float:
        return float(stats.norm.pdf(x, 1.0, 1.0) * stats.norm.cdf(x, 0.4, 0.02))

    (found,) = best_probabilities(MEAN[:2], SD[:2], np.ones((1, 2), dtype=bool))
    expected, error = integrate.quad(density, 0, 12, points=[0.3, 0.4, 0.5], epsabs=1e-12)
    assert error < 1e-9
    assert found[0] == pytest.approx(expected, abs=1e-9)
    assert found[2] == pytest.approx(stats.norm.cdf(-1) * stats.norm.cdf(-20), abs=1e-12)


@given(
    st.lists(st.tuples(st.floats(-100, 100), st.floats(1e-4, 1e4)), min_size=1, max_size=6),
    st.integers(0, 63),
)
def test_they_add_up_before_they_are_made_to(beliefs: list[tuple[float, float]], mask: int) -> None:
    mean, sd = np.array(beliefs).T
    eligible = np.array([[bool(mask >> bit & 1) for bit in range(len(mean))]])
    best = best_probabilities(mean, sd, eligible)
    nothing = np.prod(stats.norm.cdf(-mean / sd)[eligible[0]])
    # `none` is known in closed form, so that any error of the integrals would show in it.
    assert best[0, -1] == pytest.approx(nothing, abs=1e-7)
    assert best.sum() == pytest.approx(1, abs=1e-12)
    assert (best[0, :-1][~eligible[0]] == 0).all()


def test_nothing_that_is_possible_starves() -> None:
    mean, sd = np.array([-1_000.0, 500.0, 0.0]), np.array([1.0, 1.0, 1.0])
    every = np.array([[True, True, False]])
    (found,) = propensities(mean, sd, every)
    least = EXPLORATION / 3
    np.testing.assert_allclose(found, [least, 1 - 2 * least, 0, least], atol=1e-12)


@pytest.mark.parametrize(
    ("mean", "sd"), [([0.0], [0.0]), ([0.0], [-1.0]), ([np.nan], [1.0]), ([0.0], [np.inf])]
)
def test_a_belief_that_is_none_is_refused(mean: list[float], sd: list[float]) -> None:
    with pytest.raises(ValueError, match="belief"):
        best_probabilities(np.array(mean), np.array(sd), np.ones((1, 1), dtype=bool))


def test_inverse_propensities_give_each_means_outcome_without_bias() -> None:
    """Who is worth much is chosen more often; weighting by propensity undoes that."""
    rng = np.random.default_rng(5)
    customers, repeats = 400, 3_000
    segment = rng.integers(2, size=customers)
    eligible = rng.random((customers, 2)) < [0.6, 1.0]
    mean, sd = np.array([[3.0, -1.0], [-2.0, 0.5]]), np.array([[2.0, 1.0], [1.5, 3.0]])
    # The outcome of a customer under an action depends on segment and on what decides eligibility.
    outcome = rng.normal(5 * segment[:, None] - 3 * eligible[:, [0]], 1, (customers, 2))
    chances = np.empty((customers, 3))
    for one in (0, 1):
        chances[segment == one] = propensities(mean[one], sd[one], eligible[segment == one])
    drawn = _draws(chances, repeats, rng)
    for action in (0, 1):
        may = eligible[:, action]
        truth = outcome[may, action].mean()
        chosen = drawn[:, may] == action
        estimates = (chosen * outcome[may, action] / chances[may, action]).mean(axis=1)
        error = estimates.std() / np.sqrt(repeats)
        assert abs(estimates.mean() - truth) < 4 * error
        naive = (chosen * outcome[may, action]).sum() / chosen.sum()
        assert abs(naive - truth) > 20 * error, "without weights the estimate is biased"


def _draws(chances: Floats, repeats: int, rng: np.random.Generator) -> Floats:
    ends = chances.cumsum(axis=1)
    uniform = rng.random((repeats, len(chances), 1))
    return (uniform >= ends).sum(axis=2)
