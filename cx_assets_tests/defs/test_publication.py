"""The job `publish` and its command, and what an erasure makes of the files."""

import json
import os
from datetime import datetime

import dagster as dg
import pytest
from click.testing import CliRunner

from cx_assets.cli_publish import publish as command
from cx_assets.defs.publication import JOB, publish
from cx_assets.instance import POOL, prepare_home
from cx_assets.privacy import requests
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.e2e.graph import definitions
from cx_assets_tests.privacy.publication.company import customers, found
from cx_assets_tests.test_instance import started

pytestmark = pytest.mark.slow
FILES = {
    "aggregates.csv",
    "aggregates.parquet",
    "analyst.duckdb",
    "marketing.duckdb",
    "service.duckdb",
}


def run(settings: Settings, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    return publish.execute_in_process(
        instance=instance,
        raise_on_error=False,
        resources={"settings": settings, "warehouse": DuckDBWarehouse.at(settings.warehouse)},
    )


def words(result: dg.ExecuteInProcessResult) -> str:
    (failed,) = result.filter_events(lambda event: event.event_type_value == "STEP_FAILURE")
    said = failed.step_failure_data.user_failure_data
    return str(said and said.description)


def test_the_job_writes_all_files_once_there_is_something(settings: Settings) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert "materialise whole_loop first" in words(run(settings, instance))
        found(settings)
        assert "materialise whole_loop first" in words(run(settings, instance))
        customers(settings, [f"c{number}" for number in range(20)])
        result = run(settings, instance)
        assert result.success
        assert {path.name for path in settings.published.iterdir()} == FILES
        (output,) = result.filter_events(lambda event: event.event_type_value == "STEP_OUTPUT")
        metadata = output.step_output_data.metadata
        assert (metadata["groups"].value, metadata["rows"].value) == (1, 1)
    assert {node.definition.pool for node in publish.nodes} == {POOL}


def test_nothing_is_published_of_half_a_run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", os.environ.get("DAGSTER_HOME", ""))
    with dg.DagsterInstance.from_config(str(prepare_home(settings))) as instance:
        other = started(instance, os.getpid())
        assert f"run {other.run_id} has begun" in words(run(settings, instance))
    assert not settings.published.exists()


def test_an_erasure_takes_the_files_of_all_roles_away(settings: Settings) -> None:
    settings.published.mkdir(parents=True)
    path = settings.published / "service.duckdb"
    with DuckDBWarehouse.at(path).connect() as session:
        session.execute("create table customers as select 'CUST-1' as customer_id")
    requests.ask(settings, "CUST-1", datetime(2024, 7, 1))
    # With the file in place the search would find the customer, and no certificate would be given.
    (page,) = requests.fulfil(DuckDBWarehouse.at(settings.warehouse), settings)
    assert json.loads(page.read_text())["findings"] == []
    assert not path.exists()


def test_the_command_says_where_the_files_are(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_HOME", str(settings.home))
    refused = CliRunner().invoke(command)
    assert refused.exit_code == 1
    assert "materialise whole_loop first" in refused.output
    assert "Traceback" not in refused.output
    found(settings)
    customers(settings, [f"c{number}" for number in range(20)])
    shown = CliRunner().invoke(command)
    assert shown.exit_code == 0, shown.output
    assert f"1 rows of figures, of 1 groups in the newest period, are in {settings.published}" in (
        shown.output
    )
    assert {path.name for path in settings.published.iterdir()} == FILES


def test_the_job_is_in_the_project() -> None:
    assert definitions().resolve_job_def(JOB).name == JOB
