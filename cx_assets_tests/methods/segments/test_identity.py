"""A segment keeps its id however K-Means orders its centres, and no id is used a second time."""

from collections.abc import Callable
from copy import copy

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cx_assets.methods.segments import Identities, Segmentation, identify
from cx_assets_tests.methods.segments.conftest import FEATURES

NOTHING = pd.DataFrame(columns=["segment_id", "highest_id"])


def rows(fitted: Segmentation, found: Identities) -> pd.DataFrame:
    """What analyze.segment_model keeps of a period."""
    return pd.DataFrame(
        {
            "segment_id": found.ids,
            "highest_id": found.highest_id,
            **{
                column: [getattr(fitted, f"{column}_")] * len(found.ids)
                for column in ("features", "transforms", "fill", "mean", "scale")
            },
            "centre": list(fitted.cluster_centers_),
        }
    )


def reordered(fitted: Segmentation, order: list[int]) -> Segmentation:
    other = copy(fitted)
    other.cluster_centers_ = fitted.cluster_centers_[order]
    return other


def month(seed: int, k: int) -> Segmentation:
    """A period's centres and scale, as a fit leaves them."""
    rng = np.random.default_rng(seed)
    fitted = Segmentation(k)
    fitted.features_ = ("spend", "frequency", "recency_days")
    fitted.transforms_ = ("log", "log", "log")
    fitted.fill_, fitted.mean_ = rng.normal(size=(2, 3))
    fitted.scale_ = rng.uniform(0.5, 2, size=3)
    fitted.cluster_centers_ = rng.normal(size=(k, 3))
    return fitted


def test_at_the_beginning_segment_one_spends_most() -> None:
    fitted = Segmentation(2).fit(pd.DataFrame({"age": [20, 21, 60, 61], "spend": [5, 6, 900, 905]}))
    found = identify(fitted, NOTHING)
    rich = fitted.predict(pd.DataFrame({"age": [60], "spend": [900]}))[0]
    assert found.ids[rich] == 1
    assert sorted(found.ids) == [1, 2]
    assert found.highest_id == 2
    assert np.isnan(found.distances).all()


@given(st.data(), st.integers(0, 20), st.integers(2, 6), st.integers(2, 6))
def test_the_order_of_the_centres_makes_no_difference(
    data: st.DataObject, seed: int, k_before: int, k_now: int
) -> None:
    before, now = month(seed, k_before), month(seed + 1, k_now)
    previous = rows(before, identify(before, NOTHING))
    found = identify(now, previous)
    order = data.draw(st.permutations(range(k_now)))
    shuffled_previous = previous.iloc[data.draw(st.permutations(range(k_before)))]
    again = identify(reordered(now, order), shuffled_previous)
    assert again.ids.tolist() == found.ids[order].tolist()
    assert again.distances.tolist() == pytest.approx(found.distances[order].tolist(), nan_ok=True)
    assert again.highest_id == found.highest_id


@given(st.lists(st.integers(1, 6), min_size=2, max_size=6))
def test_no_id_is_used_for_a_second_segment(ks: list[int]) -> None:
    previous, gone, known = NOTHING, set[int](), set[int]()
    for number, k in enumerate(ks):
        fitted = month(number, k)
        found = identify(fitted, previous)
        ids = set(found.ids.tolist())
        assert len(ids) == k
        assert not ids & gone
        new = {number for number, far in zip(found.ids, found.distances, strict=True) if far != far}
        assert new == ids - known
        assert len(ids - new) == min(k, len(known - gone))
        known |= ids
        gone |= known - ids
        assert found.highest_id == max(known)
        previous = rows(fitted, found)


def test_the_same_customers_are_the_same_segments() -> None:
    fitted = month(3, 5)
    first = identify(fitted, NOTHING)
    again = identify(fitted, rows(fitted, first))
    assert again.ids.tolist() == first.ids.tolist()
    assert again.distances == pytest.approx(np.zeros(5), abs=1e-12)


def test_the_distance_is_in_the_units_of_the_period_before() -> None:
    before = Segmentation(2).fit(pd.DataFrame({"age": [20.0, 20.0, 60.0, 60.0]}))
    now = Segmentation(2).fit(pd.DataFrame({"age": [30.0, 30.0, 80.0, 80.0]}))
    found = identify(now, rows(before, identify(before, NOTHING)))
    # The standard deviation of the ages before was 20.
    assert sorted(found.distances) == pytest.approx([10 / 20, 20 / 20])


def test_the_assignment_is_the_best_of_all_and_not_the_nearest_first() -> None:
    ages = {"before": [0.0, 10.0], "now": [9.0, 19.5]}
    fits = {name: Segmentation(2).fit(pd.DataFrame({"age": age})) for name, age in ages.items()}
    first = identify(fits["before"], NOTHING)
    found = identify(fits["now"], rows(fits["before"], first))
    # 9 is nearest to 10, but then 19.5 would have to be 0.
    youngest = {name: int(np.argmin(fit.cluster_centers_[:, 0])) for name, fit in fits.items()}
    assert found.ids[youngest["now"]] == first.ids[youngest["before"]]


def test_a_feature_that_appears_is_not_compared() -> None:
    spend = pd.DataFrame({"spend": [5.0, 6.0, 900.0, 905.0]})
    before = Segmentation(2).fit(spend)
    now = Segmentation(2).fit(spend.assign(age=[20.0, 60.0, 20.0, 60.0], spend=spend["spend"]))
    found = identify(now, rows(before, identify(before, NOTHING)))
    assert sorted(found.ids) == [1, 2]


def test_on_another_scale_all_segments_are_new() -> None:
    spend = pd.DataFrame({"spend": [5.0, 6.0, 900.0, 905.0]})
    before = Segmentation(2, transform="none").fit(spend)
    found = identify(Segmentation(2).fit(spend), rows(before, identify(before, NOTHING)))
    assert sorted(found.ids) == [3, 4]
    assert np.isnan(found.distances).all()
    assert found.highest_id == 4


@pytest.mark.slow
def test_a_real_shops_segments_stay_themselves(retail: Callable[[str], pd.DataFrame]) -> None:
    """From month to month the centres stay; those of the plain recipe do not."""
    farthest = {}
    for transform in ("none", "log"):
        previous, moved = NOTHING, []
        for day in ("2011-08-01", "2011-09-01", "2011-10-01", "2011-11-01", "2011-12-01"):
            fitted = Segmentation(5, transform).fit(retail(day)[FEATURES])
            found = identify(fitted, previous)
            assert sorted(found.ids) == [1, 2, 3, 4, 5]
            moved += found.distances[~np.isnan(found.distances)].tolist()
            previous = rows(fitted, found)
        farthest[transform] = max(moved)
    assert farthest["log"] < 0.6
    assert farthest["none"] > 5
