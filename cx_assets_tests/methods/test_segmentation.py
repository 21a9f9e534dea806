"""Segments are scikit-learn's own, on the article's recipe, and their names are never alike."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler

from cx_assets.methods.segmentation import Segmentation, fit_segments, segment_names


def labels(fitted: Segmentation, features: pd.DataFrame) -> np.ndarray:
    values = features[list(fitted.features)].fillna(
        dict(zip(fitted.features, fitted.fill, strict=True))
    )
    scaled = (values.to_numpy() - fitted.mean) / fitted.scale
    return ((scaled[:, None, :] - fitted.centers[None]) ** 2).sum(axis=2).argmin(axis=1) + 1


def test_labels_are_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    features = pd.DataFrame(
        {"age": rng.normal(45, 12, 800), "spend": rng.lognormal(5, 1, 800), "frequency": 1.0}
    )
    features["frequency"] = rng.poisson(4, 800)
    fitted = fit_segments(features, k=5)
    theirs = KMeans(n_clusters=5, random_state=42, n_init=10).fit(
        StandardScaler().fit_transform(features)
    )
    assert adjusted_rand_score(theirs.labels_, labels(fitted, features)) == 1
    assert fitted.inertia == pytest.approx(theirs.inertia_)


@pytest.mark.parametrize(
    ("k", "inertia"), [(2, 181363.60), (3, 106348.37), (4, 73679.79), (5, 44448.46), (6, 37233.81)]
)
def test_the_published_mall_figures(real_data: Path, k: int, inertia: float) -> None:
    mall = pd.read_csv(real_data / "mall_customers" / "Mall_Customers.csv")
    columns = ["Annual Income (k$)", "Spending Score (1-100)"]
    # The published figures are on the raw columns; equal scales make ours the same problem.
    raw = mall[columns].to_numpy(dtype=float)
    theirs = KMeans(n_clusters=k, random_state=42, n_init=10).fit(raw)
    assert theirs.inertia_ == pytest.approx(inertia, abs=0.01)
    if k == 5:
        sizes = np.bincount(labels(fit_segments(mall[columns], k=5), mall[columns]))[1:]
        assert sorted(sizes, reverse=True) == [81, 39, 35, 23, 22]


def test_segment_one_spends_most() -> None:
    features = pd.DataFrame({"age": [20, 21, 60, 61] * 5, "spend": [5, 6, 900, 905] * 5})
    fitted = fit_segments(features, k=2)
    assert features["spend"][labels(fitted, features) == 1].min() == 900


def test_missing_values_and_few_customers() -> None:
    features = pd.DataFrame({"age": [np.nan] * 3, "spend": [1.0, np.nan, 30.0]})
    fitted = fit_segments(features, k=5)
    assert fitted.features == ("spend",)
    assert len(fitted.centers) == 3
    with pytest.raises(ValueError, match="no customer"):
        fit_segments(features.iloc[:0])


@given(arrays(float, st.tuples(st.integers(2, 8), st.integers(1, 4)), elements=st.floats(-3, 3)))
def test_names_are_never_alike(centers: np.ndarray) -> None:
    columns = ["age", "spend", "frequency", "recency_days"][: centers.shape[1]]
    names = segment_names(pd.DataFrame(centers, columns=columns))
    assert len(set(names)) == len(centers)
