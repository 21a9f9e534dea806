"""The recipe: logarithms of money and counts, StandardScaler, K-Means.

A few customers spend a hundred times what the others do. On the plain scale they are segments of
their own and all others are one; on a logarithmic scale, twice as much is the same step for all.
"""

from functools import cache
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

Transform = Literal["log", "none"]
Floats = NDArray[np.float64]

# What is skewed to the right by its nature. Age is not.
SKEWED = frozenset({"spend", "frequency", "recency_days"})


class Segmentation:
    """StandardScaler, then KMeans(n_clusters=k, random_state=42), as scikit-learn has them.

    With transform="log", a feature v of SKEWED is sign(v) * ln(1 + |v|) before it is scaled; v may
    be negative, as the spend of a customer who returned more than was bought. With "none" the
    labels are those of the plain recipe.

    Attributes:
        features_: names of the dimensions, in order; a column without any value is left out.
        transforms_: "log" or "none" for each feature.
        fill_: median of each feature, before the transform; it stands in for a missing value.
        mean_, scale_: of the StandardScaler, after the transform, shape (n_features,).
        cluster_centers_: on the standardised features, shape (k, n_features), in no order.
        inertia_: sum of the squared distances of the customers to their centres.
    """

    features_: tuple[str, ...]
    transforms_: tuple[Transform, ...]
    fill_: Floats
    mean_: Floats
    scale_: Floats
    cluster_centers_: Floats
    inertia_: float

    def __init__(
        self,
        k: int = 5,
        transform: Transform = "log",
        n_init: int = 10,
        random_state: int = 42,
    ) -> None:
        self.k = k
        self.transform = transform
        self.n_init = n_init
        self.random_state = random_state

    def fit(self, features: pd.DataFrame) -> Self:
        """Fit on one row per customer and one numeric column per feature.

        The rows need a fixed order, since the seeding of K-Means depends on it. There are fewer
        than k centres where there are fewer distinct customers.

        Raises:
            ValueError: when there is no customer or no feature with a value.
        """
        # Half of the time that Dagster takes to load the project would go into this import.
        from sklearn.cluster import KMeans
        from sklearn.preprocessing import StandardScaler

        known = features.dropna(axis="columns", how="all").astype(float)
        if known.empty:
            raise ValueError("no customer with any feature to segment by")
        self.features_ = tuple(known.columns)
        self.transforms_ = tuple(
            self.transform if name in SKEWED else "none" for name in known.columns
        )
        self.fill_ = known.median().to_numpy()
        scaler = StandardScaler().fit(self._transformed(known))
        self.mean_, self.scale_ = scaler.mean_, scaler.scale_
        scaled = self.standardise(known)
        k = min(self.k, len(pd.DataFrame(scaled).drop_duplicates()))
        # With several threads the centres depend on which thread adds up first.
        with thread_pools().limit(limits=1):
            fitted = KMeans(n_clusters=k, random_state=self.random_state, n_init=self.n_init).fit(
                scaled
            )
        self.cluster_centers_ = fitted.cluster_centers_
        self.inertia_ = float(fitted.inertia_)
        return self

    def standardise(self, features: pd.DataFrame) -> Floats:
        """The features as K-Means sees them, shape (n_customers, n_features)."""
        return (self._transformed(features) - self.mean_) / self.scale_

    def predict(self, features: pd.DataFrame) -> NDArray[np.intp]:
        """The row of the nearest centre for every customer, shape (n_customers,)."""
        return nearest(self.standardise(features), self.cluster_centers_)

    def _transformed(self, features: pd.DataFrame) -> Floats:
        values = features[list(self.features_)].to_numpy(dtype=float)
        values = np.where(np.isnan(values), self.fill_, values)
        logarithmic = np.sign(values) * np.log1p(np.abs(values))
        return np.where([name == "log" for name in self.transforms_], logarithmic, values)


def nearest(points: Floats, centers: Floats) -> NDArray[np.intp]:
    """The row of the nearest centre for every point; the first one of several as near."""
    squares = [((points - center) ** 2).sum(axis=1) for center in centers]
    return np.argmin(squares, axis=0)


@cache
def thread_pools() -> ThreadpoolController:
    """The pools of scikit-learn, once it is imported; to find them takes as long as a fit."""
    return ThreadpoolController()
