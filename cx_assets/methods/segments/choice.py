"""How many segments, and how far they can be trusted."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from cx_assets.methods.segments.recipe import Floats, Segmentation, Transform, thread_pools

TRIED = range(2, 11)
# The silhouette compares every customer with every other one.
MAX_COMPARED = 2_000
# Segments that change in number every month are of no use, so a better k must be clearly better:
# its silhouette must exceed that of the last period's k by more than sampling moves it.
KEEP_MARGIN = 0.02
RESAMPLES = 20


def quality(
    features: pd.DataFrame,
    ks: Iterable[int] = TRIED,
    transform: Transform = "log",
    random_state: int = 42,
) -> pd.DataFrame:
    """How well each k separates the customers: one row per k.

    Each k is fitted on all rows; silhouette and Davies-Bouldin are those of at most MAX_COMPARED of
    them, the same for every k. Where there are fewer distinct customers than k, that is the k.

    Returns:
        k; silhouette (-1 .. 1, 1 is best: Rousseeuw 1987); davies_bouldin (0 is best: Davies and
        Bouldin 1979); inertia. Silhouette and Davies-Bouldin are null for one segment, or where
        every customer is a segment.
    """
    from sklearn.metrics import davies_bouldin_score, pairwise_distances, silhouette_score

    compared = _bounded(features, random_state)
    distances: Floats | None = None
    rows = []
    with thread_pools().limit(limits=1):
        for k in sorted(ks):
            fitted = Segmentation(k, transform, random_state=random_state).fit(features)
            row = {"k": len(fitted.cluster_centers_), "inertia": fitted.inertia_}
            points, labels = fitted.standardise(compared), fitted.predict(compared)
            if 1 < len(np.unique(labels)) < len(labels):
                # Every k has the same scale, so the same distances.
                distances = pairwise_distances(points) if distances is None else distances
                row["silhouette"] = silhouette_score(distances, labels, metric="precomputed")
                row["davies_bouldin"] = davies_bouldin_score(points, labels)
            rows.append(row)
    columns = ["k", "silhouette", "davies_bouldin", "inertia"]
    return pd.DataFrame(rows, columns=columns).drop_duplicates("k", ignore_index=True)


def choose(figures: pd.DataFrame, previous_k: int | None = None) -> int:
    """The k with the best silhouette, the smallest of several; but see KEEP_MARGIN.

    Args:
        figures: what `quality` returned.
        previous_k: the k of the period before, which is kept unless another is clearly better.
    """
    silhouettes = dict(zip(figures["k"].tolist(), figures["silhouette"].fillna(-1.0), strict=True))
    best = max(silhouettes, key=lambda k: silhouettes[k])
    if previous_k is None or previous_k not in silhouettes:
        return best
    return best if silhouettes[best] - silhouettes[previous_k] > KEEP_MARGIN else previous_k


def stability(
    features: pd.DataFrame,
    k: int,
    transform: Transform = "log",
    resamples: int = RESAMPLES,
    random_state: int = 42,
) -> tuple[float, float]:
    """Mean and minimum of the adjusted Rand index over bootstrap resamples.

    The whole recipe is fitted again on customers drawn with replacement, and puts the same
    customers in segments as the segmentation of all does. 1 is the same segments, 0 no more
    agreement than chance gives (Hubert and Arabie 1985; Hennig 2007 for the bootstrap). With more
    than MAX_COMPARED customers, so many are drawn; that makes the figure a cautious one.
    """
    from sklearn.metrics import adjusted_rand_score

    rng = np.random.default_rng(random_state)
    compared = _bounded(features, random_state)
    with thread_pools().limit(limits=1):
        fitted = Segmentation(k, transform, random_state=random_state).fit(features)
        reference = fitted.predict(compared)
        agreement = []
        for number in range(resamples):
            drawn = compared.iloc[rng.integers(0, len(compared), len(compared))]
            # Not started at the reference's centres, which would hide another solution.
            again = Segmentation(k, transform, n_init=3, random_state=number).fit(drawn)
            agreement.append(adjusted_rand_score(reference, again.predict(compared)))
    return float(np.mean(agreement)), float(np.min(agreement))


def _bounded(features: pd.DataFrame, random_state: int) -> pd.DataFrame:
    if len(features) <= MAX_COMPARED:
        return features
    chosen = np.random.default_rng(random_state).choice(len(features), MAX_COMPARED, replace=False)
    return features.iloc[np.sort(chosen)]
