"""Which segment is which: a segment keeps its id from period to period, and no id is used again."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cx_assets.methods.segments.recipe import Floats, Segmentation


@dataclass(frozen=True)
class Identities:
    """Who the segments of a fit are.

    Attributes:
        ids: the segment_id of every row of cluster_centers_, shape (k,).
        distances: how far each centre is from that of the same segment in the period before, in
            that period's standardised units; nan for a new segment. Shape (k,).
        highest_id: the highest id that any period has used so far.
    """

    ids: NDArray[np.int64]
    distances: Floats
    highest_id: int


def identify(fitted: Segmentation, previous: pd.DataFrame) -> Identities:
    """Match the centres to those of the period before, by optimal assignment.

    The sum of the distances between matched centres is as small as it can be (Kuhn 1955). Centres
    that are left over are new segments: their ids go on from the highest one, the highest spend
    first. The order of the centres makes no difference.

    Args:
        fitted: the segmentation of this period.
        previous: the rows of analyze.segment_model of the period before; none at the beginning.
            Features that only one of the two periods has are not compared. Where a feature was on
            another scale, nothing can be compared and all segments are new.
    """
    order = _by_spend(fitted)
    highest = int(previous["highest_id"].max()) if len(previous) else 0
    ids = np.zeros(len(order), dtype=np.int64)
    distances = np.full(len(order), np.nan)
    between = _distances(fitted, previous.sort_values("segment_id"))
    if between is not None:
        from scipy.optimize import linear_sum_assignment

        rows, matches = linear_sum_assignment(between[order])
        matched = order[rows]
        ids[matched] = np.sort(previous["segment_id"].to_numpy(dtype=np.int64))[matches]
        distances[matched] = between[matched, matches]
    new = order[ids[order] == 0]
    ids[new] = np.arange(highest + 1, highest + 1 + len(new))
    return Identities(ids, distances, highest + len(new))


def _by_spend(fitted: Segmentation) -> NDArray[np.intp]:
    """The centres from the highest spend to the lowest; the other features settle what is equal."""
    names = list(fitted.features_)
    columns = sorted(range(len(names)), key=lambda column: names[column] != "spend")
    return np.lexsort([-fitted.cluster_centers_[:, column] for column in reversed(columns)])


def _distances(fitted: Segmentation, previous: pd.DataFrame) -> Floats | None:
    """Between every centre of now (rows) and of the period before, in the units of the latter."""
    if previous.empty:
        return None
    before = previous.iloc[0]
    then = {name: column for column, name in enumerate(before["features"])}
    pairs = [(now, then[name]) for now, name in enumerate(fitted.features_) if name in then]
    scales = [(fitted.transforms_[now], before["transforms"][was]) for now, was in pairs]
    if not pairs or any(now != was for now, was in scales):
        return None
    here, there = (list(columns) for columns in zip(*pairs, strict=True))
    centers = (fitted.cluster_centers_ * fitted.scale_ + fitted.mean_)[:, here]
    moved = (centers - np.asarray(before["mean"])[there]) / np.asarray(before["scale"])[there]
    standing = np.stack(previous["centre"].to_list())[:, there]
    return np.sqrt(((moved[:, None, :] - standing[None, :, :]) ** 2).sum(axis=2))
