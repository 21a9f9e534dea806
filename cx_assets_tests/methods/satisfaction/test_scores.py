"""Scores from histograms equal the scores from the answers themselves, and keep their promises."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cx_assets.methods.satisfaction import FEW_ANSWERS, FEWEST_ANSWERS, satisfaction


def histogram(
    survey: str, scores: list[int], highest: int, dimension: str = "all", value: str = "all"
) -> pd.DataFrame:
    """The rows that the warehouse gives for these answers and three more invitations."""

    def row(score: int) -> dict[str, Any]:
        count = scores.count(score)
        return {
            "responses": count,
            "score_sum": float(count * score),
            "top_two": count * (score >= highest - 1),
            "promoters": count * (score >= 9),
            "detractors": count * (score <= 6),
        }

    nothing = dict.fromkeys(("responses", "score_sum", "top_two", "promoters", "detractors"), 0)
    rows = [{**nothing, "invited": 3}, *({**row(each), "invited": 0} for each in set(scores))]
    return pd.DataFrame(rows).assign(survey=survey, dimension=dimension, value=value)


def test_by_hand() -> None:
    scored = satisfaction(
        pd.concat(
            [
                histogram("csat", [5, 4, 3, 3, 1], 5),
                histogram("nps", [10, 9, 8, 7, 6, 0, 3], 10),
            ]
        )
    )
    csat, nps = scored.iloc[0], scored.iloc[1]
    assert (csat["mean_score"], csat["csat_share"]) == (pytest.approx(3.2), pytest.approx(0.4))
    assert (csat["invited"], csat["responses"]) == (3, 5)
    assert np.isnan(csat["nps"])
    assert nps["nps"] == pytest.approx(100 * (2 - 3) / 7)
    # (2.75 - 3.75) / 10, and the square root of (0.65 - 0.01) / 10.
    ends = [100 * (-0.1 + side * 1.959964 * np.sqrt(0.064)) for side in (-1, 1)]
    assert nps[["nps_low", "nps_high"]].tolist() == pytest.approx(ends, abs=1e-4)
    assert np.isnan(nps["csat_share"])
    assert not csat["published"]


@given(st.lists(st.integers(1, 5), min_size=2, max_size=60))
@settings(max_examples=40)
def test_equals_the_figures_of_the_answers(scores: list[int]) -> None:
    row = satisfaction(histogram("csat", scores, 5)).iloc[0]
    assert row["mean_score"] == pytest.approx(np.mean(scores))
    assert row["published"] == (len(scores) >= FEWEST_ANSWERS)
    assert row["few_answers"] == (len(scores) < FEW_ANSWERS)
    interval = (row["ci_low"], row["ci_high"])
    if len(set(scores)) == 1:
        assert np.isnan(interval).all()
        assert row["interval_method"] is None
        return
    skewed = len(scores) >= 10 and abs(stats.skew(scores)) > 1
    assert row["interval_method"] == ("bootstrap" if skewed else "t")
    assert interval[0] <= row["mean_score"] <= interval[1]
    if not skewed:
        expected = stats.t.interval(0.95, len(scores) - 1, np.mean(scores), stats.sem(scores))
        assert interval == pytest.approx(expected)


def test_a_group_without_answers_has_no_score() -> None:
    row = satisfaction(histogram("nps", [], 10)).iloc[0]
    unknown = ["mean_score", "ci_low", "nps", "nps_low", "shrunk_mean", "shrunk_low"]
    assert row[unknown].isna().all()
    assert row["interval_method"] is None
    assert (row["invited"], row["published"], row["few_answers"]) == (3, False, True)


def test_no_answers_at_all_give_no_rows() -> None:
    nothing = histogram("csat", [], 5).iloc[:0]
    assert satisfaction(nothing).empty


def test_no_figure_depends_on_the_order_of_rows() -> None:
    skewed = [5] * 30 + [4] * 6 + [1] * 4
    bins = pd.concat(
        [
            histogram("csat", skewed * 5, 5),
            *(histogram("csat", skewed + [3] * n, 5, "channel", f"c{n}") for n in range(5)),
        ]
    )
    scored = satisfaction(bins)
    assert (scored["interval_method"] == "bootstrap").all()
    shuffled = satisfaction(bins.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(scored, shuffled, check_exact=False, rtol=1e-12)
    # The draws of a group are its own: its answers alone give the same interval.
    alone = pd.concat([histogram("csat", [], 5), bins[bins["value"] == "c0"]])
    own, among = (
        frame.set_index("value").loc["c0", ["ci_low", "ci_high"]]
        for frame in (satisfaction(alone), scored)
    )
    assert own.tolist() == among.tolist()


def test_small_groups_are_drawn_to_the_mean_of_all_and_the_whole_stays() -> None:
    groups = {"a": [5, 5, 4], "b": [3, 4, 4, 5, 2] * 20, "c": [4, 4, 5, 3] * 20, "d": [1, 2, 4] * 9}
    everyone = [score for scores in groups.values() for score in scores]
    scored = satisfaction(
        pd.concat(
            [
                histogram("csat", everyone, 5),
                *(histogram("csat", each, 5, "channel", name) for name, each in groups.items()),
                histogram("csat", [], 5, "channel", "unanswered"),
            ]
        )
    ).set_index("value")
    whole = scored.loc["all"]
    assert whole["shrunk_mean"] == whole["mean_score"]
    assert (whole["shrunk_low"], whole["shrunk_high"]) == (whole["ci_low"], whole["ci_high"])
    moved = scored["shrunk_mean"] - scored["mean_score"]
    towards = whole["mean_score"] - scored["mean_score"]
    small, large = moved["a"] / towards["a"], moved["b"] / towards["b"]
    assert 0 < large < small < 1
    assert np.isnan(scored.loc["unanswered", "shrunk_mean"])
