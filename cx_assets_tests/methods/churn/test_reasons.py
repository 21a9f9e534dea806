"""Reasons in words, each thing told once; bands against the usual risk."""

import numpy as np
import pandas as pd
import pytest

from cx_assets.methods.additive import AdditiveLogistic
from cx_assets.methods.churn import reasons, risk_bands
from cx_assets.methods.churn.reasons import PHRASES
from cx_assets_tests.methods.churn.telco import telco


@pytest.fixture(scope="module")
def shop() -> pd.DataFrame:
    """Customers of whom the silent, the disappointed and the one-time buyers leave."""
    rng = np.random.default_rng(9)
    n = 6_000
    return pd.DataFrame(
        {
            "recency_days": rng.integers(1, 300, n).astype(float),
            "frequency": rng.geometric(0.4, n),
            "tickets": rng.poisson(0.8, n),
            "mean_resolution_hours": np.where(rng.random(n) < 0.5, rng.integers(1, 90, n), np.nan),
            "last_score": np.where(rng.random(n) < 0.7, rng.integers(1, 6, n), np.nan),
        }
    ).assign(days_silent=lambda table: table["recency_days"] / 7 + rng.normal(0, 1, n))


@pytest.fixture(scope="module")
def model(shop: pd.DataFrame) -> AdditiveLogistic:
    log_odds = (
        0.015 * (shop["recency_days"] - 150)
        - 1.5 * np.log(shop["frequency"])
        + 0.5 * shop["tickets"]
        + 0.02 * shop["mean_resolution_hours"].fillna(20)
        - 0.6 * shop["last_score"].fillna(4)
        + 2
    )
    y = np.random.default_rng(10).binomial(1, 1 / (1 + np.exp(-log_odds)))
    return AdditiveLogistic().fit(shop, y)


def customer(shop: pd.DataFrame, **values: float) -> pd.DataFrame:
    average = {"recency_days": 100, "frequency": 3, "tickets": 0, "mean_resolution_hours": np.nan}
    row = {**average, "last_score": 5, **values}
    return pd.DataFrame([{**row, "days_silent": row["recency_days"] / 7}])[shop.columns]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"recency_days": 243, "frequency": 1}, {"last purchase 243 days ago", "bought only once"}),
        ({"tickets": 3}, {"3 tickets"}),
        ({"tickets": 1, "mean_resolution_hours": 80}, {"a ticket took 80 hours to resolve"}),
        ({"last_score": 2, "frequency": 9}, {"last answer was 2 of 5"}),
        ({"recency_days": 2, "frequency": 9}, set()),
    ],
)
def test_the_reasons_are_what_sets_a_customer_apart(
    shop: pd.DataFrame, model: AdditiveLogistic, values: dict[str, float], expected: set[str]
) -> None:
    (found,) = reasons(model, customer(shop, **values))
    assert expected <= set(found)
    assert len(found) <= 3
    if not expected:
        assert found == []


def test_the_weightiest_comes_first_and_only_what_raises_the_risk(
    shop: pd.DataFrame, model: AdditiveLogistic
) -> None:
    given = pd.DataFrame(model.contributions(shop), columns=model.features_)
    for told, (_, parts) in zip(reasons(model, shop)[:300], given.iterrows(), strict=False):
        silence = parts["recency_days"] + parts["days_silent"]
        stories = [silence, *parts.drop(["recency_days", "days_silent"])]
        assert len(told) == min(3, sum(story > 0.05 for story in stories))
        if told and max(stories) == parts["frequency"]:
            assert told[0].startswith("bought")


def test_columns_that_say_the_same_share_a_place(
    shop: pd.DataFrame, model: AdditiveLogistic
) -> None:
    assert ("recency_days", "days_silent") in model.alike_
    for told in reasons(model, shop):
        assert sum("days ago" in text or "silent" in text for text in told) <= 1


def test_a_rhythm_and_a_silence_are_one_story() -> None:
    rng = np.random.default_rng(11)
    table = pd.DataFrame(
        {
            "recency_days": rng.integers(1, 300, 3_000),
            "silence_ratio": np.where(rng.random(3_000) < 0.6, rng.lognormal(0, 1, 3_000), np.nan),
        }
    )
    log_odds = 0.01 * (table["recency_days"] - 150) + table["silence_ratio"].fillna(4) / 2 - 1
    y = rng.binomial(1, 1 / (1 + np.exp(-log_odds)))
    told = reasons(AdditiveLogistic().fit(table, y), table)
    assert max(map(len, told)) == 1
    assert {text.split()[0] for row in told for text in row} == {"last", "silent"}
    # What is missing says nothing while its neighbour has a value.
    unknown = table["silence_ratio"].isna()
    assert all(
        text.startswith("last purchase") for row in np.flatnonzero(unknown) for text in told[row]
    )


def test_unknown_features_have_a_phrase_too() -> None:
    snapshot = telco(customers=3_000)
    model = AdditiveLogistic().fit(snapshot.table, snapshot.y)
    told = {text for row in reasons(model, snapshot.table) for text in row}
    assert "Contract is Month-to-month" in told
    assert "InternetService is Fiber optic" in told
    assert any(text.startswith("tenure is ") for text in told)


def test_every_phrase_reads_well() -> None:
    said = {name: say(1.0) for name, (say, _) in PHRASES.items()}
    assert said["recency_days"] == "last purchase 1 day ago"
    assert said["tickets"] == "1 ticket"
    assert PHRASES["profit"][0](-12.0) == "brought a loss of 12"
    assert PHRASES["late_delivery_share"][0](0.4) == "40 % of deliveries late"
    assert PHRASES["silence_ratio"][0](3.24) == "silent 3.2 times as long as usual"
    assert PHRASES["frequency"][0](1234.0) == "bought 1,234 times"


def test_nobody_has_no_reasons(shop: pd.DataFrame, model: AdditiveLogistic) -> None:
    assert reasons(model, shop.head(0)) == []


def test_a_band_is_odds_against_the_usual_odds() -> None:
    bands = risk_bands(np.array([0.111, 0.112, 0.333, 0.334, np.nan]), base_rate=0.2)
    assert bands.tolist() == ["low", "medium", "medium", "high", "unknown"]
