"""analyze.text_model, text_sentiment and text_topics: what they read out of texts."""

import json
import warnings
from collections.abc import Hashable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import adjusted_mutual_info_score

from cx_assets.defs.analyze import text_topics as topics_module
from cx_assets.defs.analyze.text_input import MENTION, SURVEY, TICKET
from cx_assets.defs.analyze.text_model import TEXT_MODEL, text_model
from cx_assets.defs.analyze.text_sentiment import TEXT_SENTIMENT, text_sentiment
from cx_assets.defs.analyze.text_topics import TEXT_TOPICS, text_topics
from cx_assets.methods.texts import TextTopics
from cx_assets.periods import Period, period_at
from cx_assets.plots_texts import topics_picture
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.world import WorldSettings
from cx_assets_tests.methods.texts.corpus import comments
from cx_assets_tests.world.reading import CLEAN, live

PERIODS = [period_at(datetime(2024, month, 1).date(), "monthly") for month in (1, 2, 3)]
JANUARY, FEBRUARY, MARCH = PERIODS
TABLES = (TEXT_MODEL, TEXT_SENTIMENT, TEXT_TOPICS)
EMPTY = """
create schema process;
create table process.survey_responses (
    response_id varchar, customer_id varchar, sent_at timestamp, responded_at timestamp,
    score_of_five decimal(9, 6), comment varchar
);
create table process.support_tickets (
    ticket_id varchar, customer_id varchar, opened_at timestamp, text varchar
);
create table process.social_mentions (
    mention_id varchar, customer_id varchar, posted_at timestamp, text varchar
);
"""


def fill(settings: Settings, **sources: pd.DataFrame) -> None:
    """The tables of process that are read, with these rows."""
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        session.execute(EMPTY)
        for source, rows in sources.items():
            session.append(f"process.{source}", rows)


def answers(seed: int, sizes: Sequence[int]) -> pd.DataFrame:
    """So many comments of the corpus in each month, one in ten of them anonymous."""
    rng = np.random.default_rng(seed)
    written = comments(rng, sum(sizes))
    month = pd.to_datetime([period.start for period in PERIODS[: len(sizes)]]).repeat(sizes)
    at = month + pd.to_timedelta(rng.integers(0, 28 * 86_400, len(month)), unit="s")
    return pd.DataFrame(
        {
            "response_id": [f"r{number}" for number in range(len(written))],
            "customer_id": written["person"].where(rng.random(len(written)) > 0.1),
            "sent_at": at - pd.Timedelta(hours=5),
            "responded_at": at,
            "score_of_five": written["score"],
            "comment": written["text"],
        }
    )


def run(settings: Settings, first: Period, last: Period) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [text_model, text_sentiment, text_topics],
            instance=instance,
            tags={
                "dagster/asset_partition_range_start": first.key,
                "dagster/asset_partition_range_end": last.key,
            },
            resources={"settings": settings, "warehouse": DuckDBWarehouse.at(settings.warehouse)},
        )


def rows(settings: Settings, table: str, period: Period | None = None) -> pd.DataFrame:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        return session.frame(
            f'select * from "analyze".{table} where period = $period or $period is null '
            "order by all",
            {"period": period.start.date() if period else None},
        )


def everything(settings: Settings, period: Period | None = None) -> list[list[dict[Hashable, Any]]]:
    return [
        rows(settings, table.key.path[1], period).astype(str).to_dict("records") for table in TABLES
    ]


def warned(result: dg.ExecuteInProcessResult) -> set[str]:
    return {each.check_name for each in result.get_asset_check_evaluations() if not each.passed}


def test_every_text_of_the_period_is_read(settings: Settings) -> None:
    told = answers(1, (400, 300))
    other = comments(np.random.default_rng(2), 120)
    at = FEBRUARY.start + pd.to_timedelta(np.arange(120), unit="h")
    fill(
        settings,
        survey_responses=told,
        support_tickets=pd.DataFrame({"ticket_id": other.index.astype(str), "opened_at": at})
        .assign(customer_id=other["person"], text=other["text"])
        .head(60),
        social_mentions=pd.DataFrame({"mention_id": other.index.astype(str), "posted_at": at})
        .assign(customer_id=None, text=other["text"])
        .tail(60),
    )
    result = run(settings, FEBRUARY, FEBRUARY)
    assert not warned(result)

    model = rows(settings, "text_model").iloc[0]
    assert model["comments"] == len(told)
    assert model["rank_low"] < model["rank_correlation"] < model["rank_high"]
    assert 0.4 < model["rank_correlation"] < 0.7
    assert model["length_correlation"] < 0.2
    assert model["error"] < model["baseline_error"]
    assert [each["script"] for each in json.loads(model["scripts"])] == ["han", "latin"]
    assert len(model["good_words"]) == len(model["bad_words"]) == 12
    assert pd.isna(model["note"])

    read = rows(settings, "text_sentiment")
    assert read["source"].value_counts().to_dict() == {SURVEY: 300, TICKET: 60, MENTION: 60}
    assert read["is_out_of_fold"].equals(read["source"] == SURVEY)
    assert (read["predicted_low"] <= read["predicted_score"]).all()
    assert (read["predicted_score"] <= read["predicted_high"]).all()
    truth = dict(enumerate(other["feeling"]))
    unsolicited = read[read["source"] != SURVEY]
    for script, texts in unsolicited.groupby("script"):
        felt = texts["text_id"].astype(int).map(truth)
        assert spearmanr(texts["predicted_score"], felt)[0] > 0.4, script

    topics = rows(settings, "text_topics")
    assert topics["mentions"].sum() == len(read)
    assert topics["share"].sum() == pytest.approx(1)
    ranked = topics[topics["topic"] > 0].sort_values("topic")
    assert ranked["mentions"].is_monotonic_decreasing
    assert len(ranked) > 8
    scored = topics.dropna(subset="mean_score")
    total = (scored["mean_score"] * scored["scored"]).sum() / scored["scored"].sum()
    assert total == pytest.approx(read["predicted_score"].mean(), abs=1e-9)
    assert (scored["mean_low"] < scored["mean_score"]).all()
    for table in ("text_model", "text_topics"):
        (event,) = result.asset_materializations_for_node(f"analyze__{table}")
        assert str(event.metadata["plot"].value).count("data:image/png;base64,") == 1


def test_scores_at_random_are_warned_about(settings: Settings) -> None:
    told = answers(3, (600,))
    shuffled = np.random.default_rng(4).permutation(told["score_of_five"])
    fill(settings, survey_responses=told.assign(score_of_five=shuffled))
    result = run(settings, JANUARY, JANUARY)
    assert result.success
    assert warned(result) == {"range__rank_correlation"}
    model = rows(settings, "text_model").iloc[0]
    assert abs(model["rank_correlation"]) < 0.15
    assert model["rank_low"] < 0 < model["rank_high"]
    assert "tell little" in model["note"]


@pytest.mark.slow
def test_nothing_after_the_period_is_read(settings: Settings) -> None:
    told = answers(5, (150, 100))
    fill(settings, survey_responses=told)
    run(settings, JANUARY, JANUARY)
    before = everything(settings)
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        session.execute(
            "update process.survey_responses set comment = 'rude rude rude', score_of_five = 5 "
            "where responded_at >= $end",
            {"end": JANUARY.end},
        )
        session.execute(
            "insert into process.survey_responses values "
            "('late', 'c', $sent, $answered, 1, 'came early')",
            {"sent": JANUARY.end - timedelta(days=1), "answered": JANUARY.end},
        )
        for table, key, at in (
            ("support_tickets", "ticket_id", "opened_at"),
            ("social_mentions", "mention_id", "posted_at"),
        ):
            session.execute(
                f"insert into process.{table} by name "
                f"select 'x' as {key}, $end as {at}, 'rude' as text",
                {"end": JANUARY.end},
            )
    run(settings, JANUARY, JANUARY)
    assert everything(settings) == before


@pytest.mark.slow
def test_a_range_is_what_single_runs_are(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = settings.model_copy(update={"warehouse": tmp_path / "singles.duckdb"})
    told = answers(6, (150, 100, 100))
    for one in (settings, elsewhere):
        fill(one, survey_responses=told)
    run(settings, JANUARY, MARCH)
    # And whatever batch a text is in.
    monkeypatch.setattr("cx_assets.defs.analyze.text_sentiment.BATCH", 50)
    monkeypatch.setattr(topics_module, "BATCH", 50)
    for period in PERIODS:
        run(elsewhere, period, period)
    assert everything(settings) == everything(elsewhere)
    assert len(rows(settings, "text_sentiment")) == len(told)


@pytest.mark.parametrize(
    ("size", "note"), [(0, "0 people"), (60, "people have commented, and below 100")]
)
def test_few_comments_are_no_model(settings: Settings, size: int, note: str) -> None:
    fill(settings, survey_responses=answers(7, (size,)))
    result = run(settings, JANUARY, JANUARY)
    assert not warned(result)
    model = rows(settings, "text_model").iloc[0]
    assert pd.isna(model["model"])
    assert pd.isna(model["rank_correlation"])
    assert note in model["note"]
    read = rows(settings, "text_sentiment")
    assert len(read) == size
    assert read["predicted_score"].isna().all()
    topics = rows(settings, "text_topics")
    assert topics["mentions"].sum() == size
    assert topics["mean_score"].isna().all()
    assert topics["note"].notna().all()


@pytest.mark.slow
def test_what_the_sample_world_hides_is_read(settings: Settings, tmp_path: Path) -> None:
    world = live(WorldSettings(customers=25_000, seed=5, dirt=CLEAN), tmp_path, months=2)
    customers = world.newest("customers", "customer_id")
    surveys = world.newest("survey_responses", "response_id")
    surveys = surveys.merge(world.true("surveys")[["response_id", "feeling"]], on="response_id")
    tickets = world.newest("support_tickets", "ticket_id")
    handles = customers.dropna(subset="social_handle").set_index("social_handle")["customer_id"]
    mentions = world.newest("social_mentions", "mention_id")
    mentions["customer_id"] = mentions["handle"].map(handles)
    low, score, high = (
        surveys[column].astype(float) for column in ("scale_min", "score", "scale_max")
    )
    surveys["score_of_five"] = 1 + 4 * (score - low) / (high - low)
    asked = ["response_id", "customer_id", "sent_at", "responded_at", "comment", "score_of_five"]
    fill(
        settings,
        survey_responses=surveys[asked],
        support_tickets=tickets[["ticket_id", "customer_id", "opened_at", "text"]],
        social_mentions=mentions[["mention_id", "customer_id", "posted_at", "text"]],
    )
    assert not warned(run(settings, FEBRUARY, FEBRUARY))

    read = rows(settings, "text_sentiment").merge(
        world.true("states").query("period == '2024-02-01'"), on="customer_id", how="left"
    )
    felt = read["text_id"].map(surveys.set_index("response_id")["feeling"])
    read["truth"] = felt.where(read["source"] == SURVEY, read["satisfaction"])
    read = read.dropna(subset=["truth", "predicted_score"])
    country = read["customer_id"].map(customers.set_index("customer_id")["country"])
    for language, countries in (("en", ("GB", "US")), ("zh", ("CN",))):
        # A ticket is bad in mood whoever writes it, so it tells less of the writer's feelings.
        for source, least in ((SURVEY, 0.6), (MENTION, 0.4), (TICKET, 0.05)):
            texts = read[country.isin(countries) & (read["source"] == source)]
            r = spearmanr(texts["predicted_score"], texts["truth"])[0]
            assert r > least, (language, source)

    asked_about = tickets.merge(customers[["customer_id", "country"]], on="customer_id")
    topics = TextTopics().fit(asked_about["text"].tolist(), asked_about["ticket_id"].tolist())
    found = pd.Series(topics.assign(asked_about["text"].tolist()))
    for countries in (("GB", "US"), ("CN",)):
        theirs = asked_about["country"].isin(countries)
        agreed = adjusted_mutual_info_score(asked_about.loc[theirs, "topic"], found[theirs])
        assert agreed > 0.5, countries


def test_a_picture_draws_no_letter_that_no_font_has() -> None:
    topics = pd.DataFrame(
        {
            "topic": [1, 2, 0],
            "terms": [["客服", "回复"], ["late", "parcel"], []],
            "mentions": [30, 20, 50],
            "share": [0.3, 0.2, 0.5],
            "mean_score": [2.0, np.nan, 3.0],
            "mean_low": [1.5, np.nan, 2.0],
            "mean_high": [2.5, np.nan, 4.0],
            "note": None,
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shown = topics_picture(topics, "Topics")
    assert "data:image/png;base64," in shown
    assert "| 1 | 客服, 回复 | 30 | 30% | 2.00 (1.50 to 2.50) |" in shown
    assert "| 2 | late, parcel | 20 | 20% |  |" in shown
