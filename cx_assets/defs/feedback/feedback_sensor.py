"""The sensor that closes the loop: what comes back is measured in every period that it touches."""

import time
from collections.abc import Callable, Iterable
from datetime import date

import dagster as dg
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
    RUN_KEY_TAG,
    SENSOR_NAME_TAG,
)

from cx_assets.defs.erasure import REWRITTEN
from cx_assets.landing import watch
from cx_assets.landing.registry import CONTENTS
from cx_assets.landing.sources import FEEDBACK, SOURCES
from cx_assets.periods import KEY_FORMAT, PERIODS, newest
from cx_assets.settings import Settings
from cx_assets.turns import RunState, Stamp, State, TakenIn, Turn, decide

NAME = "new_feedback"
COLLECTED = [dg.AssetKey(["collect", source.name]) for source in FEEDBACK]
INTERVAL_SECONDS = 30
# More erasures than happen between two looks of the sensor.
MOST_ERASURES = 50
# The jobs after which nothing of a new file is left to do.
LOOPS = ("whole_loop", "turn_of_the_loop")

turn_of_the_loop = dg.define_asset_job(
    "turn_of_the_loop",
    selection=dg.AssetSelection.assets(*COLLECTED).downstream(),
    description=(
        "Everything that a new survey answer or delivery changes, from the file to the next action."
    ),
)


def run_state(instance: dg.DagsterInstance, run_key: str) -> RunState:
    """What became of the newest run that this sensor asked for under this key."""
    runs = instance.get_runs(
        dg.RunsFilter(tags={RUN_KEY_TAG: run_key, SENSOR_NAME_TAG: NAME}), limit=1
    )
    if not runs:
        return RunState.UNKNOWN
    if runs[0].status is dg.DagsterRunStatus.SUCCESS:
        return RunState.DONE
    return RunState.FAILED if runs[0].is_finished else RunState.GOING


def taken_in(instance: dg.DagsterInstance) -> dict[str, TakenIn]:
    """The files that the newest successful runs of the loop say they have taken in."""
    return {path: kept for key in COLLECTED for path, kept in _taken_in(instance, key).items()}


def _taken_in(instance: dg.DagsterInstance, collected: dg.AssetKey) -> dict[str, TakenIn]:
    newest = instance.fetch_materializations(collected, limit=len(PERIODS.get_partition_keys()))
    for record in newest.records:
        metadata = record.asset_materialization.metadata if record.asset_materialization else {}
        contents = metadata.get(CONTENTS)
        run = instance.get_run_by_id(record.run_id)
        if not (isinstance(contents, dg.JsonMetadataValue) and isinstance(contents.data, dict)):
            continue
        if run and run.is_success and run.job_name in LOOPS:
            return {path: TakenIn.model_validate(kept) for path, kept in contents.data.items()}
    return {}


def after_erasures(instance: dg.DagsterInstance) -> Callable[[str, str], str]:
    """What became of the hash of a landing file when people were erased from it."""
    rewritten: dict[tuple[str, str], str] = {}
    for key in COLLECTED:
        observed = instance.fetch_observations(key, limit=MOST_ERASURES)
        for record in observed.records:
            metadata = record.asset_observation.metadata if record.asset_observation else {}
            told = metadata.get(REWRITTEN)
            if isinstance(told, dg.JsonMetadataValue) and isinstance(told.data, dict):
                for path, (before, after) in told.data.items():
                    rewritten[path, before] = after

    def hash_now(path: str, sha256: str) -> str:
        seen = set()
        while (path, sha256) in rewritten and sha256 not in seen:
            seen.add(sha256)
            sha256 = rewritten[path, sha256]
        return sha256

    return hash_now


def request(turn: Turn) -> dg.RunRequest:
    start, end = turn.start.strftime(KEY_FORMAT), turn.end.strftime(KEY_FORMAT)
    window = (
        {PARTITION_NAME_TAG: start}
        if start == end
        else {ASSET_PARTITION_RANGE_START_TAG: start, ASSET_PARTITION_RANGE_END_TAG: end}
    )
    return dg.RunRequest(run_key=turn.run_key, tags={**window, "cx/files": str(len(turn.files))})


@dg.sensor(
    name=NAME,
    job=turn_of_the_loop,
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Looks for new or rewritten files below landing/survey_responses and "
        "landing/action_deliveries. Once a file has settled, asks for one range run of the periods "
        "that its rows touch and all later ones, and asks again if that run fails."
    ),
)
def new_feedback(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.SensorResult:
    def periods_of(path: str) -> Iterable[date]:
        source = SOURCES[path.split("/")[0]]
        return watch.event_periods(
            settings.landing / path, source, settings.period, settings.max_file_bytes
        )

    last = newest(PERIODS)
    if last is None:
        return dg.SensorResult(skip_reason="no period has ended yet")
    decision = decide(
        State.load(context.cursor),
        {
            file.path: Stamp(size=file.size, mtime_ns=file.mtime_ns)
            for source in FEEDBACK
            for file in watch.listing(settings.landing, source)
        },
        time.time(),
        run_state=lambda run_key: run_state(context.instance, run_key),
        fingerprint=lambda path: watch.fingerprint(settings.landing / path),
        periods_of=periods_of,
        taken_in=lambda: taken_in(context.instance),
        erased_from=after_erasures(context.instance),
        first=settings.first_period,
        last=last.start.date(),
    )
    if decision.ask:
        context.log.info(decision.reason)
        return dg.SensorResult(run_requests=[request(decision.ask)], cursor=decision.state.dump())
    return dg.SensorResult(skip_reason=decision.reason, cursor=decision.state.dump())
