"""Which ridge penalty predicts best, on rows that come after those it was fitted on."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cx_assets.methods.additive.logistic import fit_logistic, sigmoid
from cx_assets.methods.calibration import log_loss
from cx_assets.methods.intervals import Floats

Fold = tuple[NDArray[np.int64], NDArray[np.int64]]

PENALTIES = (300.0, 100.0, 30.0, 10.0, 3.0, 1.0)
FOLDS = 5
# Enough rows to tell penalties apart: with more of them they hardly matter.
MOST_ROWS = 20_000


def folds(y: Floats, cutoffs: NDArray[Any] | None, horizon: Any) -> list[Fold]:
    """Pairs of row numbers: to fit on, and to predict.

    With several cut-offs, each is predicted from the rows whose windows (of length `horizon`) had
    ended by then. Where no window had, and without cut-offs, the rows of the newest cut-off are
    dealt into five folds of nearly equal size and share of y = 1. A fold with one class to fit on
    is left out.
    """
    found = []
    if cutoffs is not None and len(cutoffs):
        for cutoff in np.unique(cutoffs):
            found.append((cutoffs + horizon <= cutoff, cutoffs == cutoff))
        found = [fold for fold in found if _has_both_classes(y[fold[0]])]
    if not found:
        newest = np.ones(len(y), bool) if cutoffs is None else cutoffs == cutoffs.max()
        dealt = np.where(newest, deal(y, newest), -1)
        found = [(newest & (dealt != fold), dealt == fold) for fold in range(FOLDS)]
        found = [fold for fold in found if _has_both_classes(y[fold[0]]) and fold[1].any()]
    return [(_bounded(fitted), _bounded(predicted)) for fitted, predicted in found]


def deal(y: Floats, among: NDArray[np.bool_] | None = None, seed: int = 0) -> NDArray[np.int64]:
    """A fold from 0 to 4 for each row: shuffled, then dealt class by class."""
    chosen = np.flatnonzero(np.ones(len(y), bool) if among is None else among)
    shuffled = np.random.default_rng(seed).permutation(chosen)
    dealt = np.zeros(len(y), dtype=np.int64)
    dealt[shuffled[np.argsort(y[shuffled], kind="stable")]] = np.arange(len(chosen)) % FOLDS
    return dealt


def best_penalty(
    design: Floats, y: Floats, weights: Floats, tried: list[Fold], penalties: tuple[float, ...]
) -> float:
    """The penalty with the lowest log loss over the folds; without any fold, the middle one."""
    if not tried or len(penalties) == 1:
        return sorted(penalties)[len(penalties) // 2]
    losses = np.zeros(len(penalties))
    for fitted, predicted in tried:
        beta = None
        share = weights[predicted].sum()
        for number, penalty in enumerate(penalties):
            beta = fit_logistic(design[fitted], y[fitted], weights[fitted], penalty, start=beta)
            chance = sigmoid(beta[0] + design[predicted] @ beta[1:])
            losses[number] += share * log_loss(y[predicted], chance, weights[predicted])
    return penalties[int(np.argmin(losses))]


def _has_both_classes(y: Floats) -> bool:
    return len(y) > 0 and y.min() < y.max()


def _bounded(chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """At most so many row numbers, spread evenly."""
    rows = np.flatnonzero(chosen)
    return rows[:: max(1, len(rows) // MOST_ROWS)]
