"""The optimiser and the figures, against scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as oracle_log_loss

from cx_assets.methods.additive.logistic import fit_logistic
from cx_assets.methods.calibration import brier, calibration_error, log_loss, reliability

RNG = np.random.default_rng(1)
X = RNG.normal(size=(400, 5)) * [1, 2, 0.1, 5, 1]
Y = RNG.binomial(1, 1 / (1 + np.exp(-(X[:, 0] - 0.4 * X[:, 1]))))
WEIGHTS = RNG.integers(0, 4, size=400).astype(float)
CHANCE = RNG.random(400)


@pytest.mark.parametrize("penalty", [0.01, 1.0, 100.0])
def test_the_fit_is_that_of_scikit_learn(penalty: float) -> None:
    beta = fit_logistic(X, Y.astype(float), WEIGHTS, penalty)
    oracle = LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=10_000)
    oracle.fit(X, Y, sample_weight=WEIGHTS)
    assert beta == pytest.approx([*oracle.intercept_, *oracle.coef_[0]], abs=1e-5)


def test_separable_classes_have_a_fit_too() -> None:
    x = np.array([[-2.0], [-1.0], [1.0], [2.0]]) * 1e3
    beta = fit_logistic(x, np.array([0.0, 0.0, 1.0, 1.0]), np.ones(4), penalty=1e-6)
    assert np.isfinite(beta).all()
    assert beta[1] > 0


def test_scores_are_those_of_scikit_learn() -> None:
    assert brier(Y, CHANCE, WEIGHTS) == pytest.approx(
        brier_score_loss(Y, CHANCE, sample_weight=WEIGHTS)
    )
    assert log_loss(Y, CHANCE, WEIGHTS) == pytest.approx(
        oracle_log_loss(Y, CHANCE, sample_weight=WEIGHTS)
    )
    assert np.isnan(brier([], []))


def test_calibration_error_is_the_mean_distance_over_ten_equal_bins() -> None:
    chance = np.repeat(np.arange(0.05, 1, 0.1), 100)
    y = np.zeros(1_000)
    for bin_, share in enumerate([5, 15, 25, 35, 45, 55, 65, 75, 85, 55]):
        y[bin_ * 100 : bin_ * 100 + share] = 1
    table = reliability(y, chance)
    assert table["bin"].tolist() == list(range(1, 11))
    assert table["predicted"].tolist() == pytest.approx(np.arange(0.05, 1, 0.1))
    assert table["observed"].iloc[-1] == pytest.approx(0.55)
    assert table["customers"].tolist() == pytest.approx([100.0] * 10)
    assert calibration_error(y, chance) == pytest.approx(0.04)


def test_no_figure_depends_on_the_order_of_the_rows() -> None:
    y = np.repeat([1, 0], 500)
    same = np.full(1_000, 0.5)
    assert calibration_error(y, same) == pytest.approx(0)
    shuffled = RNG.permutation(400)
    assert calibration_error(Y, CHANCE) == pytest.approx(
        calibration_error(Y[shuffled], CHANCE[shuffled])
    )


def test_few_rows_have_fewer_bins() -> None:
    assert len(reliability(Y, CHANCE)) == 4
    assert len(reliability(Y[:50], CHANCE[:50])) == 1
    assert reliability([], []).empty
