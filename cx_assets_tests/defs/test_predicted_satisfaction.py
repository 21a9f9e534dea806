"""analyze.satisfaction_model and analyze.predicted_satisfaction, on customers whose feelings are
known."""

import json
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from cx_assets.defs.analyze.earlier_answers import earlier_answers
from cx_assets.defs.analyze.experience_input import SELECTED
from cx_assets.defs.analyze.predicted_satisfaction import PART, PREDICTED_SATISFACTION, parts
from cx_assets.defs.analyze.satisfaction_model import (
    SATISFACTION_MODEL,
    answer_weights,
    asked_as,
    stored_model,
)
from cx_assets.methods.additive import AdditiveLinear, AdditiveLogistic
from cx_assets.methods.expected_score import expected_scores
from cx_assets.methods.response import trimmed_weights
from cx_assets.methods.response.learning import ResponseModels
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.defs.asked_customers import (
    ASSETS,
    LAST,
    MOOD,
    PERIODS,
    asked,
    empty_tables,
    fill,
    newest_answers,
)
from cx_assets_tests.defs.survey_shop import frame, run

MODEL, SCORES = SATISFACTION_MODEL.name, PREDICTED_SATISFACTION.name


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Six months of 2,500 customers, scored at the last two months' ends."""
    settings = Settings(home=tmp_path_factory.mktemp("asked"))
    empty_tables(settings)
    fill(settings, *asked(2_500))
    result = run(settings, PERIODS[-2].key, LAST.key, ASSETS)
    assert all(verdict.passed for verdict in result.get_asset_check_evaluations())
    event = result.asset_materializations_for_node("analyze__satisfaction_model")[-1]
    assert "data:image/png;base64," in event.metadata["plot"].value
    return settings


def last_row(settings: Settings) -> pd.Series:
    return frame(settings, MODEL, f"period = '{LAST.key}'").iloc[0]


def last_scores(settings: Settings) -> pd.DataFrame:
    return frame(settings, SCORES, f"period = '{LAST.key}'").set_index("customer_id")


@pytest.mark.slow
def test_the_model_finds_the_truth_and_is_tried_on_the_newest_answers(shop: Settings) -> None:
    invitations, _ = asked(2_500)
    row = last_row(shop)
    answered = invitations.dropna(subset="responded_at")
    answered = answered[answered["responded_at"] < LAST.end]
    assert row["answers"] == len(answered)
    assert row["customers"] == answered["customer_id"].nunique()
    assert row["tested"] == (answered["responded_at"] >= LAST.start).sum()
    assert abs(row["level_variance"] - MOOD.level) < 3 * row["level_variance_se"] < 0.3
    # An answer is rounded to a whole number: that is the error of 1/12 more.
    assert row["noise_variance"] == pytest.approx(0.2 + 1 / 12, abs=0.08)
    assert row["r_squared"] > max(row["naive_r_squared"], 0) + 0.1
    assert 0.92 < row["coverage"] < 0.98
    assert row["note"] is None or pd.isna(row["note"])
    assert sum(each["answers"] for each in json.loads(row["bins"])) == row["tested"]


@pytest.mark.slow
def test_the_uncertainty_is_the_error_and_the_interval_holds_the_answer(shop: Settings) -> None:
    _, there = asked(2_500)
    truth = there[there["period"] == LAST.start.date()].set_index("customer_id")["feeling"]
    found = last_scores(shop)
    assert len(found) == 2_500
    error = found["predicted_score"] - truth
    assert (error**2).mean() == pytest.approx(found["uncertainty"].mean(), rel=0.12)
    assert abs(error.mean()) < 0.08
    rng = np.random.default_rng(9)
    said = (truth + rng.normal(0, np.sqrt(MOOD.noise["csat"]), len(truth))).round().clip(1, 5)
    assert 0.93 < said.between(found["predicted_low"], found["predicted_high"]).mean() < 0.97
    # What is stated ages: the fresher it is, the surer.
    once = found[found["stated_days"].notna()]
    by_age = once["uncertainty"].groupby(pd.cut(once["stated_days"], [-1, 20, 60, 200])).mean()
    assert by_age.is_monotonic_increasing
    assert by_age.max() < found.loc[found["stated_days"].isna(), "uncertainty"].min()
    assert found["response_propensity"].between(0.15, 0.6).all()


@pytest.mark.slow
def test_what_was_stated_is_told_with_what_was_expected_of_it(shop: Settings) -> None:
    invitations, _ = asked(2_500)
    newest = newest_answers(invitations, LAST)
    found = last_scores(shop)
    stated = found["stated_score"].dropna()
    assert stated.to_dict() == newest["score"].to_dict()
    age = (LAST.end - newest["responded_at"]).dt.days
    assert found["stated_days"].dropna().astype(int).to_dict() == age.to_dict()
    assert found["expected_before"].notna().equals(found["stated_score"].notna())
    assert 0.01 < found["disagrees"].dropna().mean() < 0.08
    # Whoever had answered before is expected to answer alike.
    before = found["expected_before"].reindex(newest.index)
    repeated = invitations.dropna(subset="score").groupby("customer_id").size()
    again = newest.index.intersection(repeated.index[repeated >= 3])
    assert np.corrcoef(before[again], newest.loc[again, "score"])[0, 1] > 0.3


@pytest.mark.slow
def test_invitations_are_scored_with_the_answers_before_them(shop: Settings) -> None:
    invitations, _ = asked(2_500)
    with DuckDBWarehouse.at(shop.warehouse).connect() as session:
        model, _, _ = stored_model(session, LAST)
        query = (
            'select moment_id, customer_id, moments.at as "at", {} from features.experience as '
            "moments where is_invitation and period = $period order by moment_id"
        )
        window = {"period": LAST.start.date()}
        moments = session.frame(query.format(SELECTED), window)
        earlier = earlier_answers(session, query.format("survey"), window)
    assert model
    found = expected_scores(model, moments, earlier)
    sent = moments.set_index("moment_id")["at"]
    assert (earlier["at"] < earlier["moment_id"].map(sent)).all()
    count = earlier.groupby("moment_id").size()
    answers = invitations.dropna(subset="score").merge(
        moments[["moment_id", "customer_id", "at"]], on="customer_id", suffixes=("", "_asked")
    )
    before = answers[answers["responded_at"] < answers["at_asked"]].groupby("moment_id").size()
    assert count.to_dict() == before.clip(upper=5).to_dict()
    known = moments["moment_id"].isin(count.index)
    assert found["uncertainty"][known].max() < found["uncertainty"][~known].min()


@pytest.mark.slow
def test_nothing_after_the_period_is_read(settings: Settings) -> None:
    invitations, there = asked(300, share=0.9)
    may = PERIODS[-2]
    told = []
    for number, known in enumerate((invitations["period"] <= may.start.date(), slice(None))):
        each = settings.model_copy(update={"warehouse": settings.home / f"{number}.duckdb"})
        empty_tables(each)
        shown = invitations[known]
        if not number:
            # What was answered after the period's end had not been answered yet.
            late = shown["responded_at"] >= may.end
            shown = shown.assign(
                responded_at=shown["responded_at"].mask(late), score=shown["score"].mask(late)
            )
            assert late.any()
        fill(each, shown, there)
        run(each, may.key, assets=ASSETS)
        told.append([frame(each, name) for name in (MODEL, SCORES)])
    for one, other in zip(*told, strict=True):
        pd.testing.assert_frame_equal(one, other, rtol=0, atol=0)


@pytest.mark.slow
def test_a_range_is_what_single_runs_are(settings: Settings) -> None:
    told = []
    for number in range(2):
        each = settings.model_copy(update={"warehouse": settings.home / f"{number}.duckdb"})
        empty_tables(each)
        fill(each, *asked(300, share=0.9))
        if number:
            for period in PERIODS[-2:]:
                run(each, period.key, assets=ASSETS)
        else:
            run(each, PERIODS[-2].key, LAST.key, ASSETS)
        told.append([frame(each, name) for name in (MODEL, SCORES)])
    for one, other in zip(*told, strict=True):
        pd.testing.assert_frame_equal(one, other, rtol=0, atol=0)
    assert len(told[0][0]) == 2


@pytest.mark.parametrize("customers", [0, 60])
def test_few_answers_are_no_model_and_say_so(settings: Settings, customers: int) -> None:
    empty_tables(settings)
    if customers:
        fill(settings, *asked(customers))
    first = PERIODS[0]
    result = run(settings, first.key, assets=ASSETS)
    assert result.success
    row = frame(settings, MODEL).iloc[0]
    assert pd.isna(row["model"])
    assert row["note"].startswith("no model: ")
    found = frame(settings, SCORES)
    assert len(found) == customers
    assert found["predicted_score"].isna().all()
    assert set(found["note"]) <= {row["note"]}
    invitations, _ = asked(60)
    stated = newest_answers(invitations, first)["score"] if customers else []
    assert found["stated_score"].count() == len(stated)


@pytest.mark.slow
def test_an_anonymous_answer_teaches_and_is_nobodys(settings: Settings) -> None:
    invitations, there = asked(150, share=1.0)
    empty_tables(settings)
    fill(settings, invitations.assign(customer_id=None), there)
    run(settings, LAST.key, assets=ASSETS)
    row = last_row(settings)
    assert row["answers"] > 200
    assert (row["customers"], row["repeaters"]) == (0, 0)
    assert "assumed" in row["note"]
    found = last_scores(settings)
    assert found["stated_score"].isna().all()
    assert found["predicted_score"].between(2.5, 4.5).all()
    late = there[there["period"] == LAST.start.date()].set_index("customer_id")["late_deliveries"]
    gap = found["predicted_score"].groupby(late).mean()
    assert gap[0] - gap[1] == pytest.approx(0.4, abs=0.3)
    assert gap[0] > gap[1]


@pytest.mark.slow
def test_the_parts_are_all_customers_once(shop: Settings) -> None:
    with DuckDBWarehouse.at(shop.warehouse).connect() as session:
        found = [
            session.frame(f"select moments.customer_id {PART}", part)["customer_id"]
            for part in parts(session, LAST, most=400)
        ]
    assert len(found) == 7
    assert max(map(len, found)) < 500
    assert pd.concat(found).is_unique
    assert len(pd.concat(found)) == 2_500


@pytest.mark.parametrize(
    ("counts", "chosen"),
    [
        ({("csat", "delivery"): 400, ("csat", "relationship"): 50}, ("csat", "relationship")),
        ({("csat", "delivery"): 60, ("csat", "relationship"): 49}, ("csat", "delivery")),
        ({("csat", "delivery"): 49, ("nps", "relationship"): 60}, ("nps", "relationship")),
        ({("csat", "store"): 70, ("csat", "delivery"): 70}, ("csat", "delivery")),
    ],
)
def test_customers_are_scored_for_what_is_answered_often(
    counts: dict[tuple[str, str], int], chosen: tuple[str, str]
) -> None:
    kinds = [kind for kind, count in counts.items() for _ in range(count)]
    answers = pd.DataFrame(kinds, columns=["survey", "touchpoint"])
    answers["channel"] = ["sms", "email", "email"] * (len(answers) // 3) + ["app"] * (
        len(answers) % 3
    )
    found = asked_as(answers)
    assert (found["asked_survey"], found["asked_touchpoint"]) == chosen
    assert found["asked_channel"] == "email"
    assert asked_as(answers.head(0)) == {}


def test_an_answer_stands_for_those_like_it_who_did_not_answer() -> None:
    answers = pd.DataFrame({"days": np.tile([0.0, 1.0, 2.0, 3.0], 100)})
    who = AdditiveLogistic().fit(answers, np.arange(400) % 4 < 2)
    weights = answer_weights(answers, ResponseModels(who, AdditiveLinear()))
    assert weights.tolist() == trimmed_weights(who.predict(answers), who.base_rate_).tolist()
    assert weights[3] > 2 * weights[0]
    assert set(answer_weights(answers, None)) == {1.0}


def test_a_statement_out_of_the_blue_disagrees_and_an_old_one_is_not_used(
    settings: Settings,
) -> None:
    invitations, there = asked(300, share=1.0)
    happy, old = (invitations["customer_id"] == name for name in ("c00000", "c00001"))
    turned = happy & (invitations["period"] == LAST.start.date())
    answered = invitations["responded_at"].mask(happy, invitations["at"] + timedelta(hours=1))
    said = old & answered.notna()
    assert said.any()
    changed = invitations.assign(
        score=invitations["score"].mask(happy, 5.0).mask(turned, 1.0),
        responded_at=answered.mask(said, LAST.end - timedelta(days=731)),
        at=invitations["at"].mask(said, LAST.end - timedelta(days=740)),
    )
    empty_tables(settings)
    fill(settings, changed, there)
    run(settings, LAST.key, assets=ASSETS)
    found = last_scores(settings)
    row = found.loc["c00000"]
    assert (row["stated_score"], row["disagrees"]) == (1.0, True)
    assert row["expected_before"] > 4
    assert row["predicted_score"] < row["expected_before"] - 0.3
    assert found["disagrees"].isna().equals(found["stated_score"].isna())
    assert pd.isna(found.loc["c00001", "stated_score"])
    assert found.loc["c00001", "uncertainty"] == found["uncertainty"].max()
