"""Cut-offs and folds: nothing is learned from what had not happened yet."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from cx_assets.methods.additive.penalty import PENALTIES, best_penalty, folds
from cx_assets.methods.churn import TooFew, fit_cutoffs, labelled_cutoffs, try_out, verdict

QUARTER = timedelta(days=90)


def month_ends(first: str, last: str) -> list[datetime]:
    return [time.to_pydatetime() for time in pd.date_range(first, last, freq="MS")]


def test_a_label_window_has_ended_by_the_time() -> None:
    ends = month_ends("2024-01-01", "2024-12-01")
    at = datetime(2024, 7, 1)
    found = labelled_cutoffs(ends, at, QUARTER)
    assert found == month_ends("2024-01-01", "2024-04-01")
    exactly = at + timedelta(days=29)
    assert labelled_cutoffs(ends, exactly, QUARTER)[-1] == datetime(2024, 5, 1)
    assert labelled_cutoffs(ends, exactly - timedelta(microseconds=1), QUARTER) == found


def test_the_newest_six_and_not_nearly_equal_ones() -> None:
    days = [datetime(2024, 1, 1) + timedelta(days=day) for day in range(400)]
    found = labelled_cutoffs(days, days[-1], QUARTER)
    assert len(found) == 6
    assert found[-1] == days[-1] - QUARTER
    assert np.diff(np.array(found)).min() == timedelta(days=27)
    monthly = labelled_cutoffs(month_ends("2023-01-01", "2024-12-01"), days[-1], QUARTER)
    assert monthly == month_ends("2024-06-01", "2024-11-01")


def test_no_history_has_no_cutoff() -> None:
    assert labelled_cutoffs([], datetime(2024, 1, 1), QUARTER) == []


def test_folds_predict_later_cutoffs_from_windows_that_had_ended() -> None:
    cutoffs = np.repeat([0, 30, 60, 90, 120], 20)
    y = np.tile([0.0, 1.0], 50)
    tried = folds(y, cutoffs, horizon=90)
    assert [(set(cutoffs[fit]), set(cutoffs[out])) for fit, out in tried] == [
        ({0}, {90}),
        ({0, 30}, {120}),
    ]


def test_where_no_window_had_ended_the_newest_cutoff_is_dealt_out() -> None:
    cutoffs = np.repeat([0, 30], 50)
    y = np.tile([0.0, 1.0], 50)
    tried = folds(y, cutoffs, horizon=90)
    assert len(tried) == 5
    assert all(set(cutoffs[fit]) == set(cutoffs[out]) == {30} for fit, out in tried)
    assert sorted(np.concatenate([out for _, out in tried])) == list(range(50, 100))
    assert all(not set(fit) & set(out) for fit, out in tried)


def test_noise_is_penalised_and_signal_is_not() -> None:
    rng = np.random.default_rng(8)
    design = rng.normal(size=(600, 30))
    noise = rng.binomial(1, 0.5, 600).astype(float)
    signal = rng.binomial(1, 1 / (1 + np.exp(-2 * design[:, :8].sum(axis=1)))).astype(float)
    weights = np.ones(600)
    strong = best_penalty(design, noise, weights, folds(noise, None, 0), PENALTIES)
    weak = best_penalty(design, signal, weights, folds(signal, None, 0), PENALTIES)
    assert strong == max(PENALTIES)
    assert weak < 30


def labelled(seed: int, slope: float = 0.03, other: float = 0.0) -> pd.DataFrame:
    """800 customers, of whom the silent leave, and by `other` what is known besides."""
    rng = np.random.default_rng(seed)
    days, besides = rng.integers(1, 200, 800), rng.normal(size=800)
    churned = rng.binomial(1, 1 / (1 + np.exp(-slope * (days - 100) - other * besides)))
    return pd.DataFrame({"recency_days": days, "besides": besides, "churned": churned})


def test_a_trial_is_held_against_days_since_the_last_purchase() -> None:
    at = datetime(2024, 1, 1)
    test = labelled(2, other=1.0)
    better = try_out(fit_cutoffs({at: labelled(1, other=1.0)}, [at], QUARTER), test)
    assert better.auc > better.baseline_auc + 0.03
    assert better.brier < better.baseline_brier
    assert better.calibration_error < 0.06
    assert better.reliability["customers"].sum() == pytest.approx(800)
    assert verdict(better) is None
    worse = fit_cutoffs({at: labelled(1, slope=-0.03)}, [at], QUARTER)
    assert "does not rank better" in str(verdict(try_out(worse, test)))
    assert "all customers left" in str(verdict(try_out(worse, test.assign(churned=1))))


def test_too_few_on_one_side_are_not_learned_from() -> None:
    at = datetime(2024, 1, 1)
    with pytest.raises(TooFew, match="no label window had ended"):
        fit_cutoffs({}, [], QUARTER)
    with pytest.raises(TooFew, match="9 of 800 had left"):
        fit_cutoffs({at: labelled(1).assign(churned=[1] * 9 + [0] * 791)}, [at], QUARTER)
    with pytest.raises(TooFew, match="0 of 0"):
        fit_cutoffs({at: labelled(1).head(0)}, [at], QUARTER)
