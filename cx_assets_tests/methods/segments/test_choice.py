"""The figures are scikit-learn's, the choice is what they say, and stability means what it says."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import davies_bouldin_score, silhouette_score

from cx_assets.methods.segments import Segmentation, choose, quality, stability
from cx_assets.methods.segments.choice import KEEP_MARGIN, MAX_COMPARED
from cx_assets_tests.methods.segments.conftest import FEATURES


def groups(*centres: float, size: int = 60, spread: float = 0.3) -> pd.DataFrame:
    """Customers around each of the centres, in ages and visits."""
    rng = np.random.default_rng(1)
    points = np.concatenate([rng.normal(centre, spread, (size, 2)) for centre in centres])
    return pd.DataFrame(points, columns=["age", "visits"])


def test_the_figures_are_scikit_learns() -> None:
    customers = groups(0, 1, 4)
    figures = quality(customers, [5, 3])
    assert figures["k"].tolist() == [3, 5]
    for row in figures.itertuples():
        fitted = Segmentation(row.k).fit(customers)
        points, labels = fitted.standardise(customers), fitted.predict(customers)
        assert row.silhouette == pytest.approx(silhouette_score(points, labels))
        assert row.davies_bouldin == pytest.approx(davies_bouldin_score(points, labels))
        assert row.inertia == pytest.approx(fitted.inertia_)


@pytest.mark.parametrize("centres", [(0, 4), (0, 4, 9), (0, 4, 9, 14, 20, 27)])
def test_as_many_segments_are_chosen_as_there_are(centres: tuple[float, ...]) -> None:
    assert choose(quality(groups(*centres))) == len(centres)


def test_five_segments_are_chosen_for_the_mall(real_data: Path) -> None:
    mall = pd.read_csv(real_data / "mall_customers" / "Mall_Customers.csv")
    figures = quality(mall[["Annual Income (k$)", "Spending Score (1-100)"]].astype(float))
    assert choose(figures) == 5
    assert figures.set_index("k")["davies_bouldin"].idxmin() == 5


def test_the_last_periods_number_stays_until_another_is_clearly_better() -> None:
    figures = pd.DataFrame({"k": [2, 3, 4], "silhouette": [0.40, 0.40 + KEEP_MARGIN / 2, 0.30]})
    assert choose(figures) == 3
    assert choose(figures, previous_k=2) == 2
    assert choose(figures, previous_k=4) == 3
    assert choose(figures, previous_k=9) == 3


def test_one_kind_of_customer_is_one_segment() -> None:
    figures = quality(pd.DataFrame({"age": [40.0] * 5}))
    assert figures["k"].tolist() == [1]
    assert figures["silhouette"].isna().all()
    assert choose(figures) == 1
    two = quality(pd.DataFrame({"age": [40.0, 50.0]}))
    assert two["k"].tolist() == [2]
    assert two["silhouette"].isna().all()


def test_a_large_sample_is_compared_in_part_and_the_same_every_time() -> None:
    customers = groups(0, 4, 9, size=MAX_COMPARED // 3 + 100)
    figures = quality(customers, [3])
    pd.testing.assert_frame_equal(figures, quality(customers, [3]))
    fitted = Segmentation(3).fit(customers)
    assert figures["inertia"][0] == pytest.approx(fitted.inertia_)
    every = silhouette_score(fitted.standardise(customers), fitted.predict(customers))
    assert figures["silhouette"][0] == pytest.approx(every, abs=0.01)


def test_stable_is_what_comes_out_again_and_noise_is_not() -> None:
    clear = stability(groups(0, 4, 9), 3)
    assert clear == pytest.approx((1, 1))
    noise = pd.DataFrame(np.random.default_rng(0).normal(size=(300, 4)), columns=list("abcd"))
    mean, minimum = stability(noise, 6)
    assert minimum < mean < 0.65
    assert stability(noise, 6) == (mean, minimum)


@pytest.mark.slow
def test_the_logarithmic_recipe_is_the_more_stable_one_where_it_chooses(
    retail: Callable[[str], pd.DataFrame],
) -> None:
    """The plain recipe prefers some 20 big spenders against all others: which 20 is chance."""
    customers = retail("2011-12-01")[FEATURES]
    found = {
        transform: stability(customers, choose(quality(customers, transform=transform)), transform)
        for transform in ("none", "log")
    }
    assert found["log"][0] > 0.9 > 0.65 > found["none"][0]
    assert found["log"][1] > 0.8 > 0.3 > found["none"][1]
