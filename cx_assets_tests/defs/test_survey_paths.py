"""analyze.response_funnel and analyze.score_flips, on a few answers known by hand."""

from datetime import date, datetime
from typing import Any

import pytest

from cx_assets.defs.analyze.response_funnel import RESPONSE_FUNNEL, response_funnel
from cx_assets.defs.analyze.score_flips import SCORE_FLIPS, score_flips
from cx_assets.defs.analyze.segments import SEGMENTS
from cx_assets.settings import Settings
from cx_assets_tests.defs.survey_shop import answer, empty_shop, frame, given, run

JANUARY, FEBRUARY = "2024-01-01", "2024-02-01"


@pytest.fixture
def shop(settings: Settings) -> Settings:
    return empty_shop(settings)


def test_the_funnel_by_hand(shop: Settings) -> None:
    late = {"responded_at": datetime(2024, 2, 1)}
    given(
        shop,
        "process.survey_responses",
        [
            answer(1, 5.0, comment="nice"),
            answer(2, 3.0, responded_at=datetime(2024, 1, 2, 18)),
            answer(3, channel="email"),
            answer(4, 1.0, channel="email", comment="never again", **late),
            # Without a time of its own, an answer says nothing of how soon answers come.
            answer(5, 1.0, touchpoint="all", responded_at=datetime(2024, 1, 2, 12)),
        ],
    )
    result = run(shop, JANUARY, assets=[response_funnel])
    rows = frame(shop, RESPONSE_FUNNEL.name).set_index(["touchpoint", "channel"])
    figures = rows[["invited", "answered", "commented"]].agg(tuple, axis="columns").to_dict()
    assert figures == {
        ("all", "all"): (5, 3, 1),
        ("store", "all"): (4, 2, 1),
        ("store", "sms"): (2, 2, 1),
        ("store", "email"): (2, 0, 0),
        ('"all"', "all"): (1, 1, 0),
        ('"all"', "sms"): (1, 1, 0),
    }
    hours = rows["median_hours_to_answer"]
    assert (hours["store", "all"], hours["all", "all"]) == (15.0, 15.0)
    assert hours[[("store", "email"), ('"all"', "all")]].isna().all()
    whole = rows.loc[("all", "all")]
    assert whole["response_rate"] == 0.6
    # scipy.stats.binomtest(3, 5).proportion_ci(method="wilson")
    assert whole[["response_low", "response_high"]].tolist() == pytest.approx(
        [0.2307, 0.8824], abs=1e-4
    )
    (event,) = result.asset_materializations_for_node("analyze__response_funnel")
    assert "data:image/png;base64," in event.metadata["plot"].value


def test_flips_by_hand(shop: Settings) -> None:
    def turn(
        number: int, customer: str | None, month: int, day: int, score: float, **row: Any
    ) -> Any:
        when = datetime(2024, month, day)
        asked = {"period": date(2024, month, 1), "sent_at": when, "responded_at": when}
        return answer(number, score, customer_id=customer, **asked, **row)

    given(
        shop,
        "process.survey_responses",
        [
            turn(1, "a", 1, 10, 5.0),
            turn(2, "a", 2, 4, 1.0),  # From good to bad, after 25 days,
            turn(3, "a", 2, 9, 3.0),  # and on to neither within the month: recovered, 5 days.
            turn(4, "b", 1, 10, 1.0),
            turn(5, "b", 2, 9, 5.0),  # From bad to good, after 30 days.
            turn(6, "c", 1, 10, 1.0),
            turn(7, "c", 2, 10, 1.0),  # Still bad, after 31 days.
            turn(8, "d", 2, 10, 1.0),  # The first answer.
            turn(9, "d", 1, 10, 5.0, survey="nps"),  # Another kind of survey.
            turn(10, None, 1, 10, 5.0),
            turn(11, None, 2, 10, 1.0),
            turn(12, "b", 3, 1, 1.0),  # Later.
        ],
    )
    given(
        shop,
        SEGMENTS.name,
        [{"period": date(2024, 2, 1), "customer_id": "b", "segment_name": "loyal"}],
    )
    result = run(shop, FEBRUARY, assets=[score_flips])
    rows = frame(shop, SCORE_FLIPS.name).set_index(["survey", "dimension", "value"])
    assert [*rows.index] == [
        ("csat", "all", "all"),
        ("csat", "segment", "loyal"),
        ("csat", "segment", "unknown"),
    ]
    counts = ["pairs", "good_to_bad", "bad_to_good", "detractors", "recovered"]
    assert rows[counts].to_numpy().tolist() == [[4, 1, 1, 3, 2], [1, 0, 1, 1, 1], [3, 1, 0, 2, 1]]
    whole = rows.iloc[0]
    assert (whole["flip_share"], whole["recovery_share"]) == (0.5, 2 / 3)
    assert whole["median_days_between"] == 27.5
    assert not whole["published"]
    # scipy.stats.binomtest(2, 3).proportion_ci(method="wilson"), and of 2 in 4.
    expected = [0.2077, 0.9385, 0.1500, 0.8500]
    columns = ["recovery_low", "recovery_high", "flip_low", "flip_high"]
    assert whole[columns].tolist() == pytest.approx(expected, abs=1e-4)
    (event,) = result.asset_materializations_for_node("analyze__score_flips")
    assert "data:image/png;base64," in event.metadata["plot"].value
