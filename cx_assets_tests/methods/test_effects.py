"""The difference of two arms against scipy's Welch test, and against worlds of known truth."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cx_assets.methods.effects import difference_of_means


def arms(treated: np.ndarray, control: np.ndarray) -> dict[str, float]:
    return {
        "treated": len(treated),
        "control": len(control),
        "treated_sum": treated.sum(),
        "control_sum": control.sum(),
        "treated_squares": (treated**2).sum(),
        "control_squares": (control**2).sum(),
    }


def test_is_welchs_test() -> None:
    rng = np.random.default_rng(3)
    treated, control = rng.normal(3.4, 1, 400), rng.normal(3.1, 2, 45)
    expected = stats.ttest_ind(treated, control, equal_var=False)
    interval = expected.confidence_interval(0.95)
    row = difference_of_means(pd.DataFrame([arms(treated, control)])).iloc[0]
    assert row["effect"] == pytest.approx(treated.mean() - control.mean())
    assert row["p_value"] == pytest.approx(expected.pvalue)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((interval.low, interval.high))


def test_covers_the_truth_and_is_rarely_fooled() -> None:
    rng = np.random.default_rng(4)
    truth = np.repeat([0.0, 0.4], 1_500)
    worlds = difference_of_means(
        pd.DataFrame([arms(rng.normal(3 + e, 1, 90), rng.normal(3, 1.5, 12)) for e in truth])
    )
    covered = (worlds["ci_low"] <= truth) & (truth <= worlds["ci_high"])
    assert covered.mean() == pytest.approx(0.95, abs=0.012)
    assert (worlds["p_value"][truth == 0] < 0.05).mean() == pytest.approx(0.05, abs=0.017)


def test_one_arm_alone_says_nothing() -> None:
    rows = [arms(np.arange(9.0), np.array([])), arms(np.ones(5), np.ones(5))]
    effects = difference_of_means(pd.DataFrame(rows))
    assert effects["ci_low"].isna().all()
    assert np.isnan(effects["effect"][0])
    assert effects["effect"][1] == 0
