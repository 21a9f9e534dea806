"""The plain recipe is scikit-learn's own; the logarithms keep a few big spenders from ruling it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from cx_assets.methods.segments import Segmentation
from cx_assets_tests.methods.segments.conftest import FEATURES


def shoppers(size: int = 800) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": rng.normal(45, 12, size),
            "spend": rng.lognormal(5, 1, size),
            "frequency": rng.poisson(4, size),
        }
    )


def test_the_plain_recipes_labels_are_scikit_learns() -> None:
    fitted = Segmentation(5, transform="none").fit(shoppers())
    theirs = KMeans(n_clusters=5, random_state=42, n_init=10).fit(
        StandardScaler().fit_transform(shoppers())
    )
    assert adjusted_rand_score(theirs.labels_, fitted.predict(shoppers())) == 1
    assert fitted.inertia_ == pytest.approx(theirs.inertia_)


def test_the_logarithmic_recipe_is_scikit_learns_after_the_logarithm() -> None:
    money = shoppers().assign(spend=lambda customers: customers["spend"] - 100)
    oracle = make_pipeline(
        FunctionTransformer(
            lambda customers: customers.assign(
                spend=np.copysign(np.log1p(customers["spend"].abs()), customers["spend"]),
                frequency=np.log1p(customers["frequency"]),
            )
        ),
        StandardScaler(),
        KMeans(n_clusters=5, random_state=42, n_init=10),
    )
    fitted = Segmentation(5).fit(money)
    assert fitted.transforms_ == ("none", "log", "log")
    assert adjusted_rand_score(oracle.fit_predict(money), fitted.predict(money)) == 1


@pytest.mark.parametrize(
    ("k", "inertia"), [(2, 181363.60), (3, 106348.37), (4, 73679.79), (5, 44448.46), (6, 37233.81)]
)
def test_the_published_mall_figures(real_data: Path, k: int, inertia: float) -> None:
    mall = pd.read_csv(real_data / "mall_customers" / "Mall_Customers.csv")
    features = mall[["Annual Income (k$)", "Spending Score (1-100)"]].astype(float)
    fitted = Segmentation(k, transform="none").fit(features)
    # The published figures are on the raw columns, of which ours are a multiple each.
    raw = KMeans(n_clusters=k, random_state=42, n_init=10).fit(features.to_numpy())
    assert raw.inertia_ == pytest.approx(inertia, abs=0.01)
    assert fitted.inertia_ == pytest.approx(
        KMeans(n_clusters=k, random_state=42, n_init=10)
        .fit(StandardScaler().fit_transform(features))
        .inertia_
    )
    if k == 5:
        sizes = np.bincount(fitted.predict(features))
        assert sorted(sizes, reverse=True) == [81, 39, 35, 23, 22]


def test_missing_values_and_few_customers() -> None:
    features = pd.DataFrame({"age": [np.nan] * 3, "spend": [1.0, np.nan, 30.0]})
    fitted = Segmentation(5).fit(features)
    assert fitted.features_ == ("spend",)
    assert fitted.fill_.tolist() == [15.5]
    assert len(fitted.cluster_centers_) == 3
    with pytest.raises(ValueError, match="no customer"):
        Segmentation().fit(features.iloc[:0])


def test_no_segment_of_a_real_shop_is_a_handful(retail: Callable[[str], pd.DataFrame]) -> None:
    customers = retail("2011-12-01")[FEATURES]
    sizes = {
        transform: np.bincount(Segmentation(5, transform).fit(customers).predict(customers))
        for transform in ("none", "log")
    }
    assert sizes["none"].min() == 3
    # Not even those who only ever returned goods, which are one in a hundred.
    assert sizes["log"].min() > 40
