"""Who is told when a run fails: the log, and a webhook where CX_WEBHOOK_URL names one.

The first sensor writes a line to the log and marks the run with a tag; the second posts what is
marked. The tag says how far that came, so nothing is lost while the webhook is out of reach, and a
run is posted twice only where the process is killed between the post and the tag.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import dagster as dg
from dagster._core.events import JobFailureData
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
    SENSOR_NAME_TAG,
)

from cx_assets.periods import SETTINGS
from cx_assets.settings import Settings
from cx_assets.webhook import PAUSES, WebhookError, post

ALERT_TAG, TICKS_TAG = "cx/alert", "cx/alert_ticks"
WAITING, SENT, GIVEN_UP = "waiting", "sent", "given up"
INTERVAL_SECONDS = 60
# A tick must end before the daemon gives up on it (60 s), and a post may take 18.
MOST_POSTS_A_TICK = 3
MOST_TICKS_A_RUN = 10
NO_REASON = "no reason was recorded"
# How Dagster begins the message of a dg.Failure.
OWN_WORDS = f"{dg.Failure.__module__}.{dg.Failure.__qualname__}: "


@dataclass(frozen=True)
class Alert:
    """A failed run in words.

    An error may quote a row of data. So `error`, its first line, is for the log, and what leaves
    the house is `kind`: the error's class, or the first line of a `dg.Failure` that is not made of
    another error, since that names tables and counts only.
    """

    job: str
    run_id: str
    periods: str | None
    step: str | None
    error: str
    kind: str
    advice: str

    @classmethod
    def of(cls, instance: dg.DagsterInstance, run: dg.DagsterRun) -> Self:
        """The alert of a run that has failed."""
        step, error, kind = _what_failed(instance, run)
        sensor = run.tags.get(SENSOR_NAME_TAG)
        return cls(
            job=run.job_name,
            run_id=run.run_id,
            periods=_periods(run),
            step=step,
            error=error,
            kind=kind,
            advice=f"The sensor {sensor} will ask for it again; if that fails too, read its log."
            if sensor
            else "Read its log, mend the cause, then re-execute it from the failure.",
        )

    @property
    def line(self) -> str:
        return self._in_words(self.error)

    @property
    def payload(self) -> dict[str, str | None]:
        """What the webhook gets; Slack shows the `text`."""
        return {
            "text": self._in_words(self.kind),
            "job": self.job,
            "run_id": self.run_id,
            "periods": self.periods,
            "step": self.step,
            "error": self.kind,
        }

    def _in_words(self, error: str) -> str:
        periods = f" for {self.periods}" if self.periods else ""
        step = f" at {self.step}" if self.step else ""
        return f"{self.job}{periods} failed{step}: {error} (run {self.run_id}). {self.advice}"


def _periods(run: dg.DagsterRun) -> str | None:
    start = run.tags.get(ASSET_PARTITION_RANGE_START_TAG)
    end = run.tags.get(ASSET_PARTITION_RANGE_END_TAG)
    return f"{start} to {end}" if start and end else run.tags.get(PARTITION_NAME_TAG)


def _what_failed(instance: dg.DagsterInstance, run: dg.DagsterRun) -> tuple[str | None, str, str]:
    """The first step that failed, None where none did; the error's first line; its kind."""
    records = instance.get_records_for_run(
        run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE, ascending=False, limit=1
    ).records
    event = records[0].event_log_entry.dagster_event if records else None
    data = event.event_specific_data if event else None
    failure = data if isinstance(data, JobFailureData) else JobFailureData(error=None)
    failed = failure.first_step_failure_event
    step = failed.step_key if failed else None
    error = failed.step_failure_data.error if failed else failure.error
    while error and error.cause and _wraps(error.cls_name or ""):
        error = error.cause
    if error is None:  # the daemon or `cx` has ended the run, and says so in words of its own
        line = _first_line(event.message if event else None)
        return step, line, line
    line = _first_line(error.message)
    own_words = line.removeprefix(OWN_WORDS)
    return step, own_words, own_words if line.startswith(OWN_WORDS) else error.cls_name or "Error"


def _wraps(class_name: str) -> bool:
    return class_name.startswith("Dagster") or class_name == dg.Failure.__name__


def _first_line(message: str | None) -> str:
    return (message or "").strip().partition("\n")[0] or NO_REASON


@dg.run_failure_sensor(
    name="failed_runs",
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Writes a line to the log for every failed run: what failed, why, and what to do next. "
        "Marks the run for the webhook where CX_WEBHOOK_URL is set."
    ),
)
def failed_runs(context: dg.RunFailureSensorContext, settings: dg.ResourceParam[Settings]) -> None:
    run = context.dagster_run
    context.log.error(Alert.of(context.instance, run).line)
    if settings.webhook_url and ALERT_TAG not in run.tags:
        context.instance.add_run_tags(run.run_id, {ALERT_TAG: WAITING})


def post_waiting(
    instance: dg.DagsterInstance,
    url: str,
    warn: Callable[[str], None],
    pauses: Sequence[float] = PAUSES,
) -> str:
    """Post the alerts of the runs that wait, the oldest first, and say how that went.

    Args:
        warn: is told of an alert that the webhook did not take.
        pauses: seconds between the tries of one post.
    """
    waiting = instance.get_run_records(
        dg.RunsFilter(tags={ALERT_TAG: WAITING}), limit=MOST_POSTS_A_TICK, ascending=True
    )
    for record in waiting:
        run = record.dagster_run
        try:
            post(url, Alert.of(instance, run).payload, pauses=pauses)
        except WebhookError as error:
            ticks = int(run.tags.get(TICKS_TAG, "0")) + 1
            state = WAITING if ticks < MOST_TICKS_A_RUN else GIVEN_UP
            instance.add_run_tags(run.run_id, {ALERT_TAG: state, TICKS_TAG: str(ticks)})
            warn(
                f"the webhook did not take the alert of run {run.run_id}: {error}; "
                f"tick {ticks} of {MOST_TICKS_A_RUN}, {state}"
            )
            # The others would not get through either, and have their turn with the next tick.
            return f"not posted: {error}"
        instance.add_run_tags(run.run_id, {ALERT_TAG: SENT})
    return f"{len(waiting)} alerts posted"


@dg.sensor(
    name="alert_webhook",
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING
    if SETTINGS.webhook_url
    else dg.DefaultSensorStatus.STOPPED,
    description=(
        "Posts the failed runs that wait for it to CX_WEBHOOK_URL, the oldest first, as JSON that "
        "Slack understands: text, job, run_id, periods, step, error. An error's own words may "
        "quote a row of data and stay in the log. Gives a run up "
        f"after {MOST_TICKS_A_RUN} ticks."
    ),
)
def alert_webhook(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.SkipReason:
    if settings.webhook_url is None:
        return dg.SkipReason("CX_WEBHOOK_URL is not set")
    return dg.SkipReason(
        post_waiting(context.instance, str(settings.webhook_url), context.log.warning)
    )
