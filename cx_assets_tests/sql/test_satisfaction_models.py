"""What counts as a good answer on any scale, and the days of answers, on rows known by hand."""

from datetime import date, datetime
from typing import Any

import pytest

from cx_assets_tests.sql.warehouse import FEBRUARY, Row, Warehouse

JANUARY_1 = date(2024, 1, 1)


def judged(warehouse: Warehouse, survey: str, *scales: tuple[int, int]) -> list[list[Row]]:
    """How each point of each scale is judged, from the lowest up."""
    warehouse.given(
        "collect.survey_responses",
        *(
            {
                "period": JANUARY_1,
                "response_id": f"{lowest} to {highest}: {score}",
                "sent_at": datetime(2024, 1, 5),
                "survey": survey,
                "score": float(score),
                "scale_min": float(lowest),
                "scale_max": float(highest),
                "source_file": "f",
                "source_line": 1,
            }
            for lowest, highest in scales
            for score in range(lowest, highest + 1)
        ),
    )
    rows = sorted(warehouse.model("process.survey_responses"), key=lambda row: float(row["score"]))
    return [[row for row in rows if (row["scale_min"], row["scale_max"]) == s] for s in scales]


def test_the_top_boxes_follow_the_length_of_the_scale(warehouse: Warehouse) -> None:
    top = {(0, 1): 1, (1, 3): 1, (1, 4): 2, (1, 5): 2, (1, 7): 2, (0, 7): 2}
    top |= {(1, 10): 3, (0, 10): 3, (0, 100): 26}
    for scale, rows in zip(top, judged(warehouse, "csat", *top), strict=True):
        expected = [False] * (len(rows) - top[scale]) + [True] * top[scale]
        assert [row["is_top_two"] for row in rows] == expected, scale
        assert [row["verdict"] == "good" for row in rows] == expected, scale
        bad = [row["score_of_five"] <= 2.5 for row in rows]
        assert [row["verdict"] == "bad" for row in rows] == bad, scale
        assert {row["nps_group"] for row in rows} == {None}


def test_nps_groups_follow_the_length_of_the_scale(warehouse: Warehouse) -> None:
    """Detractors, passives and promoters among the points of each scale."""
    sizes = {(0, 10): (7, 2, 2), (1, 10): (6, 2, 2), (0, 7): (4, 2, 2), (1, 7): (5, 1, 1)}
    sizes |= {(1, 5): (3, 1, 1), (0, 100): (70, 20, 11)}
    words = {"detractor": "bad", "passive": "neutral", "promoter": "good"}
    for scale, rows in zip(sizes, judged(warehouse, "nps", *sizes), strict=True):
        groups = [word for word, size in zip(words, sizes[scale], strict=True) for _ in range(size)]
        assert [row["nps_group"] for row in rows] == groups, scale
        assert [row["verdict"] for row in rows] == [words[group] for group in groups]
        assert {row["is_top_two"] for row in rows} == {None}


def test_a_ces_answer_is_judged_but_has_no_boxes(warehouse: Warehouse) -> None:
    (rows,) = judged(warehouse, "ces", (1, 7))
    assert [row["verdict"] for row in rows] == ["bad"] * 3 + ["neutral"] * 2 + ["good"] * 2
    assert {row["is_top_two"] for row in rows} == {None}


def answer(number: int, sent: datetime, answered: datetime | None, **row: Any) -> Row:
    return {
        "period": date(2024, sent.month, 1),
        "response_id": str(number),
        "customer_id": "a",
        "sent_at": sent,
        "responded_at": answered,
        "survey": "csat",
        "touchpoint": "store",
        "channel": "sms",
        **row,
    }


@pytest.fixture
def answered(warehouse: Warehouse) -> Warehouse:
    """Three invitations in January, of which two are answered at once and one in February."""
    fifth, ninth = datetime(2024, 1, 5, 9), datetime(2024, 1, 9)
    late, february = datetime(2024, 1, 31, 23, 59), datetime(2024, 2, 2)
    warehouse.given(
        "process.survey_responses",
        answer(1, fifth, fifth, score=5.0, is_top_two=True),
        answer(2, fifth, ninth, score=2.5, is_top_two=False, channel="app"),
        answer(3, late, february, score=4.0, is_top_two=True, customer_id=None),
        answer(4, fifth, ninth, survey="nps", score=10.0, nps_group="promoter"),
        answer(5, fifth, ninth, survey="nps", score=7.0, nps_group="passive"),
        answer(6, fifth, ninth, survey="nps", score=3.0, nps_group="detractor"),
        answer(7, fifth, None, survey="nps"),
    )
    warehouse.given(
        "process.customers",
        *(
            {"period": date(2024, month, 1), "customer_id": "a", "country": "DE"}
            for month in (1, 2)
        ),
    )
    return warehouse


def test_an_answer_counts_on_the_day_it_was_given(answered: Warehouse) -> None:
    rows = {
        (row["survey"], row["dimension"], row["value"], row["day"].day): row
        for row in answered.model("analyze.csat_daily")
    }
    fifth = rows["csat", "all", "all", 5]
    assert (fifth["invited"], fifth["responses"], fifth["mean_score"]) == (2, 1, 5.0)
    ninth = rows["csat", "channel", "app", 9]
    assert (ninth["invited"], ninth["mean_score"], ninth["csat_share"]) == (0, 2.5, 0.0)
    last = rows["csat", "country", "unknown", 31]
    assert (last["invited"], last["responses"], last["mean_score"]) == (1, 0, None)
    nps = rows["nps", "touchpoint", "store", 9]
    assert (nps["nps"], nps["csat_share"], nps["responses"]) == (0.0, None, 3)
    assert (float(nps["score_sum"]), float(nps["score_squares"])) == (20.0, 158.0)
    assert not nps["published"]
    (february,) = [
        row for row in answered.model("analyze.csat_daily", FEBRUARY) if row["dimension"] == "all"
    ]
    assert (february["day"].day, february["invited"], february["responses"]) == (2, 0, 1)
    assert february["mean_score"] == 4.0


def test_every_dimension_adds_up_to_all(answered: Warehouse) -> None:
    sums: dict[tuple[str, str], list[float]] = {}
    for row in answered.model("analyze.csat_daily"):
        total = sums.setdefault((row["survey"], row["dimension"]), [0.0] * 4)
        for place, name in enumerate(("invited", "responses", "score_sum", "promoters")):
            total[place] += float(row[name])
    for (survey, _), total in sums.items():
        assert total == sums[survey, "all"]
    assert {dimension for _, dimension in sums} == {"all", "touchpoint", "channel", "country"}
