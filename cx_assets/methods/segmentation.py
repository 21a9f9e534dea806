"""Customer segments: K-Means on standardised features, and names for what comes out."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

# What a high and a low value of a feature is called, the telling features first.
WORDS = {
    "spend": ("big spenders", "small spenders"),
    "frequency": ("frequent buyers", "rare buyers"),
    "recency_days": ("long silent", "recently active"),
    "age": ("older", "younger"),
}
# In standard deviations from the mean customer.
MIDDLING, EXTREME = 0.25, 3.0


@dataclass(frozen=True)
class Segmentation:
    """A fitted segmentation.

    Attributes:
        features: names of the k-means dimensions, in order.
        fill: value that stands in for a missing feature, shape (n_features,).
        mean, scale: of the StandardScaler, shape (n_features,).
        centers: cluster centres on the standardised features, shape (k, n_features); row i is
            segment i + 1, ordered by spend, the highest first.
        names: one name per segment, never two alike.
        inertia: sum of squared distances of the sample to its centres.
    """

    features: tuple[str, ...]
    fill: NDArray[np.float64]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    centers: NDArray[np.float64]
    names: tuple[str, ...]
    inertia: float


def fit_segments(features: pd.DataFrame, k: int = 5, random_state: int = 42) -> Segmentation:
    """The article's recipe: StandardScaler, then KMeans(n_clusters=k, random_state=42).

    Args:
        features: one row per customer, one numeric column per feature, in a fixed row order (the
            seeding of K-Means depends on it). Missing values take the column's median; a column
            without any value is left out.
        k: number of segments; fewer where there are fewer distinct customers.

    Raises:
        ValueError: when there is no customer or no feature with a value.
    """
    # Half of the time that Dagster takes to load the project would go into this import.
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import StandardScaler

    known = features.dropna(axis="columns", how="all").astype(float)
    if known.empty:
        raise ValueError("no customer with any feature to segment by")
    fill = known.median()
    values = known.fillna(fill).to_numpy()
    k = min(k, len(np.unique(values, axis=0)))
    scaler = StandardScaler().fit(values)
    # With several threads the centres depend on which thread adds up first.
    with threadpool_limits(limits=1):
        fitted = KMeans(n_clusters=k, random_state=random_state, n_init=10).fit(
            scaler.transform(values)
        )
    first = "spend" if "spend" in known.columns else known.columns[0]
    order = np.argsort(-fitted.cluster_centers_[:, known.columns.get_loc(first)], kind="stable")
    centers = fitted.cluster_centers_[order]
    return Segmentation(
        features=tuple(known.columns),
        fill=fill.to_numpy(),
        mean=scaler.mean_,
        scale=scaler.scale_,
        centers=centers,
        names=segment_names(pd.DataFrame(centers, columns=known.columns)),
        inertia=float(fitted.inertia_),
    )


def segment_names(centers: pd.DataFrame) -> tuple[str, ...]:
    """Name each centre by the features on which it stands out most, adding words until unique.

    Args:
        centers: standardised centres, one row per segment, one column per feature.
    """
    phrases = []
    for _, center in centers.iterrows():
        standing_out = sorted(center.items(), key=lambda item: -abs(item[1]))
        phrases.append([_word(str(name), value) for name, value in standing_out])
    length = len(centers.columns)
    for words in range(min(2, length), length + 1):
        # The same words in another order would be the same name to a reader.
        if len({frozenset(phrase[:words]) for phrase in phrases}) == len(phrases):
            return tuple(", ".join(phrase[:words]) for phrase in phrases)
    short = [phrase[:2] for phrase in phrases]
    alike = Counter(map(frozenset, short))
    return tuple(
        ", ".join(words) + (f" ({number})" if alike[frozenset(words)] > 1 else "")
        for number, words in enumerate(short, start=1)
    )


def _word(feature: str, value: float) -> str:
    if abs(value) < MIDDLING:
        return f"average {feature.removesuffix('_days')}"
    high, low = WORDS.get(feature, (f"high {feature}", f"low {feature}"))
    return ("very " if abs(value) > EXTREME else "") + (high if value > 0 else low)
