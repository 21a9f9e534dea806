"""`cx demo`: the sample world's data, the whole graph over it, and what came out."""

import hashlib
import json
import logging
import time
from datetime import date
from pathlib import Path

import click
import dagster as dg
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
)

from cx_assets.definitions import build_defs
from cx_assets.defs.erasure import JOB as ERASURE_JOB
from cx_assets.demo_report import achievements
from cx_assets.instance import prepare_home
from cx_assets.periods import PERIODS, first_day, newest, next_first_day, windows
from cx_assets.privacy.guard import Guard
from cx_assets.privacy.requests import pending
from cx_assets.settings import Settings
from cx_assets.warehouse.contents import READ_ONLY
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.world import World, WorldSettings

JOB = "whole_loop"


# So many periods at the end are lived one by one: the product decides, the world answers.
CLOSED_PERIODS = 6
# What the product has to have seen before it decides.
FEWEST_BEFORE = 3


def run(settings: Settings, customers: int, seed: int) -> None:
    """Make the sample data where there is none, build every table, print what came out.

    Raises:
        click.ClickException: the landing zone holds other data, or a run failed.
    """
    prepare_home(settings)
    keys = list(PERIODS.get_partition_keys())
    months = _months(settings)
    world = WorldSettings(
        customers=customers, seed=seed, first_period=first_day(settings.first_period, "monthly")
    )
    definitions = build_defs(settings, loggers={"console": _progress()})
    whole = _settle(settings, world, months)
    built = settings.home / "demo.json"
    state = {"landing": _stamps(settings.landing), "code": _code(definitions)}
    if whole and built.exists() and json.loads(built.read_text()) == state:
        click.echo("Nothing has changed since the last demo, so nothing is built again.\n")
    else:
        built.unlink(missing_ok=True)
        if whole:
            _build(definitions, settings, keys)
        else:
            _live(definitions, settings, world, keys, months)
            _note(settings, world, months, whole=True)
        _erase(definitions, settings)
        state["landing"] = _stamps(settings.landing)
        built.write_text(json.dumps(state))
    click.echo(scorecard(settings))
    if closed := closed_periods(settings, len(keys)):
        sent = windows(PERIODS, keys[-closed - 1 :])
        click.echo(f"\n{achievements(settings, world, sent)}")
    click.echo(_where(settings))


def closed_periods(settings: Settings, periods: int) -> int:
    """How many periods the loop closes over; the world lives by the month, whatever the grain."""
    if settings.period != "monthly":
        return 0
    return min(CLOSED_PERIODS, max(0, periods - FEWEST_BEFORE))


def _live(
    definitions: dg.Definitions,
    settings: Settings,
    world: WorldSettings,
    keys: list[str],
    months: list[date],
) -> None:
    """History in one run; then period by period, the world answering what the product sent.

    What was sent before a demo was stopped stands, and a world that gets the same writes the same.
    """
    closed = closed_periods(settings, len(keys))
    history = len(months) - closed
    started = time.monotonic()
    sample = World(world, landing=settings.landing, truth=settings.home / "truth")
    with click.progressbar(months[:history], label="Sample data", show_eta=False) as bar:
        for _ in bar:
            sample.step(outbox=None)
    click.echo(f"{history} months of sample data in {time.monotonic() - started:.1f} s\n")
    _build(definitions, settings, keys[: len(keys) - closed])
    for key in keys[len(keys) - closed :]:
        sample.step(outbox=settings.outbox)
        _build(definitions, settings, [key])


def _settle(settings: Settings, world: WorldSettings, months: list[date]) -> bool:
    """Whether the landing files are all those that were asked for.

    A note beside them says what they are. A demo that was stopped half way begins again.
    """
    note = settings.home / "world.json"
    found = json.loads(note.read_text()) if note.exists() else None
    if found and found["wanted"] != _wanted(world, months):
        raise click.ClickException(
            f"{settings.landing} holds the sample data of other settings: {found['wanted']}. "
            "`make clean` removes it; or set CX_HOME to an empty folder."
        )
    if not found and any(path.is_file() for path in settings.landing.rglob("*")):
        raise click.ClickException(
            f"{settings.landing} holds files that the demo did not make. Set CX_HOME to an empty "
            "folder for the demo, or build what is there with `dg launch --job whole_loop`."
        )
    if not found:
        _note(settings, world, months, whole=False)
    return bool(found and found["whole"])


def _note(settings: Settings, world: WorldSettings, months: list[date], whole: bool) -> None:
    note = {"wanted": _wanted(world, months), "whole": whole}
    (settings.home / "world.json").write_text(json.dumps(note))


def _wanted(world: WorldSettings, months: list[date]) -> dict[str, object]:
    return {
        "customers": world.customers,
        "seed": world.seed,
        "months": [f"{month:%Y-%m}" for month in months],
    }


def _months(settings: Settings) -> list[date]:
    """The months of the world that cover all periods, whatever their grain."""
    last = newest(PERIODS)
    if last is None:
        raise click.ClickException(f"no period has ended since {settings.first_period}")
    months = [first_day(settings.first_period, "monthly")]
    while (month := next_first_day(months[-1], "monthly")) < last.end.date():
        months.append(month)
    return months


def _build(definitions: dg.Definitions, settings: Settings, keys: list[str]) -> None:
    """One range run of these periods, as if the last of them were the newest there is."""
    click.echo(f"Building every table of {keys[0]} to {keys[-1]} in one run")
    then = settings.model_copy(update={"last_period": date.fromisoformat(keys[-1])})
    window = {ASSET_PARTITION_RANGE_START_TAG: keys[0], ASSET_PARTITION_RANGE_END_TAG: keys[-1]}
    _run(definitions, JOB, then, window)


def _erase(definitions: dg.Definitions, settings: Settings) -> None:
    """Forget those of the sample's customers who asked for it."""
    asked = len(pending(settings, Guard.of(settings)))
    if asked:
        click.echo(f"{asked} customers have asked to be forgotten")
        _run(definitions, ERASURE_JOB, settings, {})


def _run(definitions: dg.Definitions, job: str, settings: Settings, tags: dict[str, str]) -> None:
    started = time.monotonic()
    with dg.DagsterInstance.get() as instance:
        result = definitions.resolve_job_def(job).execute_in_process(
            instance=instance,
            tags=tags,
            resources={"settings": settings, "warehouse": DuckDBWarehouse.at(settings.warehouse)},
            run_config={"loggers": {"console": {}}},
            raise_on_error=False,
        )
    if not result.success:
        raise click.ClickException(
            f"run {result.run_id} failed; the messages above say where. `make dev` shows the run."
        )
    click.echo(f"Done in {time.monotonic() - started:.0f} s\n")


def scorecard(settings: Settings) -> str:
    """The newest period's scorecard, as a table for people."""
    if not settings.warehouse.exists():
        raise click.ClickException(f"{settings.warehouse} does not exist yet; run `make demo`")
    opened = DuckDBWarehouse.at(settings.warehouse, connection_config=READ_ONLY)
    with opened.connect() as session:
        rows = session.rows(
            "select period, metric, value, previous, low, high, note from insight.scorecard "
            "where period = (select max(period) from insight.scorecard) order by metric"
        )
    lines = [f"Scorecard of {rows[0][0]}" if rows else "The scorecard is empty"]
    lines += [f"{'metric':<34}{'value':>14}{'before':>14}   95 % interval"]
    for _, metric, value, previous, low, high, note in rows:
        interval = f"   {_number(low)} to {_number(high)}" if low is not None else ""
        said = f"   ! {note}" if note else ""
        lines.append(f"{metric:<34}{_number(value):>14}{_number(previous):>14}{interval}{said}")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:,.3f}"


def _where(settings: Settings) -> str:
    return "\n".join(
        [
            "",
            f"Tables      {settings.warehouse}",
            f"Files in    {settings.landing}",
            f"Actions out {settings.outbox}",
            "Next: `make dev` shows all of it in the Dagster UI.",
        ]
    )


def _stamps(landing: Path) -> str:
    """A hash of the names, sizes and times of all landing files."""
    digest = hashlib.sha256()
    for path in sorted(path for path in landing.rglob("*") if path.is_file()):
        stat = path.stat()
        digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _code(definitions: dg.Definitions) -> dict[str, str]:
    graph = definitions.resolve_asset_graph()
    return {
        key.to_user_string(): graph.get(key).code_version or ""
        for key in sorted(graph.get_all_asset_keys())
    }


def _progress() -> dg.LoggerDefinition:
    """Prints what the assets say, one line each, with the seconds since the start."""

    @dg.logger
    def progress(_: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.Logger("cx demo", level=logging.INFO)
        handler = logging.StreamHandler()
        handler.addFilter(_said_by_an_asset)
        handler.setFormatter(_Line())
        logger.addHandler(handler)
        return logger

    return progress


def _said_by_an_asset(record: logging.LogRecord) -> bool:
    meta = getattr(record, "dagster_meta", {})
    return record.levelno >= logging.ERROR or meta.get("dagster_event") is None


class _Line(logging.Formatter):
    def __init__(self) -> None:
        super().__init__()
        self.started = time.monotonic()

    def format(self, record: logging.LogRecord) -> str:
        message = getattr(record, "dagster_meta", {}).get("orig_message") or record.getMessage()
        return f"{time.monotonic() - self.started:6.1f} s  {message}"
