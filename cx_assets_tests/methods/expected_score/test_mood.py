"""The variance components and what they carry from earlier answers, against other libraries."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import check_grad
from scipy.stats import multivariate_normal
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern

from cx_assets.methods.expected_score.components import fit_components, negative_log_likelihood
from cx_assets.methods.expected_score.history import newest_first
from cx_assets.methods.expected_score.mood import Mood

MOOD = Mood(level=0.3, mood=0.2, mood_days=45.0, noise={"csat": 0.3, "nps": 0.1})


def test_what_is_carried_is_a_gaussian_process_regression() -> None:
    days = np.array([[3.0, 40.0, 200.0], [10.0, np.nan, np.nan], [np.nan] * 3])
    residuals = np.array([[0.8, -0.4, 1.1], [-1.5, np.nan, np.nan], [np.nan] * 3])
    noise = np.array([[0.3, 0.1, 0.3], [0.1, np.nan, np.nan], [np.nan] * 3])
    mean, variance = MOOD.carried(days, residuals, noise)
    # Matern with nu = 1/2 is exp(-|t| / length scale).
    kernel = ConstantKernel(0.3) + ConstantKernel(0.2) * Matern(length_scale=45.0, nu=0.5)
    for row, count in enumerate([3, 1]):
        regression = GaussianProcessRegressor(kernel, alpha=noise[row, :count], optimizer=None)
        regression.fit(-days[row, :count, None], residuals[row, :count])
        expected, deviation = regression.predict([[0.0]], return_std=True)
        assert mean[row] == pytest.approx(expected[0], abs=1e-10)
        assert variance[row] == pytest.approx(deviation[0] ** 2, abs=1e-10)
    assert (mean[2], variance[2]) == (0, MOOD.satisfaction)


def test_what_is_known_fades_to_the_lasting_level() -> None:
    ages = np.array([[0.0], [1.0], [30.0], [90.0], [1e6]])
    mean, variance = MOOD.carried(ages, np.full((5, 1), 1.0), np.full((5, 1), 0.3))
    assert np.all(np.diff(variance) > 0)
    assert np.all(np.diff(mean) < 0)
    assert mean[0] == pytest.approx(0.5 / 0.8)
    assert mean[-1] == pytest.approx(0.3 / 0.8)
    assert variance[-1] == pytest.approx(0.5 - 0.3**2 / 0.8)
    assert variance[-1] < MOOD.satisfaction


def test_the_likelihood_is_that_of_scipy_and_so_is_its_gradient() -> None:
    rng = np.random.default_rng(0)
    days = [rng.uniform(0, 300, (4, count)) for count in (1, 3)]
    kinds = [rng.integers(0, 2, each.shape) for each in days]
    groups = [
        (each, rng.normal(size=each.shape), kind) for each, kind in zip(days, kinds, strict=True)
    ]
    parameters = np.array([0.3, 0.2, 45.0, 0.3, 0.1])
    expected = 0.0
    for when, residuals, kind in groups:
        for row in range(len(when)):
            apart = np.abs(np.subtract.outer(when[row], when[row]))
            covariance = 0.3 + 0.2 * np.exp(-apart / 45) + np.diag(parameters[3:][kind[row]])
            expected -= multivariate_normal(cov=covariance).logpdf(residuals[row])
    assert negative_log_likelihood(parameters, groups)[0] == pytest.approx(expected)

    def value(logs: np.ndarray) -> float:
        return negative_log_likelihood(np.exp(logs), groups)[0]

    def slope(logs: np.ndarray) -> np.ndarray:
        return negative_log_likelihood(np.exp(logs), groups)[1]

    assert check_grad(value, slope, np.log(parameters)) < 1e-5


def test_without_repeaters_the_shares_are_assumed() -> None:
    residuals = np.full((200, 5), np.nan)
    residuals[:, 0] = np.random.default_rng(0).normal(size=200)
    residuals[:49, 1] = residuals[:49, 0]
    days = np.where(np.isnan(residuals), np.nan, np.arange(5.0))
    found = fit_components(days, residuals, np.zeros((200, 5), dtype=int), ["csat"])
    assert (found.assumed, found.repeaters) == (True, 49)
    estimate = found.estimate
    assert estimate.satisfaction + estimate.noise["csat"] == pytest.approx(np.nanmean(residuals**2))
    assert np.isnan(found.standard_errors.level)
    residuals[49, 1], days[49, 1] = residuals[49, 0], 1.0
    told = fit_components(days, residuals, np.zeros((200, 5), dtype=int), ["csat"])
    # Whoever answers twice says the same twice.
    assert not told.assumed
    assert told.estimate.noise["csat"] < 0.01 * told.estimate.satisfaction


def test_an_unknown_survey_has_the_noise_of_the_commonest() -> None:
    noise = MOOD.noise_of(pd.Series(["nps", "ces", "csat", None]))
    assert noise.tolist() == [0.1, 0.3, 0.3, 0.3]


def test_the_newest_five_answers_come_first() -> None:
    rows = np.array([1, 0, 1, 1, 1, 1, 1])
    days = np.array([5.0, 9.0, 7.0, 1.0, 8.0, 8.0, 6.0])
    found, values = newest_first(rows, days, (np.arange(7.0),), 3)
    assert found[1].tolist() == [8, 8, 7, 6, 5]
    assert values[1].tolist() == [4, 5, 2, 6, 0]
    assert values[0, 0] == 1
    assert np.isnan(values[0, 1:]).all()
    assert np.isnan(found[2]).all()
