"""For how many of those assigned an answer stands: weights against silence, arm by arm.

An action may change who answers. So each arm's answers are weighted by the inverse probability of
an answer in that arm, given what was on record at the assignment, and both stand for all who were
assigned (Horvitz and Thompson 1952; Little and Rubin, Statistical Analysis with Missing Data, 3.3).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cx_assets.methods.additive import AdditiveLogistic
from cx_assets.methods.effects.comparison import ARMS
from cx_assets.methods.intervals import Floats
from cx_assets.methods.response import trimmed_weights
from cx_assets.methods.response.learning import FEWEST

# Little: a propensity that is drawn towards the response rate leaves its share of the bias.
PENALTY = (3.0,)


@dataclass(frozen=True)
class AnswerWeights:
    """Attributes:
    models: arm -> who of it answers; empty where too few answered.
    rates: arm -> the share of it that answered.
    note: why there are no models; None where there are.
    """

    models: Mapping[str, AdditiveLogistic]
    rates: Mapping[str, float]
    note: str | None

    def predict(self, assigned: pd.DataFrame) -> Floats:
        """Weight of each assignment's answer, shape (n,): at most 5 / the arm's response rate.

        Args:
            assigned: the column arm and the features.
        """
        weights = np.full(len(assigned), np.nan)
        arm = assigned["arm"].to_numpy()
        for name in ARMS:
            inside = arm == name
            if model := self.models.get(name):
                weights[inside] = trimmed_weights(model.predict(assigned[inside]), model.base_rate_)
            elif inside.any():
                weights[inside] = 1 / self.rates[name]
        return weights


def learn_answering(samples: Mapping[str, pd.DataFrame], features: list[str]) -> AnswerWeights:
    """Learn who answers in each arm.

    Where one arm has too few answers, or too few silent, both are weighted by their response rate
    alone: both then stand for those who answer, which can be compared, while one for all and one
    for those cannot.

    Args:
        samples: arm -> one row per assignment with is_answered and the features.
    """
    answered = {arm: samples[arm]["is_answered"].to_numpy(dtype=bool) for arm in ARMS}
    rates = {arm: float(flags.mean()) for arm, flags in answered.items() if len(flags)}
    for arm in ARMS:
        given, asked = int(answered[arm].sum()), len(answered[arm])
        if min(given, asked - given) < FEWEST:
            note = (
                f"weighted by the response rate alone: {given} of {asked} {arm} customers "
                f"answered, and at least {FEWEST} must, and {FEWEST} not"
            )
            return AnswerWeights({}, rates, note)
    models = {
        arm: AdditiveLogistic(PENALTY).fit(samples[arm][features], answered[arm]) for arm in ARMS
    }
    return AnswerWeights(models, rates, None)
