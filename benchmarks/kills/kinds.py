"""The kinds of step: what a home must look like for the step to have work, and the step itself."""

import os
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg

from benchmarks.processes import ROOT
from benchmarks.product import assets, jobs_of, run_range
from cx_assets.defs.erasure import erase_people
from cx_assets.defs.retention import keep_no_longer
from cx_assets.instance import prepare_home
from cx_assets.outbox import ACTIONS, SURVEYS
from cx_assets.periods import PERIODS, windows
from cx_assets.privacy.erasure.compact import compact
from cx_assets.privacy.guard import Guard
from cx_assets.privacy.rotation import rotate
from cx_assets.settings import Settings
from cx_assets.upgrade import upgrade
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.warehouse.replica import refresh
from cx_assets.world import World, WorldSettings

CUSTOMERS = 150
WORLD_MONTHS = 6
MONTHS = windows(PERIODS, PERIODS.get_partition_keys()[:WORLD_MONTHS])
LATE, LATEST = MONTHS[-2:], MONTHS[-1].key
LANDED_NS = 1_750_000_000_000_000_000
VERSION_1 = ROOT / "cx_assets_tests" / "upgrade" / "version_1.tar.xz"

JOBS = jobs_of(
    {
        "collecting": assets(
            ["collect.customers", "collect.support_tickets", "collect.survey_responses"]
        ),
        "sql_models": assets(
            [
                "process.customers",
                "process.support_tickets",
                "process.survey_responses",
                "features.customer_features",
            ]
        ),
        "python_models": assets(["analyze.segment_model", "analyze.segments", "analyze.csat"]),
        "publishing": assets(["personalize.outbox", "personalize.survey_outbox"]),
        "everything": dg.AssetSelection.all(),
    }
)


@dataclass(frozen=True)
class Kind:
    """A kind of step. Both functions run in a child, on the settings of a home of their own.

    `apart` is how tables start that may come and go meanwhile. `at_once` says that all tables
    change together.
    """

    name: str
    prepare: Callable[[Settings], object]
    work: Callable[[Settings], object]
    apart: tuple[str, ...] = ()
    at_once: bool = False
    from_version_1: bool = False


def settings_of(home: Path) -> Settings:
    return Settings.from_env({"CX_HOME": str(home), "CX_LAST_PERIOD": LATEST})


def build_world(settings: Settings) -> None:
    """A small world of six months, with every table."""
    world = World(
        WorldSettings(customers=CUSTOMERS, seed=11),
        landing=settings.landing,
        truth=settings.home / "truth",
    )
    for _ in MONTHS:
        world.step(outbox=None)
    run_range(JOBS["everything"], settings, MONTHS)


def _run(settings: Settings, job: str) -> None:
    """The job over the last two months, with Dagster's own storage as in a real run."""
    prepare_home(settings)
    with dg.DagsterInstance.get() as instance:
        run_range(JOBS[job], settings, LATE, instance)


def _alone(settings: Settings, job: dg.JobDefinition) -> None:
    """A job that belongs to no period."""
    prepare_home(settings)
    with dg.DagsterInstance.get() as instance:
        job.execute_in_process(
            instance=instance,
            resources={"settings": settings, "warehouse": DuckDBWarehouse.at(settings.warehouse)},
        )


def _land_late(settings: Settings) -> None:
    """Files of customers, tickets and answers of the last two months: some new, some again."""
    prepare_home(settings)
    numbers = range(1, 120)
    texts = {
        "customers/late.csv": "customer_id,updated_at,full_name,email,consent_marketing\n"
        + "".join(
            f"C{n:09},2024-06-2{n % 8},Late Name {n},late-{n}@example.org,true\n" for n in numbers
        ),
        "support_tickets/late.csv": "ticket_id,customer_id,opened_at,topic,text\n"
        + "".join(
            f"late-{n},C{n:09},2024-05-1{n % 9},delivery,Write to late-{n}@example.org\n"
            for n in numbers
        ),
        "survey_responses/late.csv": "response_id,customer_id,sent_at,responded_at,survey,score\n"
        + "".join(
            f"late-{n},C{n:09},2024-0{5 + n % 2}-20,2024-0{5 + n % 2}-21,csat,{1 + n % 2}\n"
            for n in numbers
        ),
    }
    for name, text in texts.items():
        path = settings.landing / name
        path.write_text(text)
        os.utime(path, ns=(LANDED_NS, LANDED_NS))


def _collected(settings: Settings) -> None:
    _land_late(settings)
    _run(settings, "collecting")


def _cleaned(settings: Settings) -> None:
    _collected(settings)
    _run(settings, "sql_models")


def _unpublished(settings: Settings) -> None:
    prepare_home(settings)
    for publication in (ACTIONS, SURVEYS):
        for folder in (
            settings.outbox / publication.name,
            settings.landing / publication.record,
        ):
            (folder / f"{LATEST}.parquet").unlink()


def _asked_to_be_erased(settings: Settings) -> None:
    """By the customer who has left most traces."""
    prepare_home(settings)
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        ((who,),) = session.rows(
            "select customer_id from collect.orders semi join collect.survey_responses "
            "using (customer_id) semi join collect.support_tickets using (customer_id) "
            "semi join personalize.next_best_actions using (customer_id) "
            "group by all order by count(*) desc, 1 limit 1"
        )
    path = settings.landing / "erasure_requests" / "asked.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"request_id,customer_id,requested_at\nasked,{who},2024-06-20\n")
    os.utime(path, ns=(LANDED_NS, LANDED_NS))


def _old_replica(settings: Settings) -> None:
    refresh(settings.warehouse)
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        session.execute(f"delete from process.orders where period = date '{LATEST}'")


def _full_of_free_blocks(settings: Settings) -> None:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        session.execute("create table process.filler as select random() from range(1000000)")
        session.execute("checkpoint")
        session.execute("drop table process.filler")


def _version_1(settings: Settings) -> None:
    settings.home.mkdir()
    with tarfile.open(VERSION_1) as archive:
        archive.extractall(settings.home, filter="data")
    Guard.of(settings)


def _upgrade(settings: Settings) -> None:
    upgrade(DuckDBWarehouse.at(settings.warehouse), settings, Guard.of(settings))


def _retain(settings: Settings) -> None:
    """What is from before April goes."""
    days = (date.today() - date(2024, 4, 1)).days
    kept = {"landing_retention_days": days, "collect_retention_days": days}
    _alone(settings.model_copy(update=kept), keep_no_longer)


KINDS = {
    kind.name: kind
    for kind in (
        Kind("collect", _land_late, lambda settings: _run(settings, "collecting")),
        Kind("SQL model", _collected, lambda settings: _run(settings, "sql_models")),
        Kind("Python model", _cleaned, lambda settings: _run(settings, "python_models")),
        Kind("outbox", _unpublished, lambda settings: _run(settings, "publishing")),
        Kind(
            "erasure",
            _asked_to_be_erased,
            lambda settings: _alone(settings, erase_people),
            apart=("registry.eras",),
        ),
        Kind(
            "key rotation", prepare_home, lambda settings: rotate(settings.keys, settings.vault, {})
        ),
        Kind("read replica", _old_replica, lambda settings: refresh(settings.warehouse)),
        Kind("compaction", _full_of_free_blocks, lambda settings: compact(settings.warehouse)),
        Kind(
            "upgrade",
            _version_1,
            _upgrade,
            apart=("registry.to_compact",),
            at_once=True,
            from_version_1=True,
        ),
        Kind("retention", prepare_home, _retain, apart=("registry.to_compact",)),
    )
}
