"""The sensor as a state machine: real files, real run records, runs that succeed or fail."""

import gzip
import os
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
)
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cx_assets import turns
from cx_assets.defs.erasure import REWRITTEN
from cx_assets.defs.feedback import feedback_sensor
from cx_assets.landing import watch
from cx_assets.settings import Settings
from cx_assets_tests.conftest import LAST_PERIOD
from cx_assets_tests.e2e.graph import build_tables, definitions, land

MONTHS = [date(2024, month, 1) for month in range(1, 7)]


class Loop:
    """A landing folder, an instance with run records, and the sensor that stands between them."""

    def __init__(self, home: Path, instance: dg.DagsterInstance) -> None:
        self.settings = Settings.from_env({**os.environ, "CX_HOME": str(home)})
        self.folder = self.settings.landing / "survey_responses"
        self.folder.mkdir(parents=True)
        self.instance = instance
        self.cursor: str | None = None
        self.clock = 1_000_000_000  # file times, in seconds; long ago, so that files have settled
        self.answers = 0

    def write(self, name: str, months: list[date]) -> None:
        self.answers += 1
        lines = [
            f"{self.answers}-{month.month},{month}T10:00:00,csat,4,{month}T12:00:00"
            for month in months
        ]
        header = "response_id,sent_at,survey,score,responded_at"
        path = self.folder / name
        path.write_text("\n".join([header, *lines]) + "\n")
        self.touch(name)

    def touch(self, name: str) -> None:
        self.clock += 10
        os.utime(self.folder / name, (self.clock, self.clock))

    def tick(self) -> dg.RunRequest | None:
        """One evaluation; the daemon makes no second run for a run key that it knows."""
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources={"settings": self.settings}
        )
        result: Any = feedback_sensor.new_feedback(context)
        self.cursor = result.cursor or self.cursor
        return result.run_requests[0] if result.run_requests else None

    def look(self) -> dg.RunRequest | None:
        """A file is believed only when two looks see the same."""
        return self.tick() or self.tick()

    def create(self, request: dg.RunRequest) -> str:
        run = self.instance.create_run_for_job(
            job_def=dg.job(name="turn_of_the_loop")(lambda: None),
            tags={
                **request.tags,
                "dagster/run_key": str(request.run_key),
                "dagster/sensor_name": feedback_sensor.NAME,
            },
        )
        return run.run_id

    def end(self, run_id: str, status: dg.DagsterRunStatus) -> None:
        run = self.instance.get_run_by_id(run_id)
        assert run
        event = {
            dg.DagsterRunStatus.SUCCESS: dg.DagsterEventType.RUN_SUCCESS,
            dg.DagsterRunStatus.FAILURE: dg.DagsterEventType.RUN_FAILURE,
            dg.DagsterRunStatus.CANCELED: dg.DagsterEventType.RUN_CANCELED,
        }[status]
        self.instance.report_dagster_event(
            dg.DagsterEvent(event_type_value=event.value, job_name=run.job_name), run_id
        )
        ended = self.instance.get_run_by_id(run_id)
        assert ended
        assert ended.status == status


def window(request: dg.RunRequest | None) -> tuple[str, str]:
    assert request
    if PARTITION_NAME_TAG in request.tags:
        return request.tags[PARTITION_NAME_TAG], request.tags[PARTITION_NAME_TAG]
    return (
        request.tags[ASSET_PARTITION_RANGE_START_TAG],
        request.tags[ASSET_PARTITION_RANGE_END_TAG],
    )


@pytest.fixture
def loop(tmp_path: Path) -> Any:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Loop(tmp_path, instance)


def succeed(loop: Loop, request: dg.RunRequest | None) -> None:
    assert request
    loop.end(loop.create(request), dg.DagsterRunStatus.SUCCESS)


def test_one_run_from_the_first_answer_to_the_newest_period(loop: Loop) -> None:
    loop.write("a.csv", [MONTHS[2], MONTHS[3]])
    assert window(loop.look()) == ("2024-03-01", LAST_PERIOD)


def test_an_answer_of_the_newest_period_alone_is_one_partition(loop: Loop) -> None:
    loop.write("a.csv", [MONTHS[5]])
    request = loop.look()
    assert request
    assert request.tags[PARTITION_NAME_TAG] == LAST_PERIOD


def test_a_file_that_still_grows_is_left_alone(loop: Loop) -> None:
    loop.write("a.csv", [MONTHS[0]])
    assert loop.tick() is None
    loop.write("a.csv", [MONTHS[0], MONTHS[1]])
    assert loop.tick() is None
    assert window(loop.tick()) == ("2024-01-01", LAST_PERIOD)


def test_a_touched_file_and_a_copy_ask_for_nothing(loop: Loop) -> None:
    loop.write("a.csv", [MONTHS[0]])
    succeed(loop, loop.look())
    loop.touch("a.csv")
    assert loop.look() is None
    (loop.folder / "copy.csv").write_bytes((loop.folder / "a.csv").read_bytes())
    loop.touch("copy.csv")
    assert loop.look() is None


def test_a_rewritten_file_asks_again_for_its_old_periods_too(loop: Loop) -> None:
    loop.write("a.csv", [MONTHS[1]])
    first = (loop.folder / "a.csv").read_bytes()
    succeed(loop, loop.look())
    loop.write("a.csv", [MONTHS[4]])
    rewritten = loop.look()
    assert window(rewritten) == ("2024-02-01", LAST_PERIOD)
    succeed(loop, rewritten)
    (loop.folder / "a.csv").write_bytes(first)
    loop.touch("a.csv")
    back_again = loop.look()
    assert window(back_again) == ("2024-02-01", LAST_PERIOD)


def test_a_failed_run_is_asked_for_again_under_another_key(loop: Loop) -> None:
    loop.write("a.csv", [MONTHS[0]])
    request = loop.look()
    assert request
    loop.end(loop.create(request), dg.DagsterRunStatus.FAILURE)
    again = loop.tick()
    assert again
    assert again.run_key != request.run_key
    assert window(again) == window(request)
    loop.end(loop.create(again), dg.DagsterRunStatus.CANCELED)
    assert loop.tick() is None, "the third attempt waits"


def test_a_run_that_was_never_made_keeps_its_key(loop: Loop) -> None:
    loop.write("a.csv", [MONTHS[0]])
    request = loop.look()
    again = loop.tick()
    assert request
    assert again
    assert again.run_key == request.run_key


def test_while_a_run_is_under_way_nothing_else_is_asked_for(loop: Loop) -> None:
    loop.write("a.csv", [MONTHS[3]])
    request = loop.look()
    assert request
    run_id = loop.create(request)
    loop.write("b.csv", [MONTHS[0]])
    assert loop.look() is None
    loop.end(run_id, dg.DagsterRunStatus.SUCCESS)
    assert window(loop.look()) == ("2024-01-01", LAST_PERIOD)


def test_answers_of_periods_that_do_not_exist_ask_for_nothing(loop: Loop) -> None:
    loop.write("a.csv", [date(2024, 9, 1)])
    assert loop.look() is None
    loop.write("b.csv", [date(2023, 5, 1)])
    assert loop.look() is None


def test_a_flood_of_files_is_taken_in_turns(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOST_FILES_A_TURN", 2)
    for number in range(3):
        loop.write(f"{number}.csv", [MONTHS[number]])
    first = loop.look()
    assert window(first) == ("2024-01-01", LAST_PERIOD)
    succeed(loop, first)
    assert window(loop.look()) == ("2024-03-01", LAST_PERIOD)


@pytest.mark.slow
def test_what_another_run_has_taken_in_is_not_asked_for(loop: Loop, small_landing: Path) -> None:
    """After a whole loop, a sensor that starts has nothing to do until something new lands."""
    land(small_landing, loop.settings)
    sources = ["collect.survey_responses", "collect.action_deliveries"]
    build_tables(loop.settings, sources, instance=loop.instance)
    # Somebody is erased before the sensor has its first look.
    erased = sorted(loop.folder.iterdir())[0]
    path, before = f"survey_responses/{erased.name}", watch.fingerprint(erased)
    with gzip.open(erased, "at") as file:
        file.write("\n")
    observed = dg.AssetObservation(
        asset_key=["collect", "survey_responses"],
        metadata={REWRITTEN: {path: [before, watch.fingerprint(erased)]}},
    )
    loop.instance.report_runless_asset_event(observed)
    loop.touch(erased.name)
    assert loop.look() is None
    loop.write("new.csv", [MONTHS[4]])
    assert window(loop.look()) == ("2024-05-01", LAST_PERIOD)


@pytest.mark.parametrize("before", ["of the file", "of another content"])
def test_a_file_from_which_people_were_erased_has_no_new_answers(loop: Loop, before: str) -> None:
    loop.write("a.csv", [MONTHS[0]])
    succeed(loop, loop.look())
    path = "survey_responses/a.csv"
    known = watch.fingerprint(loop.settings.landing / path)
    loop.write("a.csv", [MONTHS[0]])
    now = watch.fingerprint(loop.settings.landing / path)
    # Two erasures, one after the other.
    for old, new in ((known if before == "of the file" else "0", "1"), ("1", now)):
        observed = dg.AssetObservation(
            asset_key=["collect", "survey_responses"], metadata={REWRITTEN: {path: [old, new]}}
        )
        loop.instance.report_runless_asset_event(observed)
    asked = loop.look()
    if before == "of the file":
        assert asked is None
        loop.write("a.csv", [MONTHS[1]])
        asked = loop.look()
    assert window(asked) == ("2024-01-01", LAST_PERIOD)


class Sensor(RuleBasedStateMachine):
    """Whatever happens to files and runs, in the end every content was taken in by a run."""

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.instance = dg.DagsterInstance.ephemeral()
        self.loop = Loop(Path(self.folder.name), self.instance)
        self.covered: dict[str, set[bytes]] = {}
        self.going: tuple[str, dict[str, bytes], str] | None = None
        self.keys: list[str] = []

    def teardown(self) -> None:
        self.instance.dispose()
        self.folder.cleanup()

    @rule(
        name=st.sampled_from(["a.csv", "b.csv"]),
        months=st.sets(st.sampled_from(MONTHS), min_size=1),
    )
    def land(self, name: str, months: set[date]) -> None:
        self.loop.write(name, sorted(months))

    @rule()
    def touch(self) -> None:
        for path in self.loop.folder.glob("*.csv"):
            self.loop.touch(path.name)

    @precondition(lambda self: self.going is None)
    @rule(lost=st.booleans())
    def tick(self, lost: bool) -> None:
        """The daemon may die between asking for a run and making it."""
        request = self.loop.tick()
        if request and not lost:
            assert str(request.run_key) not in self.keys, "Dagster would not run this key again"
            self.keys.append(str(request.run_key))
            contents = {path.name: path.read_bytes() for path in self.loop.folder.glob("*.csv")}
            self.going = (self.loop.create(request), contents, window(request)[0])

    @precondition(lambda self: self.going is not None)
    @rule(succeeds=st.booleans())
    def end(self, succeeds: bool) -> None:
        assert self.going
        run_id, contents, start = self.going
        status = dg.DagsterRunStatus.SUCCESS if succeeds else dg.DagsterRunStatus.FAILURE
        self.loop.end(run_id, status)
        self.going = None
        if succeeds:
            for name, content in contents.items():
                if first_month(content) >= start:
                    self.covered.setdefault(name, set()).add(content)

    @invariant()
    def idle_means_covered(self) -> None:
        """A sensor with nothing asked for and nothing unsettled has had every content run."""
        if getattr(self, "loop", None) is None or self.going:
            return
        state = feedback_sensor.State.load(self.loop.cursor)
        if state.asked:
            return
        for name, content in state.collected.items():
            path = self.loop.settings.landing / name
            stat = path.stat()
            if (content.stamp.size, content.stamp.mtime_ns) == (stat.st_size, stat.st_mtime_ns):
                assert path.read_bytes() in self.covered.get(path.name, set())


def first_month(content: bytes) -> str:
    lines = content.decode().splitlines()[1:]
    return min(f"{line.split(',')[1][:7]}-01" for line in lines)


TestSensor = pytest.mark.slow(Sensor.TestCase)
Sensor.TestCase.settings = hypothesis_settings(
    max_examples=25, stateful_step_count=25, deadline=None
)


def test_a_delivery_asks_for_a_turn_too(loop: Loop) -> None:
    loop.write("a.csv", [MONTHS[5]])
    file = loop.settings.landing / "action_deliveries" / "a.csv"
    file.parent.mkdir()
    file.write_text("action_id,customer_id,delivered_at\nx,c,2024-04-03T10:00:00\n")
    os.utime(file, (loop.clock, loop.clock))
    assert window(loop.look()) == ("2024-04-01", LAST_PERIOD)


def test_the_turn_takes_in_all_that_is_watched() -> None:
    graph = definitions().resolve_asset_graph()
    turn = definitions().resolve_job_def("turn_of_the_loop").asset_layer.selected_asset_keys
    for key in feedback_sensor.COLLECTED:
        assert {key, *graph.get(key).child_keys} <= turn
