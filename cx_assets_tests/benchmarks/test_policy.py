"""The policy learns: in a shop whose truth is known, it soon loses less than random choices."""

import numpy as np
import pytest

from benchmarks.policy.curve import curve
from benchmarks.policy.lives import live
from benchmarks.policy.shop import expected_score


def test_a_feelings_mean_answer_is_what_many_answers_average() -> None:
    rng = np.random.default_rng(2)
    for latent in (-2.0, 0.3, 1.5):
        said = np.clip(np.round(3.7 + 0.9 * (latent + rng.normal(0, 0.5, 200_000))), 1, 5)
        assert expected_score(np.array([latent]))[0] == pytest.approx(said.mean(), abs=0.01)


@pytest.mark.slow
def test_regret_shrinks_as_the_effects_become_known() -> None:
    lives = live(seed=3, customers=6_000, periods=6, answers=0.8)
    share = lives["policy"] / lives["random"]
    assert lives["random"].min() > 1
    assert 0.8 < share[0] < 1.1, "the first decision rests on nothing"
    assert share[4:].mean() < 1 / 3
    text = curve(lives, "80% answer")
    assert text.count("\n| ") == 8
    so_far = lives["policy"].sum() / lives["random"].sum()
    assert f"the policy has lost {so_far:.1%}" in text
