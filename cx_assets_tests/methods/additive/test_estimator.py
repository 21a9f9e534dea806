"""The model finds a known truth, takes any table, and scores each row by itself."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from cx_assets.methods.additive import AdditiveLogistic
from cx_assets.methods.calibration import calibration_error
from cx_assets.methods.churn import cross_validate
from cx_assets_tests.methods.churn.telco import Telco, telco


@pytest.fixture(scope="module")
def snapshot() -> Telco:
    return telco()


@pytest.fixture(scope="module")
def fitted(snapshot: Telco) -> AdditiveLogistic:
    return AdditiveLogistic().fit(snapshot.table, snapshot.y)


def test_out_of_fold_figures_approach_those_of_the_truth(snapshot: Telco) -> None:
    found = cross_validate(snapshot.table, snapshot.y)
    best = roc_auc_score(snapshot.y, snapshot.truth)
    assert found.auc == pytest.approx(roc_auc_score(snapshot.y, found.probability))
    assert best - 0.01 < found.auc < best + 0.005
    assert found.calibration_error < 0.02
    assert found.brier < np.mean((snapshot.truth - snapshot.y) ** 2) + 0.002
    assert found.brier < found.baseline_brier
    assert np.abs(found.probability - snapshot.truth).mean() < 0.03


def test_probabilities_are_calibrated_on_rows_never_seen(fitted: AdditiveLogistic) -> None:
    others = telco(seed=4)
    chance = fitted.predict(others.table)
    assert calibration_error(others.y, chance) < 0.02
    assert np.mean(chance) == pytest.approx(others.y.mean(), abs=0.015)


def test_what_the_columns_say(fitted: AdditiveLogistic) -> None:
    assert fitted.features_ == (
        "tenure",
        "MonthlyCharges",
        "TotalCharges",
        "Contract",
        "InternetService",
    )
    contract = fitted.effects_["Contract"](pd.Series(["Month-to-month", "One year", "Two year"]))
    assert contract[0] > contract[1] > contract[2]
    early, late = fitted.effects_["tenure"](pd.Series([1, 60]))
    assert early > late


def test_a_row_is_the_sum_of_its_parts_around_the_average(
    snapshot: Telco, fitted: AdditiveLogistic
) -> None:
    parts = fitted.contributions(snapshot.table)
    assert parts.mean(axis=0) == pytest.approx(np.zeros(5), abs=1e-9)
    log_odds = fitted.intercept_ + parts.sum(axis=1)
    assert fitted.decision_function(snapshot.table) == pytest.approx(log_odds)
    assert fitted.predict(snapshot.table) == pytest.approx(1 / (1 + np.exp(-log_odds)))
    both = fitted.predict_proba(snapshot.table)
    assert both.sum(axis=1) == pytest.approx(np.ones(len(both)))
    assert fitted.base_rate_ == pytest.approx(snapshot.y.mean())


def test_a_stored_model_scores_to_the_last_digit_whatever_the_batch(
    snapshot: Telco, fitted: AdditiveLogistic
) -> None:
    whole = fitted.predict(snapshot.table)
    stored = AdditiveLogistic.from_json(fitted.to_json())
    pieces = [stored.predict(snapshot.table.iloc[at : at + 999]) for at in range(0, 7_000, 999)]
    assert (np.concatenate(pieces) == whole).all()
    assert stored.to_json() == fitted.to_json()


def test_the_same_table_gives_the_same_model(snapshot: Telco, fitted: AdditiveLogistic) -> None:
    assert AdditiveLogistic().fit(snapshot.table, snapshot.y).to_json() == fitted.to_json()


def test_missing_says_something_and_what_was_never_seen_says_nothing() -> None:
    rng = np.random.default_rng(5)
    answered = rng.random(4_000) < 0.5
    # Who does not answer leaves twice as often; what the answer was does not matter.
    y = rng.binomial(1, np.where(answered, 0.2, 0.4))
    table = pd.DataFrame(
        {
            "score": np.where(answered, rng.integers(1, 6, 4_000), np.nan),
            "city": rng.choice(["Bern", "Basel"], 4_000),
        }
    )
    table.loc[:4, "city"] = ["a", "b", "c", "d", "e"]
    model = AdditiveLogistic().fit(table, y)
    unknown, known = model.predict(
        pd.DataFrame({"score": [np.nan, 3.0], "city": ["Bern", "Basel"]})
    )
    assert unknown == pytest.approx(0.4, abs=0.03)
    assert known == pytest.approx(0.2, abs=0.03)
    city = model.effects_["city"]
    rare, unseen, missing = city(pd.Series(["a", "Geneva", None]))
    assert rare == unseen
    assert missing == 0
    beyond = model.effects_["score"](pd.Series([5.0, 1e9, np.inf]))
    assert beyond[0] == beyond[1]
    assert beyond[2] == model.effects_["score"](pd.Series([np.nan]))[0]


def test_skewed_numbers_bend() -> None:
    rng = np.random.default_rng(6)
    days = rng.lognormal(4, 1.2, 8_000)
    truth = 1 / (1 + np.exp(-np.clip(np.log(days) - 3, 0, 2) * 2 + 2))
    model = AdditiveLogistic().fit(pd.DataFrame({"days": days}), rng.binomial(1, truth))
    found = model.predict(pd.DataFrame({"days": days}))
    assert np.abs(found - truth).mean() < 0.02


def test_a_weight_is_so_many_equal_rows() -> None:
    sample = telco(customers=600)
    weights = np.random.default_rng(7).integers(1, 4, 600)
    repeated = np.repeat(np.arange(600), weights)
    only = AdditiveLogistic(penalties=(10.0,))
    numbers = sample.table[["tenure"]]
    # Knots are quantiles of the rows, so the basis is the same only where the values are few.
    coarse = (numbers > 20).astype(int)
    weighted = only.fit(coarse, sample.y, sample_weight=weights).predict(coarse)
    longer = AdditiveLogistic(penalties=(10.0,)).fit(coarse.iloc[repeated], sample.y[repeated])
    assert weighted == pytest.approx(longer.predict(coarse), abs=0.02)


def test_columns_without_information_are_left_out() -> None:
    y = np.tile([0, 1], 50)
    table = pd.DataFrame({"nothing": [None] * 100, "constant": 1.0, "word": "same"})
    model = AdditiveLogistic().fit(table, y)
    assert model.features_ == ()
    assert model.predict(table) == pytest.approx(np.full(100, 0.5))
    assert AdditiveLogistic.from_json(model.to_json()).predict(table) == pytest.approx(
        np.full(100, 0.5)
    )


@pytest.mark.parametrize("labels", [[0, 0, 0], [1, 1, 1], [0, 1, 2], []])
def test_a_label_is_both_0_and_1(labels: list[int]) -> None:
    with pytest.raises(ValueError, match="y must hold both 0 and 1"):
        AdditiveLogistic().fit(pd.DataFrame({"x": np.arange(len(labels))}), labels)


def test_times_are_refused() -> None:
    table = pd.DataFrame({"at": pd.to_datetime(["2024-01-01", "2024-01-02"])})
    with pytest.raises(TypeError, match="at holds times"):
        AdditiveLogistic().fit(table, [0, 1])


def test_two_rows_are_enough_to_answer() -> None:
    chance = AdditiveLogistic().fit(pd.DataFrame({"x": [1.0, 2.0]}), [0, 1])
    low, high = chance.predict(pd.DataFrame({"x": [1.0, 2.0]}))
    assert low < 0.5 < high
