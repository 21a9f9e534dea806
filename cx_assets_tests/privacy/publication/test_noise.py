"""Noise: it has the law that it says, and that law hides one person, exactly."""

import random
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import chisquare

from cx_assets.privacy.publication.figures import Measure, noisy, sensitivity
from cx_assets.privacy.publication.noise import discrete_laplace, probability

SCORE = Measure(
    "score", Fraction(1), Fraction(5), Fraction(1, 100), of_everyone=False, is_score=True
)
VALUE = Measure("value", Fraction(0), Fraction(1000), Fraction(1), of_everyone=True, is_score=False)


@pytest.mark.parametrize("scale", [Fraction(1, 3), Fraction(2), Fraction(7, 2)])
def test_draws_have_the_law_of_discrete_laplace(scale: Fraction) -> None:
    randbelow = random.Random(1).randrange
    draws = Counter(discrete_laplace(scale, randbelow) for _ in range(6_000))
    middle = range(-12, 13)
    expected = np.array([probability(x, scale) for x in middle])
    seen = np.array([draws[x] for x in middle], float)
    often = expected * 6_000 >= 5
    rest = 6_000 - seen[often].sum(), 6_000 * (1 - expected[often].sum())
    seen, wanted = np.append(seen[often], rest[0]), np.append(6_000 * expected[often], rest[1])
    assert chisquare(seen, wanted).pvalue > 0.01


def test_its_probabilities_add_up_and_hide_one_person_exactly() -> None:
    epsilon, changed = Fraction(1, 2), 3
    scale = changed / epsilon
    assert sum(probability(x, scale) for x in range(-400, 401)) == pytest.approx(1)
    # What is seen under two data sets that differ by one person, whatever is seen.
    ratios = [probability(x, scale) / probability(x - changed, scale) for x in range(-50, 51)]
    assert max(ratios) == pytest.approx(np.exp(float(epsilon)))
    assert min(ratios) == pytest.approx(np.exp(-float(epsilon)))


def test_all_figures_of_a_group_together_cost_epsilon() -> None:
    """The probability of all that is published, with and without one person more, exactly."""
    epsilon, known = Fraction(1), (SCORE, VALUE)
    share = epsilon / 4
    worst = 0.0
    for score, value in ((100, 0), (500, 1000), (300, 500), (None, 1000)):
        change = {
            "customers": 1,
            "score_people": score is not None,
            "score_sum": 0 if score is None else score - SCORE.middle,
            "value_sum": value - VALUE.middle,
        }
        ratio = 1.0
        for name, most in sensitivity(known).items():
            assert abs(change[name]) <= most
            scale = most / share
            ratio *= probability(0, scale) / probability(change[name], scale)
        assert ratio <= np.exp(float(epsilon)) * (1 + 1e-12)
        worst = max(worst, ratio)
    assert worst == pytest.approx(np.exp(float(epsilon))), "and not by less than it says"


def test_every_figure_gets_noise_of_its_own_scale() -> None:
    exact = {"customers": 50, "score_people": 40, "score_sum": 900, "value_sum": -2_000}
    randbelow = random.Random(4).randrange
    made = [noisy(exact, (SCORE, VALUE), Fraction(4), randbelow) for _ in range(400)]
    for name, most in sensitivity((SCORE, VALUE)).items():
        noise = np.array([each[name] - exact[name] for each in made])
        # The mean absolute value of Laplace noise is its scale.
        assert np.abs(noise).mean() == pytest.approx(most, rel=0.25), name


def test_without_a_seed_the_system_draws() -> None:
    assert len({discrete_laplace(Fraction(10**6)) for _ in range(20)}) > 15
    with pytest.raises(ValueError, match="must be above 0"):
        discrete_laplace(Fraction(0))
