"""The comparison of two arms: against scipy, the jackknife, and worlds of known truth."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cx_assets.methods.effects import compare
from cx_assets_tests.methods.effects.rows import sums_of
from cx_assets_tests.methods.effects.simulated import campaign

WORLDS = 400


def once(treated: np.ndarray, control: np.ndarray) -> pd.DataFrame:
    """Everybody assigned once, with equal weights and nothing known before."""
    size = len(treated) + len(control)
    return pd.DataFrame(
        {
            "customer": np.arange(size),
            "treated": np.arange(size) < len(treated),
            "y": np.concatenate([treated, control]),
            "x": np.nan,
            "w": 1.0,
        }
    )


def compared(*rows: pd.DataFrame) -> pd.DataFrame:
    return compare(pd.DataFrame([sums_of(world) for world in rows]))


def test_is_welchs_test() -> None:
    rng = np.random.default_rng(3)
    treated, control = rng.normal(3.4, 1, 400), rng.normal(3.1, 2, 45)
    expected = stats.ttest_ind(treated, control, equal_var=False)
    interval = expected.confidence_interval(0.95)
    row = compared(once(treated, control)).iloc[0]
    assert row["effect"] == row["raw_effect"] == pytest.approx(treated.mean() - control.mean())
    assert row["p_value"] == pytest.approx(expected.pvalue)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((interval.low, interval.high))
    assert row["variance_reduction"] == pytest.approx(0)


def test_the_error_is_that_of_leaving_out_one_customer_after_the_other() -> None:
    rows = campaign(np.random.default_rng(8), 500, effect=0.3, shares=0.1)
    found = compared(rows).iloc[0]
    customers = rows["customer"].unique()
    without = compared(*(rows[rows["customer"] != customer] for customer in customers))["effect"]
    n = len(customers)
    jackknife = np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum())
    assert found["standard_error"] == pytest.approx(jackknife, rel=0.03)


def test_the_same_customer_again_is_no_news() -> None:
    rows = campaign(np.random.default_rng(9), 400)
    again = compared(rows, pd.concat([rows, rows]))
    for name in ("effect", "ci_low", "ci_high", "variance_reduction"):
        assert again[name][0] == pytest.approx(again[name][1])


@pytest.fixture(scope="module")
def worlds() -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(4)
    rows = {"none": 0.0, "some": 0.4}
    found = {}
    for name, effect in rows.items():
        campaigns = [campaign(rng, 300, effect, shares=0.1) for _ in range(WORLDS)]
        change = [(one["y"] - one["x"])[one["treated"]].mean() for one in campaigns]
        found[name] = compared(*campaigns).assign(truth=effect, naive_change=change)
    return found


@pytest.mark.slow
def test_covers_the_truth_and_is_rarely_fooled(worlds: dict[str, pd.DataFrame]) -> None:
    for name, found in worlds.items():
        covered = (found["ci_low"] <= found["truth"]) & (found["truth"] <= found["ci_high"])
        assert 0.93 <= covered.mean() <= 0.97, name
        assert found["effect"].mean() == pytest.approx(found["truth"].mean(), abs=0.02)
    effective = (worlds["none"]["p_value"] < 0.05).mean()
    assert effective <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / WORLDS)


@pytest.mark.slow
def test_before_and_after_praises_what_does_nothing(worlds: dict[str, pd.DataFrame]) -> None:
    none = worlds["none"]
    assert none["naive_change"].min() > 0.2
    assert (none["ci_high"] < none["naive_change"]).mean() > 0.5
    assert none["effect"].mean() == pytest.approx(0, abs=0.02)


def test_what_was_before_narrows_the_interval() -> None:
    rng = np.random.default_rng(6)
    treated = rng.random(4_000) < 0.5
    before = rng.normal(50, 20, 4_000)
    after = before + rng.normal(0, 10, 4_000) + 3 * treated
    rows = pd.DataFrame(
        {"customer": np.arange(4_000), "treated": treated, "y": after, "x": before, "w": 1.0}
    )
    found = compared(rows).iloc[0]
    # The share of the variance that the covariate explains: 400 of 500.
    assert found["variance_reduction"] == pytest.approx(0.8, abs=0.02)
    assert found["ci_low"] < 3 < found["ci_high"]


def test_too_few_have_no_interval() -> None:
    rng = np.random.default_rng(5)
    found = compared(
        once(rng.normal(size=50), np.array([])),
        once(np.ones(50), np.ones(50)),
        once(rng.normal(size=50), rng.normal(size=9)),
        once(rng.normal(size=50), rng.normal(size=10)),
    )
    assert found["ci_low"].isna().tolist() == [True, True, True, False]
    assert found["p_value"].isna().tolist() == [True, True, True, False]
    assert np.isnan(found["effect"][0])
    assert found["effect"][1] == 0
    assert len(compare(pd.DataFrame([sums_of(once(np.ones(3), np.ones(3)))]).iloc[:0])) == 0
