"""A real run fails, and the sensors tell the log and a real webhook, on a real instance."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from cx_assets.defs import alerts
from cx_assets.defs.alerts import alert_webhook, failed_runs
from cx_assets.settings import Settings, SettingsError
from cx_assets.tables import retry_only_what_passes
from cx_assets_tests.test_webhook import hook

NAME = "Anna Schmidt"


@dg.op
def read_rows() -> None:
    with retry_only_what_passes():
        raise ValueError(f"cannot read the row of {NAME}\nand a second line")


@dg.op
def check_rows() -> None:
    raise dg.Failure("The new rows fail unique__case_id (3 rows).", allow_retries=False)


@dg.job(executor_def=dg.in_process_executor)
def reading() -> None:
    read_rows()


@dg.job(executor_def=dg.in_process_executor)
def checking() -> None:
    check_rows()


RANGE = {
    "dagster/asset_partition_range_start": "2024-01-01",
    "dagster/asset_partition_range_end": "2024-03-01",
}


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """One for all tests: each of them leaves no alert that waits."""
    with dg.instance_for_test(temp_dir=str(tmp_path_factory.mktemp("dagster"))) as instance:
        yield instance


def fail(instance: dg.DagsterInstance, job: dg.JobDefinition, **tags: str) -> dg.DagsterRun:
    result = job.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
    assert not result.success
    return result.dagster_run


class Daemon:
    """Looks with a sensor as the daemon does: the cursor of each look is given to the next."""

    def __init__(self, instance: dg.DagsterInstance, url: str | None) -> None:
        self.instance = instance
        self.settings = Settings.from_env({"CX_WEBHOOK_URL": url or ""})
        self.cursors: dict[str, str | None] = {}

    def look(self, sensor: dg.SensorDefinition) -> Any:
        with dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursors.get(sensor.name),
            resources={"settings": self.settings},
        ) as context:
            data = sensor.evaluate_tick(context)
        self.cursors[sensor.name] = data.cursor
        return data

    def state(self, run: dg.DagsterRun) -> str | None:
        found = self.instance.get_run_by_id(run.run_id)
        assert found
        return found.tags.get(alerts.ALERT_TAG)


def test_the_log_says_what_failed_and_what_to_do_and_the_webhook_is_told(
    instance: dg.DagsterInstance, capfd: pytest.CaptureFixture[str]
) -> None:
    fail(instance, reading)
    with hook() as server:
        daemon = Daemon(instance, server.url)
        daemon.look(failed_runs)  # what failed before the sensor was switched on is no news
        run = fail(instance, reading, **RANGE)
        capfd.readouterr()
        daemon.look(failed_runs)
        assert daemon.state(run) == alerts.WAITING
        daemon.look(alert_webhook)
        assert daemon.state(run) == alerts.SENT
        daemon.look(failed_runs)
        daemon.look(alert_webhook)
    (line,) = [line for line in capfd.readouterr().err.splitlines() if "failed at" in line]
    assert (
        "reading for 2024-01-01 to 2024-03-01 failed at read_rows: ValueError: cannot read the row "
        f"of {NAME} (run {run.run_id}). Read its log, mend the cause, then re-execute it"
    ) in line
    (posted,) = server.received
    text = posted.pop("text")
    assert posted == {
        "job": "reading",
        "run_id": run.run_id,
        "periods": "2024-01-01 to 2024-03-01",
        "step": "read_rows",
        "error": "ValueError",
    }
    assert text.startswith("reading for 2024-01-01 to 2024-03-01 failed at read_rows: ValueError (")


def test_an_error_of_our_own_is_posted_in_its_words_and_any_other_by_its_class(
    instance: dg.DagsterInstance,
) -> None:
    own = alerts.Alert.of(instance, fail(instance, checking, **{"dagster/partition": "2024-02-01"}))
    assert own.error == own.kind == "The new rows fail unique__case_id (3 rows)."
    assert own.periods == "2024-02-01"
    other = alerts.Alert.of(instance, fail(instance, reading))
    assert (other.kind, other.periods) == ("ValueError", None)
    assert NAME in other.line
    assert NAME not in str(other.payload)


def test_a_run_whose_process_is_gone_has_no_step(instance: dg.DagsterInstance) -> None:
    run = instance.create_run_for_job(reading, tags={"dagster/sensor_name": "new_feedback"})
    instance.report_run_failed(run, "The process of this run is gone.")
    alert = alerts.Alert.of(instance, run)
    assert (alert.step, alert.kind) == (None, "The process of this run is gone.")
    assert "The sensor new_feedback will ask for it again" in alert.line


def test_an_alert_waits_for_the_webhook_and_none_is_lost(instance: dg.DagsterInstance) -> None:
    told: list[str] = []
    with hook(500, 500) as server:
        daemon = Daemon(instance, server.url)
        daemon.look(failed_runs)
        runs = [fail(instance, reading), fail(instance, checking)]
        daemon.look(failed_runs)
        said = [alerts.post_waiting(instance, server.url, told.append, ()) for _ in range(4)]
    assert said[:2] == ["not posted: answered 500 Internal Server Error (1 try)"] * 2
    assert said[2:] == ["2 alerts posted", "0 alerts posted"]
    assert [line.split(", ")[-1] for line in told] == [alerts.WAITING] * 2
    assert [alert["run_id"] for alert in server.received[2:]] == [run.run_id for run in runs]


def test_an_alert_that_nobody_takes_is_given_up(instance: dg.DagsterInstance) -> None:
    told: list[str] = []
    with hook() as server:
        gone = server.url
    daemon = Daemon(instance, gone)
    daemon.look(failed_runs)
    run = fail(instance, reading)
    daemon.look(failed_runs)
    for _ in range(alerts.MOST_TICKS_A_RUN):
        assert daemon.state(run) == alerts.WAITING
        alerts.post_waiting(instance, gone, told.append, ())
    assert daemon.state(run) == alerts.GIVEN_UP
    assert alerts.post_waiting(instance, gone, told.append, ()) == "0 alerts posted"
    assert len(told) == alerts.MOST_TICKS_A_RUN


def test_without_a_webhook_only_the_log_is_told(instance: dg.DagsterInstance) -> None:
    daemon = Daemon(instance, None)
    daemon.look(failed_runs)
    run = fail(instance, reading)
    daemon.look(failed_runs)
    assert daemon.state(run) is None
    assert daemon.look(alert_webhook).skip_message == "CX_WEBHOOK_URL is not set"


@pytest.mark.parametrize("url", ["ftp://hooks/x", "hooks", "https://"])
def test_a_url_that_cannot_be_posted_to_stops_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match=f"CX_WEBHOOK_URL is '{url}'"):
        Settings.from_env({"CX_WEBHOOK_URL": url})
