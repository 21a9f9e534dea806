"""Scores from sufficient statistics equal the scores from the answers themselves."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cx_assets.methods.satisfaction import FEWEST_ANSWERS, satisfaction


def group(survey: str, scores: list[int], highest: int) -> dict[str, object]:
    return {
        "survey": survey,
        "invited": len(scores) + 3,
        "responses": len(scores),
        "score_sum": sum(scores),
        "score_squares": sum(score * score for score in scores),
        "top_two": sum(score >= highest - 1 for score in scores),
        "promoters": sum(score >= 9 for score in scores),
        "detractors": sum(score <= 6 for score in scores),
    }


def test_by_hand() -> None:
    scored = satisfaction(
        pd.DataFrame([group("csat", [5, 4, 3, 3, 1], 5), group("nps", [10, 9, 8, 7, 6, 0, 3], 10)])
    )
    csat, nps = scored.iloc[0], scored.iloc[1]
    assert csat["mean_score"] == pytest.approx(3.2)
    assert csat["csat_share"] == pytest.approx(0.4)
    assert np.isnan(csat["nps"])
    assert nps["nps"] == pytest.approx(100 * (2 - 3) / 7)
    assert np.isnan(nps["csat_share"])
    assert not csat["published"]


@given(st.lists(st.integers(1, 5), min_size=2, max_size=60))
def test_equals_the_figures_of_the_answers(scores: list[int]) -> None:
    row = satisfaction(pd.DataFrame([group("csat", scores, 5)])).iloc[0]
    assert row["mean_score"] == pytest.approx(np.mean(scores))
    assert row["published"] == (len(scores) >= FEWEST_ANSWERS)
    if len(set(scores)) > 1:
        low, high = stats.t.interval(0.95, len(scores) - 1, np.mean(scores), stats.sem(scores))
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high))
    else:
        assert np.isnan(row["ci_low"])


def test_a_group_without_answers_has_no_score() -> None:
    row = satisfaction(pd.DataFrame([group("csat", [], 5)])).iloc[0]
    assert row[["mean_score", "csat_share", "ci_low", "csat_share_low"]].isna().all()
