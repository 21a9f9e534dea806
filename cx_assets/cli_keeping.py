"""The commands that keep an installation in order: `cx backup`, `cx restore`, `cx doctor`."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from cx_assets.settings import Settings


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--with-keys", is_flag=True, help="The keys too; who has them can undo pseudonyms.")
@click.option(
    "--wait", default=600.0, show_default=True, help="Seconds to wait for whoever is writing."
)
def backup(file: Path | None, with_keys: bool, wait: float) -> None:
    """Write all of $CX_HOME to one FILE: tables, landing files, outbox, reports, runs.

    It may be made while runs go on. The keys are left out, so that whoever comes by the file cannot
    undo the pseudonyms in it; keep them elsewhere, or say --with-keys and keep the file as safe.

    \b
    Example:
      cx backup /mnt/backups/cx-monday.zip
    """
    from cx_assets.backup import back_up

    settings = Settings.from_env()
    target = file or Path(f"cx-backup-{datetime.now():%Y%m%d-%H%M%S}.zip")
    with _sentences():
        made = back_up(settings, target.expanduser(), with_keys, _bar, lock_wait_seconds=wait)
    tables = sum(len(tables) for tables in made.tables.values())
    click.echo(
        f"{target}: {len(made.files):,} files ({made.size / 1e6:,.1f} MB), "
        f"{tables} tables with {made.rows:,} rows, read back and found the same."
    )
    for name in made.left_out:
        click.echo(f"Left out: {name}")
    if made.keys_left_out:
        click.echo(f"The keys are not in it: keep a copy of {settings.keys} apart from it.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--into", type=click.Path(path_type=Path), help="A new home; else $CX_HOME.")
@click.option("--force", is_flag=True, help="Also over a home that holds something.")
def restore(file: Path, into: Path | None, force: bool) -> None:
    """Make a home out of a FILE of `cx backup`, and compare every file and table.

    Stop the daemon and the webserver first. A home that stood there is moved aside, not deleted.

    \b
    Example:
      cx restore /mnt/backups/cx-monday.zip --into ~/cx-monday
      CX_HOME=~/cx-monday cx doctor
    """
    from cx_assets.home import elsewhere
    from cx_assets.restore import restore as restore_home

    settings = Settings.from_env()
    if (outside := elsewhere(settings)) and into is None:
        raise click.UsageError(
            f"the settings put {', '.join(outside)} outside of {settings.home}, and a home is "
            "restored as one folder: say --into FOLDER, and move what belongs elsewhere from there."
        )
    with _sentences():
        made = restore_home(file.expanduser(), into or settings.home, force, _bar)
    click.echo(
        f"{made.home} is as it was on {made.manifest.made_at:%Y-%m-%d %H:%M} UTC: "
        f"{len(made.manifest.files):,} files and {made.manifest.rows:,} rows, all compared."
    )
    if made.aside:
        click.echo(f"What stood there is in {made.aside}; delete it once you need it no more.")
    if made.keys_missing:
        click.echo(f"The keys are not in the backup: put yours into {made.home / 'keys'} now.")
    click.echo(f"Next: CX_HOME={made.home} cx doctor")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The findings as JSON, for programs.")
def doctor(as_json: bool) -> None:
    """Say what is wrong with this installation, and what to do. Changes nothing.

    Ends with 1 where something keeps it from working.

    \b
    Example:
      cx doctor
    """
    from cx_assets.doctor import examine
    from cx_assets.findings import Level

    findings = examine(Settings.from_env())
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(f"{finding.level:<6}{finding.about}: {finding.what}")
            if finding.advice:
                click.echo(f"      {finding.advice}")
    if any(finding.level is Level.ERROR for finding in findings):
        raise SystemExit(1)


@contextmanager
def _sentences() -> Iterator[None]:
    """What a person can act on is printed as one sentence, without a traceback."""
    import sqlite3

    import duckdb

    from cx_assets.backup_archive import BackupError
    from cx_assets.warehouse import WarehouseLocked

    try:
        yield
    except (BackupError, WarehouseLocked, OSError, duckdb.Error, sqlite3.Error) as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def _bar(label: str, size: int) -> Iterator[Callable[[int], object]]:
    with click.progressbar(length=size, label=label, show_eta=False) as bar:
        yield bar.update
