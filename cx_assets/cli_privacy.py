"""The commands for personal data: `cx erase`, `cx reveal`, `cx rotate-keys`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cx_assets.settings import Settings

if TYPE_CHECKING:
    from dagster import ExecuteInProcessResult


@click.command()
@click.argument("customer_ids", nargs=-1)
def erase(customer_ids: tuple[str, ...]) -> None:
    """Fulfil the erasure requests that have landed, and those of these CUSTOMER_IDS.

    Rows go from every table, landing file and outbox, and the customer's key is destroyed. A
    certificate for each request is below $CX_HOME/reports/erasures/. No other run may be under way.

    \b
    Example:
      cx erase C000123
    """
    import dagster as dg

    from cx_assets.definitions import build_defs
    from cx_assets.defs.erasure import JOB
    from cx_assets.instance import prepare_home
    from cx_assets.privacy.requests import ask

    settings = Settings.from_env()
    prepare_home(settings)
    with _sentences():
        for customer_id in customer_ids:
            ask(settings, customer_id, datetime.now(UTC))
    job = build_defs(settings).resolve_job_def(JOB)
    with dg.DagsterInstance.get() as instance:
        result = job.execute_in_process(
            instance=instance,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            raise_on_error=False,
        )
        if not result.success:
            raise click.ClickException(f"{_why(result)} Run {result.run_id} has the log.")
        (output,) = result.filter_events(lambda e: e.event_type_value == "STEP_OUTPUT")
    told = output.step_output_data.metadata
    if "waits_for_run" in told:
        raise click.ClickException(
            f"run {told['waits_for_run'].value} is under way, and would bring rows back: erase "
            "again once it has ended. The requests have landed."
        )
    erased = told["erased"].value
    click.echo(
        f"{erased} requests fulfilled; certificates in {settings.reports / 'erasures'}."
        if erased
        else "Nobody has asked to be erased."
    )


def _why(result: "ExecuteInProcessResult") -> str:
    """What the step that failed said last, without the name of its error."""
    for event in result.all_events:
        if event.is_step_failure and (error := event.step_failure_data.error):
            return (error.cause or error).message.partition(": ")[2].strip()
    return result.all_events[-1].message or ""


@click.command()
@click.argument("customer_id")
def reveal(customer_id: str) -> None:
    """Print what the vault knows of a customer, oldest first, as JSON lines.

    For a person who asks what is stored, and for a pseudonym that has to be looked up.

    \b
    Example:
      cx reveal C000123
    """
    from cx_assets.privacy.guard import Guard

    with _sentences():
        guard = Guard.of(Settings.from_env())
        known = guard.vault.reveal(guard.subject(customer_id))
    if not known:
        raise click.ClickException(f"the vault knows nothing of {customer_id!r}")
    for identity in known:
        click.echo(json.dumps(identity, ensure_ascii=False, sort_keys=True))


@click.command(name="rotate-keys")
def rotate_keys() -> None:
    """Make a new master key, wrap every customer's key with it, and throw the old one away.

    A backup of the vault needs the master key of its time: keep the old one as long as such
    backups. With CX_MASTER_KEY in the environment, set it to the new key first and
    CX_MASTER_KEY_PREVIOUS to the old one.

    \b
    Example:
      cx rotate-keys
    """
    from cx_assets.privacy.rotation import rotate

    settings = Settings.from_env()
    with _sentences():
        wrapped = rotate(settings.keys, settings.vault)
    click.echo(f"{wrapped:,} customers' keys are wrapped with a new master key.")


@contextmanager
def _sentences() -> Iterator[None]:
    from cx_assets.privacy.keys import KeyProblem

    try:
        yield
    except KeyProblem as error:
        raise click.ClickException(str(error)) from error
