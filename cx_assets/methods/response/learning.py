"""Who answers and what: both models of the correction, and how good they are."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cx_assets.methods.additive import AdditiveLinear, AdditiveLogistic
from cx_assets.methods.calibration import calibration_error, reliability
from cx_assets.methods.ranking import auc
from cx_assets.methods.response.weights import trimmed_weights

# With fewer answers than this, or fewer silent, nothing can be said of who answers.
FEWEST = 50
# Fixed, since weights want a smooth propensity more than the sharpest one.
PENALTY = (30.0,)


class TooFew(ValueError):
    """There are not enough answers, or not enough invitations without one."""


@dataclass(frozen=True)
class ResponseModels:
    """Attributes:
    answers: probability that an invitation is answered.
    score: expected score_of_five if it is.
    """

    answers: AdditiveLogistic
    score: AdditiveLinear


@dataclass(frozen=True)
class Trial:
    """Figures on invitations never seen; NaN and no bins where there was no trial."""

    auc: float = np.nan
    calibration_error: float = np.nan
    r_squared: float = np.nan
    reliability: pd.DataFrame = field(default_factory=pd.DataFrame)


def learn(invitations: pd.DataFrame, features: tuple[str, ...], days_open: str) -> ResponseModels:
    """Fit both models.

    Args:
        invitations: one row each, with the features, days_open, is_answered and score_of_five.
        features: columns that say who was asked, about what, and what was on record.
        days_open: the column of the days that there were to answer; it matters to whether there is
            an answer, not to what it says.

    Raises:
        TooFew: saying how many there are.
    """
    answered = invitations["is_answered"].to_numpy(dtype=bool)
    silent = len(answered) - int(answered.sum())
    if silent < FEWEST:
        raise TooFew(
            f"{silent} of {len(answered)} invitations have no answer: of those who did not answer "
            "too little is recorded"
        )
    if answered.sum() < FEWEST:
        raise TooFew(f"{int(answered.sum())} of {len(answered)} invitations were answered: too few")
    asked = [*features, days_open]
    who = AdditiveLogistic(PENALTY).fit(invitations[asked], answered)
    given = invitations[answered]
    weights = trimmed_weights(who.predict(given[asked]), who.base_rate_)
    what = AdditiveLinear().fit(given[list(features)], given["score_of_five"], weights)
    return ResponseModels(who, what)


def try_out(models: ResponseModels, invitations: pd.DataFrame) -> Trial:
    """How the models do on invitations that they have not learned from."""
    answered = invitations["is_answered"].to_numpy(dtype=float)
    if len(np.unique(answered)) < 2:
        return Trial()
    chance = models.answers.predict(invitations)
    given = invitations[answered == 1]
    score = given["score_of_five"].to_numpy(dtype=float)
    error = ((score - models.score.predict(given)) ** 2).sum()
    spread = ((score - score.mean()) ** 2).sum()
    return Trial(
        auc=auc(chance, answered),
        calibration_error=calibration_error(answered, chance),
        r_squared=float(1 - error / spread) if spread > 0 else np.nan,
        reliability=reliability(answered, chance),
    )
