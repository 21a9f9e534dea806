"""Rows of customers as arrays: validation, merging of equal rows, functions of counts."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cx_assets.methods.clv.fitting import FloatArray


def columns_of(**named: ArrayLike) -> tuple[FloatArray, ...]:
    """The arguments as float arrays of one common shape; ValueError for a nan, naming the row."""
    arrays = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in named.values()))
    for name, array in zip(named, arrays, strict=True):
        refuse(np.isnan(array), f"{name} is nan", **{name: array})
    return tuple(arrays)


def refuse(bad: NDArray[np.bool_], why: str, **values: FloatArray) -> None:
    """ValueError with the first bad row and its values, if there is one."""
    if bad.any():
        row = int(np.argmax(bad))
        shown = ", ".join(f"{name} = {array.flat[row]:g}" for name, array in values.items())
        raise ValueError(f"row {row}: {why} ({shown})")


def weights_of(sample_weight: ArrayLike | None, rows: int) -> FloatArray:
    """The customers that each of `rows` rows stands for; one each by default."""
    if rows == 0:
        raise ValueError("there are no customers to fit")
    weights = np.ones(rows) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    if weights.shape != (rows,):
        raise ValueError(f"sample_weight has the shape {weights.shape}, not {(rows,)}")
    refuse(~(np.isfinite(weights) & (weights >= 0)), "not a weight", sample_weight=weights)
    if weights.sum() <= 0:
        raise ValueError("the weights add up to nothing")
    return weights


def equal_rows(*columns: NDArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Index of the first of each set of equal rows, and for every row the set it belongs to."""
    order = np.lexsort(columns)
    ordered = [column[order] for column in columns]
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = np.any([column[1:] != column[:-1] for column in ordered], axis=0)
    groups = np.empty(len(order), dtype=np.int64)
    groups[order] = np.cumsum(fresh) - 1
    return order[fresh], groups


def of_counts(
    function: Callable[[FloatArray], FloatArray], counts: NDArray[np.int64]
) -> FloatArray:
    """function(counts) where the same small counts come again and again."""
    largest = int(counts.max(initial=0))
    if largest >= len(counts):
        return function(counts.astype(float))
    return function(np.arange(largest + 1.0))[counts]
