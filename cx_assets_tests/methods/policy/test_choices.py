"""What is believed, and what a draw means."""

import numpy as np
import pandas as pd
import pytest

from cx_assets.methods.policy.beliefs import beliefs
from cx_assets.methods.policy.choices import DIGITS, DRAWS, choices, draw_ranges
from cx_assets.methods.policy.thompson import best_probabilities, propensities

ACTIONS = pd.DataFrame(
    {
        "action": ["call", "tips", "voucher"],
        "outcome": ["csat", "orders", "profit"],
        "cost": [6.0, 0.2, 2.5],
        "worth": [30.0, 15.0, 1.0],
    }
)
EFFECTS = pd.DataFrame(
    {
        "action": ["call", "call", "call", "call", "voucher", "gone"],
        "segment_id": [1, None, 3, None, 1, 1],
        "outcome": ["csat", "csat", "csat", "profit", "profit", "csat"],
        "pooled_effect": [0.3, 0.2, np.nan, 99.0, 4.0, 99.0],
        "pooled_se": [0.1, 0.15, np.nan, 1.0, 2.0, 1.0],
    }
)


def test_the_segments_own_effect_counts_then_that_of_all_then_nothing() -> None:
    found = beliefs(EFFECTS, [1, 3], ACTIONS).set_index(["segment_id", "action"])
    assert found["source"].to_dict() == {
        (1, "call"): "measured",
        (1, "tips"): "prior",
        (1, "voucher"): "measured",
        (3, "call"): "pooled",  # its own row has no interval
        (3, "tips"): "prior",
        (3, "voucher"): "prior",
    }
    call = found.loc[(1, "call")]
    assert call[["net_benefit_mean", "net_benefit_sd"]].tolist() == pytest.approx([3.0, 3.0])
    assert found.loc[(3, "call"), "net_benefit_mean"] == pytest.approx(0.0)
    assert call["net_benefit_high"] - call["net_benefit_mean"] == pytest.approx(1.96 * 3, rel=1e-4)
    # What nobody tried is worth trying as much, whatever it costs.
    unknown = found[found["source"] == "prior"]
    assert unknown["net_benefit_mean"].tolist() == pytest.approx([0.0] * 3)
    assert unknown["net_benefit_sd"].tolist() == pytest.approx([6.0] * 3)
    assert unknown["effect_mean"].tolist() == pytest.approx([0.2 / 15, 0.2 / 15, 2.5])
    of_one = found.loc[1]
    expected = best_probabilities(
        of_one["net_benefit_mean"].to_numpy(),
        of_one["net_benefit_sd"].to_numpy(),
        np.ones((1, 3), dtype=bool),
    )
    np.testing.assert_allclose(of_one["probability_best"], expected[0, :3])


def test_without_a_segment_there_is_no_belief() -> None:
    assert beliefs(EFFECTS, [], ACTIONS).empty


def test_the_recorded_propensity_is_the_length_of_the_range_of_draws() -> None:
    believed = beliefs(EFFECTS, [1, 3], ACTIONS)
    sets = pd.DataFrame({"segment_id": [3, 1, 1], "eligible": [5, 7, 2]})
    found = choices(believed, sets)
    assert found[["segment_id", "eligible"]].drop_duplicates().to_numpy().tolist() == [
        [1, 2],
        [1, 7],
        [3, 5],
    ]
    assert found["action"].tolist() == ["tips", "call", "tips", "voucher", "call", "voucher"]
    length = [
        int(below, 16) - int(start, 16)
        for start, below in zip(found["draw_from"], found["draw_below"], strict=True)
    ]
    assert (found["action_propensity"] == np.array(length) / DRAWS).all(), "exactly"
    assert set(found["draw_from"].str.len()) == set(found["draw_below"].str.len()) == {DIGITS}
    for (segment, mask), rows in found.groupby(["segment_id", "eligible"]):
        own = believed[believed["segment_id"] == segment]
        eligible = np.array([[bool(mask >> bit & 1) for bit in range(3)]])
        mean, sd = (own[f"net_benefit_{of}"].to_numpy() for of in ("mean", "sd"))
        (expected,) = propensities(mean, sd, eligible)
        np.testing.assert_allclose(
            rows["action_propensity"], expected[:3][eligible[0]], rtol=0, atol=1e-12
        )
        np.testing.assert_allclose(rows["policy_benefit"], expected[:3] @ mean, atol=1e-9)
        assert (rows["draw_from"].iloc[1:].tolist()) == rows["draw_below"].iloc[:-1].tolist()
    assert found["worst_cost"].tolist() == [0.2, 6.0, 6.0, 6.0, 6.0, 6.0]


def test_every_draw_means_something() -> None:
    ranges = draw_ranges(np.array([[1 / 3, 1 / 3, 1 / 3], [0.0, 1e-20, 1.0]]))
    assert ranges[:, 0].tolist() == [0, 0]
    assert ranges[:, -1].tolist() == [DRAWS, DRAWS]
    assert (np.diff(ranges, axis=1) >= 0).all()
