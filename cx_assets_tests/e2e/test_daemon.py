"""The loop closes by itself: a file lands, and daemon and webserver do the rest, kills or not."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.conftest import LAST_PERIOD
from cx_assets_tests.e2e.answers import ARM, Assignment, assign_calls, drop, silent
from cx_assets_tests.e2e.browser import page
from cx_assets_tests.e2e.graph import build, differing, land, tables
from cx_assets_tests.e2e.homes import copy, once
from cx_assets_tests.e2e.stack import ENDED, Stack

pytestmark = pytest.mark.slow

RESPONSES = """
select sum(responses) from "analyze".csat where survey = 'csat' and dimension = 'all'
"""
CSAT_OF_ACTIONS = """
select action_id, csat from feedback.action_outcomes where csat is not null
"""
MEASURED = """
select sum(treated), sum(control)
from feedback.action_effects
where period = $newest and outcome = 'csat' and segment_id is null
"""
BELIEF_IN_CALLS = """
select distinct source from personalize.policy where period = $newest and action = 'service_call'
"""
ACTIONS_OF_NEWEST = """
select action_id, customer_id, action, arm, reason
from personalize.next_best_actions where period = $newest order by action_id
"""
SURVEYS_OF_NEWEST = """
select customer_id, rank, reason from personalize.survey_plan where period = $newest order by rank
"""

PUBLISHED = {
    f"{folder}/{kind}/{LAST_PERIOD}.parquet"
    for folder, kind in (
        ("outbox", "actions"),
        ("outbox", "surveys"),
        ("landing", "action_assignments"),
        ("landing", "survey_plans"),
    )
}


@pytest.fixture(scope="module")
def before(small_landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Every table of every period, and of the newest one nothing has been published yet."""

    def make(settings: Settings) -> None:
        land(small_landing, settings)
        assign_calls(settings)
        settings.dagster_home.mkdir()
        with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
            build(settings, instance=instance)
        for path in PUBLISHED:
            (settings.home / path).unlink()

    return once(tmp_path_factory, "before-the-turn", make)


@pytest.fixture(scope="module")
def assignments(before: Settings) -> list[Assignment]:
    """Those whose customers answer in the file that lands."""
    return silent(before)


@pytest.fixture(scope="module")
def landed_at(before: Settings) -> int:
    return before.warehouse.stat().st_mtime_ns


@pytest.fixture(scope="module")
def twin(
    before: Settings,
    assignments: list[Assignment],
    landed_at: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> Settings:
    """The same files landed by hand, and the turn run by hand in one go."""

    def make(settings: Settings) -> None:
        copy(before, settings.home)
        drop(assignments, settings, landed_at)
        build(settings, first="2024-05-01", job="turn_of_the_loop")

    return once(tmp_path_factory, "turned-by-hand", make)


@pytest.fixture(scope="module")
def running(before: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home = copy(before, tmp_path_factory.mktemp("running") / "home")
    with Stack(home, LAST_PERIOD) as stack:
        stack.start("dev")
        yield stack


def published(settings: Settings) -> dict[str, pa.Table]:
    """What is in the outbox, and the record of it."""
    files = [
        file
        for file in settings.home.rglob("*")
        if file.is_file()
        and (file.is_relative_to(settings.outbox) or file.name.strip(".").startswith(LAST_PERIOD))
    ]
    return {str(file.relative_to(settings.home)): pq.read_table(file) for file in files}


def ask(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    parameters = {"newest": date.fromisoformat(LAST_PERIOD)} if "$newest" in sql else {}
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        return session.rows(sql, parameters)


def rows_of(table: pa.Table, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in table.select(columns).to_pylist()]


def is_for_may_to_june(run: dg.DagsterRun) -> bool:
    start = run.tags["dagster/asset_partition_range_start"]
    return (start, run.tags["dagster/asset_partition_range_end"]) == ("2024-05-01", LAST_PERIOD)


def test_what_lands_is_measured_and_decides_what_leaves(
    running: Stack,
    before: Settings,
    twin: Settings,
    assignments: list[Assignment],
    landed_at: int,
) -> None:
    settings = running.settings
    running.wait_for_looks(1)
    drop(assignments, settings, landed_at)
    running.until("a turn has ended", lambda: [run for run in running.turns() if run.is_finished])
    (run,) = running.turns()
    assert run.is_success
    assert is_for_may_to_june(run)
    assert differing(tables(settings), tables(twin)) == []

    (then,), (now,) = ask(before, RESPONSES), ask(settings, RESPONSES)
    assert now[0] - then[0] == len(assignments)
    answered = {one.action_id: one.score for one in assignments}
    assert dict(ask(settings, CSAT_OF_ACTIONS)) == {
        **dict(ask(before, CSAT_OF_ACTIONS)),
        **answered,
    }
    ((treated, control),), ((more_treated, more_control),) = (
        ask(home, MEASURED) for home in (before, settings)
    )
    arms = Counter(one.arm for one in assignments)
    assert more_treated - treated == arms["treated"] >= ARM
    assert more_control - control == arms["control"] >= ARM
    assert ask(before, BELIEF_IN_CALLS) == [("prior",)]
    assert ask(settings, BELIEF_IN_CALLS) == [("pooled",)]

    decided = ask(settings, ACTIONS_OF_NEWEST)
    assert decided != ask(before, ACTIONS_OF_NEWEST)
    left = published(settings)
    assert left.keys() == PUBLISHED
    columns = ("action_id", "customer_id", "action", "arm", "reason")
    record = rows_of(left[f"landing/action_assignments/{LAST_PERIOD}.parquet"], *columns)
    assert record == decided
    assert {arm for *_, arm, _ in record} == {"treated", "control"}
    sent = rows_of(left[f"outbox/actions/{LAST_PERIOD}.parquet"], *columns)
    assert sent == [row for row in decided if row[3] == "treated"]
    planned = ask(settings, SURVEYS_OF_NEWEST)
    for folder in ("landing/survey_plans", "outbox/surveys"):
        file = left[f"{folder}/{LAST_PERIOD}.parquet"]
        assert rows_of(file, "customer_id", "rank", "reason") == planned


def test_the_ui_shows_what_a_table_means(running: Stack) -> None:
    words = ("Mean answer on the survey", "customer-insight", "turn_of_the_loop", "new_feedback")

    def shown() -> bool:
        shows = page(f"{running.url}/assets/analyze/csat?view=overview")
        return all(word in shows for word in (*words, "ci_low"))

    running.until("the page of analyze.csat has come", shown)


def test_kills_at_any_point_lose_nothing_and_double_nothing(
    before: Settings,
    twin: Settings,
    assignments: list[Assignment],
    landed_at: int,
    tmp_path: Path,
) -> None:
    settings = copy(before, tmp_path / "home")
    hits: list[str] = []
    with Stack(settings, LAST_PERIOD) as stack:

        def attempt(number: int) -> dg.DagsterRun:
            """The run of this attempt, once it is under way."""

            def under_way() -> dg.DagsterRun | None:
                runs = stack.turns()
                assert len(runs) <= number, f"more runs than attempts: {runs}"
                return runs[-1] if len(runs) == number and stack.pid(runs[-1]) else None

            return stack.until(f"attempt {number} is under way", under_way)

        def hit(whom: str, run: dg.DagsterRun) -> None:
            assert stack.status(run) is dg.DagsterRunStatus.STARTED
            hits.append(f"{whom}: attempt {len(stack.turns())}, after {stack.done(run)[-1:]}")

        stack.start("daemon")
        stack.wait_for_looks(1)
        drop(assignments, settings, landed_at)
        stack.kill_all()
        assert stack.turns() == []

        stack.start("daemon")
        first = attempt(1)
        stack.until(
            "effects are about to be measured",
            lambda: "feedback__action_outcomes" in stack.done(first),
            unless_ended=first,
        )
        pid = stack.pid(first)
        assert pid
        hit("run", first)
        os.kill(pid, signal.SIGKILL)
        stack.until("the death is noticed", lambda: stack.status(first).value in ENDED)

        second = attempt(2)
        sent = settings.outbox / "surveys" / f"{LAST_PERIOD}.parquet"
        stack.until("the surveys have left", sent.exists, every=0.01, unless_ended=second)
        stack.kill_all()
        hit("all", second)
        assert not (settings.outbox / "actions" / f"{LAST_PERIOD}.parquet").exists()

        stack.start("daemon", "webserver")
        third = attempt(3)
        for name in ("daemon", "webserver"):
            hit(name, third)
            stack.kill(name)
        # A start takes seconds, and the run goes on meanwhile.
        stack.start("daemon", "webserver")
        stack.until("the last attempt has ended", lambda: stack.status(third).value in ENDED)
        stack.until("the sensor rests", lambda: stack.cursor().asked is None)
        stack.wait_for_looks(1)
        assert [run.status.value for run in stack.turns()] == ["FAILURE", "FAILURE", "SUCCESS"]
        assert all(is_for_may_to_june(run) for run in stack.turns())
        keys = [run.tags["dagster/run_key"].split("/")[:2] for run in stack.turns()]
        assert keys == [["turn-1", f"attempt-{number}"] for number in (1, 2, 3)]
    print("\n".join(hits))
    assert differing(tables(settings), tables(twin)) == []
    assert published(settings).keys() == PUBLISHED
    assert published(settings) == published(twin)
