"""From propensities to choices: what each draw means, per segment and set of eligible actions.

A customer's draw is the first DIGITS hexadecimal digits of a keyed md5, even on [0, 16 ** DIGITS).
Each action has a range of draws, so its propensity, the length of the range, is exactly the
probability that chose it. What no action has means none.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cx_assets.methods.intervals import Floats
from cx_assets.methods.policy.thompson import propensities

# 52 bits: what a float holds exactly.
DIGITS = 13
DRAWS = 16**DIGITS


def choices(beliefs: pd.DataFrame, sets: pd.DataFrame) -> pd.DataFrame:
    """What each draw chooses.

    Args:
        beliefs: as `beliefs.beliefs` gives them, the same actions in the same order per segment.
        sets: segment_id and eligible (bit i stands for action i of the segment), each pair once.

    Returns:
        segment_id, eligible, action, draw_from and draw_below (hexadecimal: draw_from <= draw <
        draw_below as texts), action_propensity, expected_effect, expected_net_benefit, and of the
        set policy_benefit (expected net benefit before the draw) and worst_cost (of its dearest
        action). Rows by segment_id, eligible and action.
    """
    parts = [
        _choices(own.reset_index(drop=True), sets.loc[sets["segment_id"] == segment, "eligible"])
        for segment, own in beliefs.groupby("segment_id", sort=True)
    ]
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def draw_ranges(probabilities: Floats) -> NDArray[np.int64]:
    """The first draw of each possibility, and at the end DRAWS: shape (sets, possibilities + 1).

    Args:
        probabilities: shape (sets, possibilities), rows that add up to 1.
    """
    ends = np.rint(np.cumsum(probabilities, axis=1) * DRAWS).astype(np.int64)
    ends[:, -1] = DRAWS
    return np.column_stack([np.zeros(len(ends), dtype=np.int64), ends])


def _choices(own: pd.DataFrame, masks: pd.Series) -> pd.DataFrame:
    """The choices of one segment."""
    mask = np.sort(masks.to_numpy(dtype=np.int64))
    eligible = (mask[:, None] >> np.arange(len(own)) & 1).astype(bool)
    mean, sd = (own[f"net_benefit_{of}"].to_numpy(dtype=float) for of in ("mean", "sd"))
    ranges = draw_ranges(propensities(mean, sd, eligible))
    propensity = np.diff(ranges, axis=1)[:, :-1] / DRAWS
    row, action = np.nonzero(eligible)
    chosen = own.iloc[action].reset_index(drop=True)
    return pd.DataFrame(
        {
            "segment_id": chosen["segment_id"],
            "eligible": mask[row],
            "action": chosen["action"],
            "draw_from": _hexadecimal(ranges[row, action]),
            "draw_below": _hexadecimal(ranges[row, action + 1]),
            "action_propensity": propensity[row, action],
            "expected_effect": chosen["effect_mean"],
            "expected_net_benefit": chosen["net_benefit_mean"],
            "policy_benefit": (propensity @ mean)[row],
            "worst_cost": (eligible * own["cost"].to_numpy(dtype=float)).max(axis=1)[row],
        }
    )


def _hexadecimal(draws: NDArray[np.int64]) -> pd.Series:
    return pd.Series([f"{draw:0{DIGITS}x}" for draw in draws], dtype="str")
