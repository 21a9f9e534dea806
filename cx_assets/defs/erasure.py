"""Erasure requests are fulfilled by a job of their own, between the runs of the loop.

It belongs to no period: it takes people out of all of them. Tables of aggregates stay as they are.
"""

import hashlib

import dagster as dg

from cx_assets import disk
from cx_assets.instance import POOL, under_way
from cx_assets.landing import watch
from cx_assets.landing.sources import FEEDBACK
from cx_assets.privacy import requests
from cx_assets.privacy.guard import Guard
from cx_assets.settings import Settings
from cx_assets.warehouse import Warehouse

JOB = "erase_people"
INTERVAL_SECONDS = 60
# Under this key, an observation says which landing files have other content since: [old, new] hash.
REWRITTEN = "files_rewritten"
PENDING_TAG = "cx/erasure_requests"
# What has failed so often needs somebody to look; every failed run is an alert.
MOST_FAILURES = 3


@dg.op(
    pool=POOL,
    description="Removes everybody who asked for it, searches for what is left, and certifies it.",
)
def fulfil_requests(
    context: dg.OpExecutionContext,
    settings: dg.ResourceParam[Settings],
    warehouse: dg.ResourceParam[Warehouse],
) -> None:
    if others := under_way(context.instance, beside=context.run_id):
        context.log.warning(
            f"run {others[0]} has begun: nobody was erased, as it would bring rows back. "
            "The sensor erasure_requests asks again once it has ended."
        )
        context.add_output_metadata({"erased": 0, "waits_for_run": others[0]})
        return
    before = _hashes(settings)
    with disk.said(settings.home):
        certificates = requests.fulfil(warehouse, settings, context.log.info)
    _tell_rewritten(context, before, _hashes(settings))
    if not certificates:
        context.log.info("nobody has asked to be erased")
    for path in certificates:
        context.log.info(f"certificate: {path}")
    context.add_output_metadata(
        {
            "erased": len(certificates),
            "certificates": dg.MetadataValue.path(settings.reports / "erasures"),
        }
    )


def _hashes(settings: Settings) -> dict[str, dict[str, str]]:
    """The hash of each file of answers and deliveries, by source and path."""
    return {
        source.name: {
            file.path: watch.fingerprint(settings.landing / file.path)
            for file in watch.listing(settings.landing, source)
        }
        for source in FEEDBACK
    }


def _tell_rewritten(
    context: dg.OpExecutionContext,
    before: dict[str, dict[str, str]],
    after: dict[str, dict[str, str]],
) -> None:
    """So that the sensor new_feedback does not take what is left of a file for new answers."""
    for source, files in after.items():
        known = before[source]
        rewritten = {
            path: [known[path], sha256]
            for path, sha256 in files.items()
            if path in known and known[path] != sha256
        }
        if rewritten:
            observed = dg.AssetObservation(
                asset_key=["collect", source],
                description="People were erased from these files.",
                metadata={REWRITTEN: rewritten},
            )
            context.log_event(observed)


@dg.job(name=JOB, description="Fulfils the erasure requests that have landed.")
def erase_people() -> None:
    fulfil_requests()


@dg.sensor(
    job_name=JOB,
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Looks below landing/erasure_requests for requests without a certificate. Once no run is "
        "under way, asks for a run that fulfils them, and again if that fails."
    ),
)
def erasure_requests(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.RunRequest | dg.SkipReason:
    pending = requests.pending(settings, Guard.of(settings))
    if not pending:
        return dg.SkipReason("every request has its certificate")
    if others := under_way(context.instance):
        return dg.SkipReason(f"{len(pending)} requests wait for the end of run {others[0]}")
    # A hash, as the tags of runs are kept, and a request's id may name its customer.
    ids = "\0".join(request.request_id for request in pending)
    wanted = hashlib.sha256(ids.encode()).hexdigest()[:16]
    asked = context.instance.get_runs(dg.RunsFilter(tags={PENDING_TAG: wanted}))
    if going := [run.run_id for run in asked if not run.is_finished]:
        return dg.SkipReason(f"run {going[0]} is to fulfil {len(pending)} requests")
    if sum(not run.is_success for run in asked) >= MOST_FAILURES:
        return dg.SkipReason(
            f"{len(pending)} requests failed {MOST_FAILURES} times: read the logs of {JOB}, "
            "and run it by hand or `cx erase`"
        )
    return dg.RunRequest(run_key=f"{wanted} {len(asked)}", tags={PENDING_TAG: wanted})
