"""insight.information_gap: figures reckoned by hand, and the silent of whom the truth is known."""

import numpy as np
import pandas as pd
import pytest

from cx_assets.defs.analyze.predicted_satisfaction import PREDICTED_SATISFACTION
from cx_assets.defs.analyze.satisfaction_model import SATISFACTION_MODEL
from cx_assets.defs.analyze.segments import SEGMENTS
from cx_assets.defs.insight.information_gap import INFORMATION_GAP, information_gap
from cx_assets.settings import Settings
from cx_assets_tests.defs.asked_customers import (
    LAST,
    PERIODS,
    WITH_GAP,
    asked,
    empty_tables,
    fill,
    given,
    models,
)
from cx_assets_tests.defs.survey_shop import frame, run

JUNE = LAST.start.date()


def tables(settings: Settings, *made: str) -> None:
    made_elsewhere = {
        SEGMENTS.name: SEGMENTS.columns,
        "analyze.clv": models()["analyze.clv"].columns,
        SATISFACTION_MODEL.name: SATISFACTION_MODEL.columns,
        PREDICTED_SATISFACTION.name: PREDICTED_SATISFACTION.columns,
    }
    empty_tables(settings, {name: made_elsewhere[name] for name in made})


def test_the_figures_are_those_of_the_hand(settings: Settings) -> None:
    tables(
        settings, SEGMENTS.name, "analyze.clv", SATISFACTION_MODEL.name, PREDICTED_SATISFACTION.name
    )
    customers = pd.DataFrame(
        [
            # Segment, answer, its age, what was expected of it, prediction, clv, formula.
            (1, 5.0, 10, 4.0, 4.5, 900.0, 1.0),
            (1, 4.0, 180, 4.0, 4.0, 900.0, 1.0),
            (1, 2.0, 20, 4.5, 3.0, 900.0, 1.0),
            (1, 1.0, 181, 3.0, 2.5, 100.0, 7.0),
            (1, None, None, None, 3.5, None, 20.0),
            (1, None, None, None, 3.0, -50.0, 5.0),
            (2, None, None, None, 3.8, 3.0, 1.0),
        ],
        columns=["segment_id", "stated", "days", "before", "predicted", "clv", "clv_formula"],
    )
    customers = customers.assign(
        customer_id=[f"c{number}" for number in customers.index], period=JUNE
    )
    keys = customers[["period", "customer_id"]]
    given(
        settings,
        SEGMENTS.name,
        keys.assign(segment_id=customers["segment_id"], segment_name="n", distance=0.0),
    )
    given(settings, "analyze.clv", customers[["period", "customer_id", "clv", "clv_formula"]])
    given(
        settings,
        PREDICTED_SATISFACTION.name,
        keys.assign(
            predicted_score=customers["predicted"],
            uncertainty=0.5,
            stated_score=customers["stated"],
            stated_days=customers["days"].astype("Int64"),
            expected_before=customers["before"],
            disagrees=[False, False, True, True, None, None, None],
        ),
    )
    given(
        settings,
        SATISFACTION_MODEL.name,
        pd.DataFrame({"period": [JUNE], "answers": 0, "customers": 0, "tested": 0, "note": "none"}),
    )
    result = run(settings, LAST.key, assets=[information_gap])
    (event,) = result.asset_materializations_for_node("insight__information_gap")
    assert "data:image/png;base64," in event.metadata["plot"].value
    one, two = frame(settings, INFORMATION_GAP.name).to_dict("records")
    assert (one["customers"], one["silent"], one["known_share"]) == (6, 3, 0.5)
    assert one["median_age_of_knowledge_days"] == 20
    assert one["predicted_mean"] == pytest.approx(3.0)
    assert one["observed_mean"] == pytest.approx(11 / 3)
    assert one["gap"] == pytest.approx(2 / 3)
    # Student's t with two degrees of freedom: 4.303 standard errors.
    half = 4.302653 * np.std([5, 4, 2], ddof=1) / np.sqrt(3)
    assert one["observed_low"] == pytest.approx(max(1, 11 / 3 - half), abs=1e-5)
    assert one["observed_high"] == min(5, 11 / 3 + half) == 5
    assert one["disagreements"] == 1
    assert one["value_at_stake"] == 100 + 20
    assert (two["silent"], two["known_share"], two["value_at_stake"]) == (1, 0, 3)
    for name in ("median_age_of_knowledge_days", "observed_mean", "observed_low", "gap"):
        assert np.isnan(two[name])
    # Without a model no interval of the silent.
    assert np.isnan(one["predicted_low"])


@pytest.mark.slow
def test_the_interval_of_the_silent_holds_the_truth(settings: Settings) -> None:
    tables(settings, SEGMENTS.name, "analyze.clv")
    invitations, there = asked(1_500, share=0.35, seed=4)
    fill(settings, invitations, there)
    # The first segment is late most of the time, and the model knows why.
    now = there[there["period"] == JUNE].assign(period=JUNE)
    groups = 1 + 2 * (1 - now["late_deliveries"]) + np.arange(len(now)) % 2
    given(
        settings,
        SEGMENTS.name,
        now[["period", "customer_id"]].assign(
            segment_id=groups, segment_name="group " + groups.astype(str), distance=0.0
        ),
    )
    run(settings, LAST.key, assets=WITH_GAP)
    found = frame(settings, INFORMATION_GAP.name).set_index("segment_id")
    scores = frame(settings, PREDICTED_SATISFACTION.name).set_index("customer_id")
    silent = ~(scores["stated_days"] <= 180).fillna(False)
    truth = now.set_index("customer_id")["feeling"][silent]
    by_segment = truth.groupby(groups.set_axis(now["customer_id"])[silent])
    assert found["silent"].to_dict() == by_segment.size().to_dict()
    assert by_segment.mean().between(found["predicted_low"], found["predicted_high"]).all()
    width = found["predicted_high"] - found["predicted_low"]
    # Wider than if nothing but each customer's own were uncertain, and still of use.
    alone = 2 * 1.96 * np.sqrt(scores["uncertainty"].max() / found["silent"])
    assert (width > alone).all()
    assert width.max() < 0.6
    late, in_time = found["predicted_mean"][[1, 2]], found["predicted_mean"][[3, 4]]
    assert late.max() < in_time.min() - 0.2


def test_without_segments_there_is_no_gap(settings: Settings) -> None:
    tables(settings, SEGMENTS.name, "analyze.clv")
    result = run(settings, PERIODS[0].key, assets=WITH_GAP)
    assert result.success
    assert frame(settings, INFORMATION_GAP.name).empty
