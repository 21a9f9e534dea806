"""From landed answers to figures known by hand, and what holds of any answers at all."""

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cx_assets.defs.analyze.csat import ADJUSTED, CSAT, DIMENSIONS, POPULATED, csat
from cx_assets.defs.analyze.response_funnel import RESPONSE_FUNNEL
from cx_assets.defs.analyze.score_flips import SCORE_FLIPS
from cx_assets.defs.analyze.segments import SEGMENTS
from cx_assets.defs.collect.sources import collect_asset
from cx_assets.defs.sql_models import model_asset
from cx_assets.landing.sources import SURVEY_RESPONSES
from cx_assets.settings import Settings
from cx_assets_tests.defs.survey_shop import (
    ASSETS,
    answer,
    empty_shop,
    frame,
    given,
    models,
    run,
)

JANUARY, FEBRUARY, MARCH = MONTHS = ("2024-01-01", "2024-02-01", "2024-03-01")
TABLES = (CSAT.name, RESPONSE_FUNNEL.name, SCORE_FLIPS.name)


@pytest.fixture
def shop(settings: Settings) -> Settings:
    return empty_shop(settings)


def by_group(settings: Settings, period: str) -> dict[Any, Any]:
    rows = frame(settings, CSAT.name, f"period = '{period}'")
    return {(row.survey, row.dimension, row.value): row for row in rows.itertuples()}


def test_an_anonymous_survey_gives_what_the_hand_gives(shop: Settings) -> None:
    landed = {
        ("csat", "01", ""): [5, 5, 5, 4, 4, 3, 3, 2, 1, 1, 4, 5],
        ("nps", "01", ""): [10, 9, 9, 8, 7, 6, 3, 0],
        ("ces", "01", ""): [7, 6, 2, 4],
        ("csat", "02", "7"): [7, 6, 5, 1],
        ("nps", "02", "7"): [7, 7, 6, 5, 1],
        ("csat", "03", "10"): [10, 8, 7, 3, 1],
    }
    folder = shop.landing / "survey_responses"
    folder.mkdir()
    for place, ((survey, month, highest), scores) in enumerate(landed.items()):
        columns = ["response_id", "sent_at", "survey", "score", *(["scale_max"] if highest else [])]
        lines = [
            ",".join([f"{place}-{number}", f"2024-{month}-1{number % 10}", survey, str(score)])
            + (f",{highest}" if highest else "")
            for number, score in enumerate(scores)
        ]
        (folder / f"{place}.csv").write_text("\n".join([",".join(columns), *lines]) + "\n")

    assets = [
        collect_asset(SURVEY_RESPONSES),
        model_asset(models()["process.survey_responses"]),
        model_asset(models()["analyze.csat_daily"]),
        *ASSETS,
    ]
    assert run(shop, JANUARY, MARCH, assets).success
    january, february, march = (by_group(shop, month) for month in MONTHS)

    whole = january["csat", "all", "all"]
    assert (whole.invited, whole.responses, whole.mean_score) == (12, 12, 42 / 12)
    assert (whole.csat_share, whole.published, whole.few_answers) == (7 / 12, True, True)
    whole = january["nps", "all", "all"]
    assert (whole.responses, whole.mean_score, whole.nps) == (8, 52 / 8, 100 * (3 - 3) / 8)
    assert (whole.published, np.isnan(whole.csat_share)) == (False, True)
    whole = january["ces", "all", "all"]
    assert (whole.responses, whole.mean_score) == (4, 19 / 4)

    seven = february["csat", "all", "all"]
    assert (seven.responses, seven.mean_score, seven.csat_share) == (4, 19 / 4, 2 / 4)
    # An nps scale without a lowest answer starts at 0: eight points, of which the top two promote.
    seven = february["nps", "all", "all"]
    assert (seven.mean_score, seven.nps) == (26 / 5, 100 * (3 - 1) / 5)
    ten = march["csat", "all", "all"]
    assert (ten.responses, ten.mean_score, ten.csat_share) == (5, 29 / 5, 2 / 5)

    # Nobody is known: each dimension is one group, which says what all say.
    for dimension in DIMENSIONS[1:]:
        value = "no order" if dimension == "product_category" else "unknown"
        group = january["csat", dimension, value]
        assert (group.responses, group.mean_score) == (12, 42 / 12)
    days = frame(shop, "analyze.csat_daily", "survey = 'csat' and dimension = 'all'")
    # The first and the eleventh answer, 5 and 4, are of the tenth of January.
    assert days["mean_score"].iloc[0] == 4.5
    assert days.groupby("period")["responses"].sum().tolist() == [12, 4, 5]
    assert frame(shop, SCORE_FLIPS.name).empty


def many_answers() -> pd.DataFrame:
    """Three months of answers of 60 customers, a third of them anonymous, none or late."""
    rng = np.random.default_rng(8)
    size = 900
    sent = pd.Timestamp(JANUARY) + pd.to_timedelta(rng.uniform(0, 91 * 24, size), unit="h")
    answered = sent + pd.to_timedelta(rng.exponential(120, size), unit="h")
    kind = rng.integers(0, 3, size)
    lowest, highest = np.choose(kind, [1, 0, 1]), np.choose(kind, [5, 10, 7])
    score = highest - np.minimum(rng.geometric(0.45, size) - 1, highest - lowest)
    silent = rng.random(size) < 0.3
    stretched = 1 + 4 * (score - lowest) / (highest - lowest)
    rows = pd.DataFrame(
        {
            "period": sent.to_period("M").to_timestamp().date,
            "response_id": [f"r{number:04}" for number in range(size)],
            "customer_id": [f"c{number}" for number in rng.integers(0, 60, size)],
            "sent_at": sent.round("s"),
            "responded_at": pd.Series(answered.round("s")).where(~silent),
            "survey": np.choose(kind, ["csat", "nps", "ces"]),
            "touchpoint": rng.choice(["store", "delivery", "return", "support", "all"], size),
            "channel": rng.choice(["email", "sms"], size),
            "order_id": [f"o{number}" for number in rng.integers(0, 90, size)],
            "score": pd.Series(score).where(~silent).astype(float),
            "scale_min": lowest.astype(float),
            "scale_max": highest.astype(float),
            "score_of_five": pd.Series(stretched).where(~silent),
            "is_top_two": pd.Series(score >= highest - 1, dtype=object).where(
                ~silent & (kind == 0), None
            ),
            "nps_group": pd.Series(
                np.select([score >= 9, score >= 7], ["promoter", "passive"], "detractor"),
                dtype=object,
            ).where(~silent & (kind == 1), None),
            "verdict": pd.Series(
                np.select([stretched >= 4, stretched <= 2.5], ["good", "bad"], "neutral"),
                dtype=object,
            ).where(~silent, None),
        }
    )
    rows.loc[rng.random(size) < 0.2, ["customer_id", "order_id"]] = None
    return rows


@pytest.fixture
def busy(shop: Settings) -> Settings:
    given(shop, "process.survey_responses", many_answers())
    people = [
        {
            "period": date.fromisoformat(month),
            "customer_id": f"c{number}",
            "country": ["DE", "CN", None, "FR", "AT"][number % 5],
        }
        for month in MONTHS
        for number in range(50)
    ]
    given(shop, "process.customers", people)
    names = {"segment_name": [f"segment {number % 6}" for number in range(50)] * 3}
    given(shop, SEGMENTS.name, pd.DataFrame(people).drop(columns="country").assign(**names))
    lines = [
        {
            "period": date(2024, 1, 1),
            "order_id": f"o{number // 2}",
            "line_number": number % 2,
            "ordered_at": datetime(2024, 1, 1) + timedelta(hours=number),
            "category": ["books", "toys", "games", "tea"][number % 4],
            "revenue": 10 + number % 3,
        }
        for number in range(150)
    ]
    given(shop, "process.order_items", lines)
    return shop


def test_every_dimension_adds_up_to_all(busy: Settings) -> None:
    run(busy, JANUARY, MARCH)
    rows = frame(busy, CSAT.name)
    counts = ["invited", "responses", "score_sum", "top_two"]
    rows["score_sum"] = (rows["mean_score"] * rows["responses"]).fillna(0)
    rows["top_two"] = (rows["csat_share"] * rows["responses"]).fillna(0)
    sums = rows.groupby(["period", "survey", "dimension"])[counts].sum()
    assert len(sums) == 3 * 3 * len(DIMENSIONS)
    for _, same in sums.groupby(["period", "survey"]):
        assert np.allclose(same, same.iloc[0])
    answers = many_answers()
    given_in_time = answers["responded_at"] < "2024-04-01"
    assert sums.xs("all", level="dimension")["responses"].sum() == given_in_time.sum()
    assert {"t", "bootstrap"} <= set(rows["interval_method"])
    assert (rows["published"] == (rows["responses"] >= 10)).all()
    low, mean, high = (rows[name] for name in ("ci_low", "mean_score", "ci_high"))
    assert ((low < mean) & (mean < high) | low.isna()).all()


@pytest.mark.slow
def test_a_range_gives_what_single_runs_give_and_the_future_changes_nothing(
    busy: Settings,
) -> None:
    run(busy, JANUARY, FEBRUARY)
    ranged = {table: repr(frame(busy, table).to_dict("records")) for table in TABLES}
    for month in (FEBRUARY, JANUARY):
        run(busy, month)
    assert ranged == {table: repr(frame(busy, table).to_dict("records")) for table in TABLES}
    future = many_answers().assign(
        response_id=lambda rows: rows["response_id"] + "-later",
        sent_at=pd.Timestamp("2024-02-20"),
        responded_at=pd.Timestamp("2024-03-01"),
    )
    given(busy, "process.survey_responses", future.assign(period=date(2024, 3, 1)))
    run(busy, JANUARY, FEBRUARY)
    # Of what was asked in February and answered in March, February knows that it was asked.
    for table in (CSAT.name, RESPONSE_FUNNEL.name):
        january = frame(busy, table, f"period = '{JANUARY}'").to_dict("records")
        assert ranged[table].startswith(repr(january)[:-1])
    assert ranged[SCORE_FLIPS.name] == repr(frame(busy, SCORE_FLIPS.name).to_dict("records"))
    ones = frame(busy, CSAT.name, f"period = '{FEBRUARY}' and dimension = 'all'")
    assert ones["invited"].sum() > 900
    assert ones["responses"].sum() < 300


def test_the_category_is_where_most_of_the_money_went(shop: Settings) -> None:
    given(
        shop,
        "process.survey_responses",
        [answer(number, 5.0, order_id=order) for number, order in enumerate("xyz")],
    )
    lines = [("x", "toys", 9), ("x", "books", 5), ("x", "books", 6), ("y", "tea", 3)]
    lines += [("y", "games", 3), ("elsewhere", "cups", 99)]
    given(
        shop,
        "process.order_items",
        [
            {
                "period": date(2024, 1, 1),
                "order_id": order,
                "line_number": number,
                "ordered_at": datetime(2024, 1, 1),
                "category": category,
                "revenue": revenue,
            }
            for number, (order, category, revenue) in enumerate(lines)
        ],
    )
    run(shop, JANUARY, assets=[csat])
    rows = frame(shop, CSAT.name, "dimension = 'product_category'")
    assert rows["value"].tolist() == ["books", "games", "no order"]
    assert rows["responses"].tolist() == [1, 1, 1]


def test_empty_periods_give_empty_tables(shop: Settings) -> None:
    assert run(shop, JANUARY, MARCH).success
    assert [len(frame(shop, table)) for table in TABLES] == [0, 0, 0]


def given_weights(shop: Settings) -> pd.DataFrame:
    """Weights of January's invitations, some answered; with their survey and touchpoint."""
    asked = many_answers()
    asked = asked[asked["period"] == date(2024, 1, 1)]
    answered = asked["responded_at"] < FEBRUARY
    rng = np.random.default_rng(4)
    weights = pd.DataFrame(
        {
            "period": asked["period"],
            "response_id": asked["response_id"],
            "is_answered": answered,
            "propensity": 0.5,
            "weight": pd.Series(1 + rng.random(len(asked)).round(3), asked.index).where(answered),
            "expected_score": rng.integers(2, 5, len(asked)) + 0.25,
            "score": asked["score"].where(answered),
        }
    )
    given(shop, "analyze.response_weights", weights)
    known = asked[["response_id", "survey", "touchpoint", "customer_id"]]
    return weights.merge(known.assign(highest=asked["scale_max"]))


def by_definition(rows: pd.DataFrame) -> tuple[float, float, float]:
    """The doubly robust mean, and its variance, row by row."""
    answered = rows[rows["is_answered"]]
    weight, residual = answered["weight"], answered["score"] - answered["expected_score"]
    above = np.average(residual, weights=weight)
    n = len(answered)
    squares = (weight * (weight - 1) * (residual - above) ** 2).sum()
    variance = squares / weight.sum() ** 2 * n / (n - 1)
    return rows["expected_score"].mean() + above, variance, n


def test_the_adjusted_mean_is_that_of_all_who_were_asked(busy: Settings) -> None:
    rows = given_weights(busy)
    run(busy, JANUARY, assets=[csat])
    found = by_group(busy, JANUARY)
    for (survey, touchpoint), group in rows.groupby(["survey", "touchpoint"]):
        mean, variance, n = by_definition(group)
        row = found[survey, "touchpoint", touchpoint]
        assert row.adjusted_mean == pytest.approx(mean)
        half = stats.t.ppf(0.975, n - 1) * np.sqrt(variance)
        if row.adjusted_high < group["highest"].iloc[0]:
            assert row.adjusted_high - mean == pytest.approx(half)
        silent = len(group) - n
        lowest = (group["score"].sum() + silent * (survey != "nps")) / len(group)
        assert row.bound_low == pytest.approx(lowest)
    population = np.array([9, 9, 8, 8, 8, 8]) / 50
    segments = [found["csat", "segment", f"segment {number}"] for number in range(6)]
    pooled = found["csat", "all", "all"].adjusted_mean
    answered = rows[rows["is_answered"] & rows["survey"].eq("csat")]
    segment = answered["customer_id"].str[1:].astype(float).mod(6)
    known = segment[answered["customer_id"].str[1:].astype(float) < 50].value_counts()
    means = [
        row.adjusted_mean if known.get(number, 0) >= 10 else pooled
        for number, row in enumerate(segments)
    ]
    whole = found["csat", "all", "all"]
    assert whole.poststratified_mean == pytest.approx(population @ means)
    assert whole.poststratified_low < whole.poststratified_mean < whole.poststratified_high
    assert np.isnan(segments[0].poststratified_mean)


def test_where_nothing_is_known_of_the_silent_nothing_is_adjusted(busy: Settings) -> None:
    run(busy, JANUARY, assets=[csat])
    found = frame(busy, CSAT.name)
    assert len(found) > 50
    assert found[[*ADJUSTED, *POPULATED]].isna().all(axis=None)
