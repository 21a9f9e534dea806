"""The job that fulfils erasure requests and the sensor that asks for it; real runs, real files."""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest

from cx_assets.defs.erasure import MOST_FAILURES, erase_people, erasure_requests
from cx_assets.instance import prepare_home
from cx_assets.privacy import requests
from cx_assets.privacy.guard import Guard
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.e2e.graph import build_tables
from cx_assets_tests.test_instance import started

TABLES = ("collect.customers", "collect.support_tickets", "process.support_tickets")
CUSTOMERS = (
    "customer_id,updated_at,full_name,email\n"
    "CUST-1,2024-01-05,Anna Kowalczyk,anna.k@example.org\n"
    "CUST-2,2024-01-05,Jan Kowalczyk,jan.k@example.org\n"
)
TICKETS = (
    "ticket_id,customer_id,opened_at,text\nT-1,CUST-1,2024-01-09,slow\nT-2,CUST-2,2024-01-09,late\n"
)


@pytest.fixture
def instance(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", os.environ.get("DAGSTER_HOME", ""))
    with dg.DagsterInstance.from_config(str(prepare_home(settings))) as opened:
        yield opened


@pytest.fixture
def asked(settings: Settings, instance: dg.DagsterInstance) -> Settings:
    """Two customers with a ticket each, collected; the first one asks to be forgotten."""
    for name, text in (("customers", CUSTOMERS), ("support_tickets", TICKETS)):
        folder = settings.landing / name
        folder.mkdir(parents=True)
        (folder / "a.csv").write_text(text)
    build_tables(settings, TABLES, "2024-01-01", "2024-01-01")
    requests.ask(settings, "CUST-1", datetime(2024, 7, 1))
    return settings


def look(settings: Settings, instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    with dg.build_sensor_context(instance=instance, resources={"settings": settings}) as context:
        return erasure_requests(context)


def run(
    settings: Settings, instance: dg.DagsterInstance, tags: dict[str, str] | None = None
) -> dg.ExecuteInProcessResult:
    return erase_people.execute_in_process(
        instance=instance,
        tags=tags,
        resources={"settings": settings, "warehouse": DuckDBWarehouse.at(settings.warehouse)},
        raise_on_error=False,
    )


def certificates(settings: Settings) -> list[Path]:
    return sorted((settings.reports / "erasures").glob("*.json"))


@pytest.mark.slow
def test_a_request_is_asked_for_once_and_fulfilled(
    asked: Settings, instance: dg.DagsterInstance
) -> None:
    request = look(asked, instance)
    assert isinstance(request, dg.RunRequest)
    assert "CUST" not in str(request)
    assert run(asked, instance, dict(request.tags)).success
    (page,) = certificates(asked)
    assert json.loads(page.read_text())["findings"] == []
    with DuckDBWarehouse.at(asked.warehouse).connect() as session:
        assert session.rows("select customer_id from collect.customers") == [("CUST-2",)]
        assert session.rows("select ticket_id from process.support_tickets") == [("T-2",)]
    assert isinstance(look(asked, instance), dg.SkipReason)
    assert "CUST-1" not in b"".join(
        path.read_bytes() for path in asked.home.rglob("*") if path.is_file()
    ).decode("utf-8", "replace")


@pytest.mark.slow
def test_nobody_is_erased_while_a_run_is_under_way(
    asked: Settings, instance: dg.DagsterInstance
) -> None:
    other = started(instance, os.getpid())
    found = look(asked, instance)
    assert isinstance(found, dg.SkipReason)
    assert "1 requests wait" in str(found.skip_message)
    assert run(asked, instance).success  # It begins between the look and the step.
    assert certificates(asked) == []
    with DuckDBWarehouse.at(asked.warehouse).connect() as session:
        assert session.rows("select count(*) from collect.customers") == [(2,)]
    instance.report_run_canceled(other)
    assert isinstance(look(asked, instance), dg.RunRequest)
    assert run(asked, instance).success
    assert len(certificates(asked)) == 1


@pytest.mark.slow
def test_what_cannot_be_searched_is_no_proof_and_is_asked_for_again(
    asked: Settings, instance: dg.DagsterInstance
) -> None:
    """A file that looks like Parquet and is none may hold anybody."""
    (asked.landing / "orders").mkdir(exist_ok=True)
    broken = asked.landing / "orders" / "broken.parquet"
    broken.write_bytes(b"PAR1 CUST-1")
    keys = []
    for _ in range(MOST_FAILURES):
        request = look(asked, instance)
        assert isinstance(request, dg.RunRequest)
        keys.append(request.run_key)
        assert not run(asked, instance, dict(request.tags)).success
    assert len(set(keys)) == MOST_FAILURES
    assert isinstance(look(asked, instance), dg.SkipReason)
    (page,) = certificates(asked)
    held = json.loads(page.read_text())
    assert "orders/broken.parquet" in str(held["unreadable"] or held["findings"])
    # What was removed at the first try is still told after the last.
    broken.unlink()
    assert run(asked, instance).success
    (page,) = certificates(asked)
    held = json.loads(page.read_text())
    assert (held["unreadable"], held["findings"]) == ({}, [])
    assert held["tables"]["process.support_tickets"] == 1
    guard = Guard.of(asked)
    assert guard.vault.reveal(guard.subject("CUST-1")) == []
    with guard.vault.transaction() as db:
        assert db.execute("select count(*) from data_keys").fetchone() == (1,)


def test_without_a_request_there_is_nothing_to_do(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    assert isinstance(look(settings, instance), dg.SkipReason)
    assert run(settings, instance).success
    assert certificates(settings) == []
