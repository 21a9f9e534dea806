"""A name is true of its segment, and no two segments have the same one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cx_assets.methods.segments import Segmentation, profiles, segment_names
from cx_assets_tests.methods.segments.conftest import FEATURES

CHURN_DAYS = 90


def crowd(size: int = 40, **features: Any) -> pd.DataFrame:
    """Customers who are all alike, each a little different."""
    wobble = np.linspace(0.9, 1.1, size)
    usual = {"spend": 300, "frequency": 2, "recency_days": 60, "tenure_days": 400}
    alike = {name: value * wobble for name, value in {**usual, **features}.items()}
    missing = {"age": np.nan, "last_score": np.nan}
    return pd.DataFrame({**missing, **alike}).assign(
        frequency=lambda customers: customers["frequency"].round()
    )


def names_of(*crowds: pd.DataFrame) -> list[str]:
    customers = pd.concat(crowds, ignore_index=True)
    labels = np.repeat(np.arange(len(crowds)), [len(each) for each in crowds])
    profile = profiles(customers, labels, len(crowds), CHURN_DAYS)
    return segment_names(profile, list(range(1, len(crowds) + 1)))


USUAL = crowd(size=120)


@pytest.mark.parametrize(
    ("features", "name"),
    [
        ({"spend": 900, "frequency": 8, "recency_days": 10}, "Champions"),
        ({"spend": 900, "frequency": 8, "recency_days": 80}, "Loyal big spenders"),
        ({"spend": 400, "frequency": 8, "recency_days": 10}, "Loyal regulars"),
        ({"spend": 900, "frequency": 1, "recency_days": 10}, "Big spenders"),
        ({"spend": 90, "frequency": 1, "recency_days": 10, "tenure_days": 12}, "New customers"),
        ({"spend": 90, "frequency": 1, "recency_days": 10}, "Promising"),
        ({"spend": 90, "frequency": 1, "recency_days": 80}, "Cooling down"),
        ({"spend": 90, "frequency": 1, "recency_days": 38}, "Promising"),
        ({"spend": 900, "frequency": 8, "recency_days": 200}, "At risk big spenders"),
        ({"spend": 400, "frequency": 8, "recency_days": 200}, "At risk regulars"),
        ({"spend": 90, "frequency": 1, "recency_days": 200}, "Hibernating"),
        ({"spend": 900, "frequency": 8, "recency_days": 500}, "Lost big spenders"),
        ({"spend": 90, "frequency": 1, "recency_days": 500}, "Lost"),
        ({"spend": 0, "frequency": 0}, "Never bought"),
        ({"spend": -50, "frequency": 1}, "Net returners"),
    ],
)
def test_what_customers_did_is_what_they_are_called(features: dict[str, float], name: str) -> None:
    found = names_of(crowd(**features), USUAL)[0]
    # The usual customers may have the same name, and then a word tells them apart.
    assert found.split(", ")[0] == name


def test_the_best_of_a_dead_shop_are_no_champions() -> None:
    """Relative to the others they bought lately; absolutely they have left."""
    best = crowd(spend=900, frequency=8, recency_days=200)
    assert names_of(best, crowd(size=120, recency_days=400))[0] == "At risk big spenders"


def test_a_segment_that_newcomers_share_with_others_is_not_called_new() -> None:
    lately = {"spend": 90, "frequency": 1, "recency_days": 10}
    mixed = pd.concat([crowd(60, **lately, tenure_days=12), crowd(40, **lately)])
    assert names_of(mixed, USUAL)[0] == "Promising"


def test_nobody_cools_down_within_a_month() -> None:
    """Relative to the others they bought long ago; absolutely they did not."""
    later = crowd(spend=90, frequency=1, recency_days=30)
    assert names_of(later, crowd(size=120, recency_days=5))[0] == "Promising"


def test_one_purchase_is_not_often() -> None:
    assert "regulars" not in names_of(crowd(frequency=1), crowd(frequency=0, spend=0))[0]


def test_satisfaction_is_in_the_name_where_enough_have_answered() -> None:
    loyal = {"spend": 900, "frequency": 8, "recency_days": 10}
    unhappy = crowd(**loyal).assign(last_score=2.0)
    assert names_of(unhappy, USUAL)[0] == "Champions, unhappy"
    assert names_of(unhappy.assign(last_score=5.0), USUAL)[0] == "Champions, delighted"
    assert names_of(unhappy.assign(last_score=4.0), USUAL)[0] == "Champions"
    few = unhappy.assign(last_score=[2.0] * 5 + [np.nan] * 35)
    assert names_of(few, USUAL)[0] == "Champions"


def test_segments_of_one_kind_are_told_apart_by_what_differs_most() -> None:
    young, old = (crowd(recency_days=200, age=age, spend=299 + age / 60) for age in (30, 60))
    assert names_of(young, old) == ["Hibernating, younger", "Hibernating, older"]


def test_those_who_never_bought_are_not_said_to_have_bought() -> None:
    never = {"spend": 0, "frequency": 0}
    found = names_of(
        crowd(**never, tenure_days=30, recency_days=30),
        crowd(**never, tenure_days=300, recency_days=300),
        USUAL,
    )
    assert found[:2] == ["Never bought, newer", "Never bought, known longer"]


def test_segments_without_any_difference_are_told_apart_by_their_number() -> None:
    assert names_of(USUAL, USUAL) == ["Cooling down, no. 1", "Cooling down, no. 2"]


@pytest.mark.slow
@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(1, 60), st.booleans())
def test_names_are_never_alike_and_champions_are_what_they_say(
    seed: int, k: int, size: int, coarse: bool
) -> None:
    rng = np.random.default_rng(seed)
    customers = pd.DataFrame(
        {
            "spend": rng.normal(100, 200, size),
            "frequency": rng.poisson(2, size),
            "recency_days": rng.integers(0, 500, size),
            "tenure_days": rng.integers(0, 900, size),
            "age": rng.choice([np.nan, 30, 50], size),
            "last_score": rng.choice([np.nan, 1, 5], size),
        }
    )
    if coarse:
        customers = customers.round(-2)
    labels = rng.integers(0, k, size)
    names = segment_names(profiles(customers, labels, k, CHURN_DAYS), list(range(7, 7 + k)))
    assert len(set(names)) == k
    bought = customers[customers["frequency"] > 0]
    for number, name in enumerate(names):
        if name.startswith("Champions"):
            segment = bought[labels[bought.index] == number]
            assert segment["recency_days"].median() <= CHURN_DAYS
            assert segment["frequency"].median() >= 2
            assert segment["spend"].mean() > 1.5 * bought["spend"].mean()


def test_a_real_shops_segments_in_words(retail: Callable[[str], pd.DataFrame]) -> None:
    customers = retail("2011-12-01")
    fitted = Segmentation(5).fit(customers[FEATURES])
    labels = fitted.predict(customers)
    profile = profiles(customers, labels, 5, CHURN_DAYS)
    sizes = dict(zip(segment_names(profile, [1, 2, 3, 4, 5]), profile["customers"], strict=True))
    assert set(sizes) == {
        "Champions",
        "Loyal regulars",
        "Promising",
        "Hibernating",
        "Net returners",
    }
    assert sizes["Champions"] < sizes["Loyal regulars"] < sizes["Hibernating"]
    champions = customers[labels == list(sizes).index("Champions")]
    assert champions["spend"].sum() > 0.5 * customers["spend"].sum()
