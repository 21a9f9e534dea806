"""A churn model tried on a later cut-off than it learned from, then fitted on all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from cx_assets.methods.additive import AdditiveLogistic
from cx_assets.methods.calibration import brier, calibration_error, reliability
from cx_assets.methods.ranking import auc

# With fewer churners than this, or fewer who stayed, a model learns names by heart.
FEWEST = 10
LABEL, RECENCY = "churned", "recency_days"

Labelled = Mapping[datetime, pd.DataFrame]


@dataclass(frozen=True)
class Trial:
    """Figures of a model on the test cut-off; NaN and no bins where there was no trial."""

    auc: float = np.nan
    baseline_auc: float = np.nan
    brier: float = np.nan
    baseline_brier: float = np.nan
    calibration_error: float = np.nan
    reliability: pd.DataFrame = field(default_factory=pd.DataFrame)


class TooFew(ValueError):
    """There are not enough churners, or not enough others, to learn from."""


def fit_cutoffs(
    labelled: Labelled, cutoffs: Sequence[datetime], horizon: timedelta
) -> AdditiveLogistic:
    """A model of the rows of these cut-offs.

    Args:
        labelled: cut-off -> rows with the column churned (0 or 1) and one column per feature.

    Raises:
        TooFew: saying how many there are.
    """
    if not cutoffs:
        raise TooFew("no label window had ended")
    rows = pd.concat([labelled[cutoff] for cutoff in cutoffs], ignore_index=True)
    churned = int(rows[LABEL].sum())
    if min(churned, len(rows) - churned) < FEWEST:
        raise TooFew(f"{churned} of {len(rows)} had left: too few on one side")
    times = np.repeat(
        np.array(cutoffs, dtype="datetime64[s]"), [len(labelled[cutoff]) for cutoff in cutoffs]
    )
    features = rows.drop(columns=LABEL)
    return AdditiveLogistic().fit(
        features, rows[LABEL], cutoffs=times, horizon=np.timedelta64(horizon, "s")
    )


def try_out(model: AdditiveLogistic, test: pd.DataFrame) -> Trial:
    """How the model does on rows of a later cut-off; null where they hold one class only.

    The baseline ranks by days since the last purchase alone, none counting as the longest; the
    baseline's Brier score is that of always predicting the share that the model learned from.
    """
    y = test[LABEL].to_numpy(dtype=float)
    if len(np.unique(y)) < 2:
        return Trial()
    chance = model.predict(test)
    silence = test[RECENCY].astype(float).fillna(np.inf)
    return Trial(
        auc=auc(chance, y),
        baseline_auc=auc(silence, y),
        brier=brier(y, chance),
        baseline_brier=brier(y, np.full(len(y), model.base_rate_)),
        calibration_error=calibration_error(y, chance),
        reliability=reliability(y, chance),
    )


def verdict(trial: Trial) -> str | None:
    """What is to be said against the model, in words; None where nothing is."""
    if np.isnan(trial.auc):
        return "not tried: at the test cut-off, all customers left or all stayed"
    if trial.auc <= trial.baseline_auc:
        return (
            f"does not rank better (AUC {trial.auc:.3f}) than days since the last purchase alone "
            f"({trial.baseline_auc:.3f})"
        )
    return None
