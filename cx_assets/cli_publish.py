"""The command for what leaves the house: `cx publish`."""

import click

from cx_assets.settings import Settings


@click.command()
def publish() -> None:
    """Write a DuckDB file per role, and the figures of the newest period.

    All of it is in CX_PUBLISHED (else $CX_HOME/published): analyst.duckdb, marketing.duckdb and
    service.duckdb (what is in them: docs/roles.md), aggregates.csv and aggregates.parquet. The
    files are their owner's only; a mode or group that you give one stays. Figures of a period are
    released once. No other run may be under way.

    \b
    Example:
      CX_PUBLISHED=/srv/cx cx publish
      chgrp service /srv/cx/service.duckdb && chmod g+r /srv/cx/service.duckdb
    """
    import dagster as dg

    from cx_assets.definitions import build_defs
    from cx_assets.defs.publication import JOB
    from cx_assets.instance import prepare_home

    settings = Settings.from_env()
    prepare_home(settings)
    job = build_defs(settings).resolve_job_def(JOB)
    with dg.DagsterInstance.get() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False)
        if not result.success:
            (failed,) = result.filter_events(lambda e: e.event_type_value == "STEP_FAILURE")
            error = failed.step_failure_data.error
            said = failed.step_failure_data.user_failure_data
            words = said.description if said else error and error.message
            raise click.ClickException(f"{words} Run {result.run_id} has the log.")
        (output,) = result.filter_events(lambda e: e.event_type_value == "STEP_OUTPUT")
    metadata = output.step_output_data.metadata
    click.echo(
        f"{metadata['roles'].value} and {metadata['rows'].value} rows of figures, of "
        f"{metadata['groups'].value} groups in the newest period, are in {settings.published}."
    )
