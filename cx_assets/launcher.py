"""Runs that the daemon looks after: one whose process is gone has failed, and is asked for anew."""

from dagster import DagsterRun, DefaultRunLauncher
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus

from cx_assets.instance import is_alive
from cx_assets.owner_only import keep_to_owner

# The daemon and the webserver import nothing else of the project.
keep_to_owner()


class WatchedRunLauncher(DefaultRunLauncher):
    """Dagster's own launcher, and a look at the process of a run in every round of run monitoring.

    Without it, a run that is killed together with its code server stays started for ever, and the
    sensor that asked for it waits. Runs are processes of this machine, as with Dagster's own.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        if is_alive(self._instance, run.run_id):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, "The process of this run is gone.")
