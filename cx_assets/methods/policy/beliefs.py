"""What is believed about the net benefit of every action in every segment, as a normal each."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cx_assets.methods.intervals import Floats
from cx_assets.methods.policy.thompson import best_probabilities

# Where a belief comes from: the segment's own row, the one of all segments, or nothing yet.
SOURCES = ("measured", "pooled", "prior")
# Half the width of a 95 % interval, in standard deviations.
_95 = 1.959963984540054


def beliefs(effects: pd.DataFrame, segments: Sequence[int], actions: pd.DataFrame) -> pd.DataFrame:
    """Net benefit = worth * effect - cost, for each of the segments and actions.

    An action that was not measured yet is believed to be worth its cost, give or take `prior_sd`:
    whoever put it into the catalogue thought no less, and what is as good as another on paper is
    tried as often.

    Args:
        effects: action, segment_id (missing: all segments), outcome, pooled_effect and pooled_se
            (mean and sd of the partially pooled posterior; a missing one is as no row).
        segments: their ids, each once.
        actions: action, outcome, cost and worth (floats, worth > 0), one row per action.

    Returns:
        segment_id, action, outcome, cost, effect_mean, effect_sd, net_benefit_mean, net_benefit_sd,
        net_benefit_low, net_benefit_high (95 %), probability_best (among all actions and none) and
        source (one of SOURCES), in the order of `segments` and `actions`.
    """
    rows = pd.DataFrame({"segment_id": list(segments)}).merge(actions, how="cross")
    known = effects[effects["pooled_effect"].notna() & (effects["pooled_se"] > 0)]
    own = _joined(rows, known[known["segment_id"].notna()], ["segment_id", "action", "outcome"])
    every = _joined(rows, known[known["segment_id"].isna()], ["action", "outcome"])
    is_own, is_pooled = (found["pooled_se"].notna().to_numpy() for found in (own, every))
    worth = rows["worth"].to_numpy(dtype=float)
    untried = rows["cost"] / worth, prior_sd(actions["cost"].to_numpy(dtype=float)) / worth
    mean, sd = (
        np.select([is_own, is_pooled], [own[column], every[column]], default)
        for column, default in zip(("pooled_effect", "pooled_se"), untried, strict=True)
    )
    net_mean, net_sd = worth * mean - rows["cost"].to_numpy(dtype=float), worth * sd
    return rows.drop(columns="worth").assign(
        effect_mean=mean,
        effect_sd=sd,
        net_benefit_mean=net_mean,
        net_benefit_sd=net_sd,
        net_benefit_low=net_mean - _95 * net_sd,
        net_benefit_high=net_mean + _95 * net_sd,
        probability_best=_probability_best(net_mean, net_sd, len(actions)),
        source=np.select([is_own, is_pooled], SOURCES[:2], SOURCES[2]),
    )


def prior_sd(cost: Floats) -> float:
    """How wrong one may be about an action nobody tried, in money: the dearest action's cost.

    On the scale of what the company spends, so it means the same in every currency; the same for
    all actions, so that a cheap one may turn out to be worth much. 1 where all cost nothing.
    """
    return float(cost.max(initial=0.0)) or 1.0


def _joined(rows: pd.DataFrame, effects: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    found = effects[[*on, "pooled_effect", "pooled_se"]]
    if "segment_id" in on:
        found = found.astype({"segment_id": "int64"})
    return rows[on].merge(found, how="left", on=on, validate="many_to_one")


def _probability_best(mean: Floats, sd: Floats, actions: int) -> Floats:
    everything = np.ones((1, actions), dtype=bool)
    per_segment = [
        best_probabilities(mean[start : start + actions], sd[start : start + actions], everything)
        for start in range(0, len(mean), actions)
    ]
    return np.concatenate([np.empty(0), *(best[0, :-1] for best in per_segment)])
