"""The product as it runs: daemon and webserver in processes of their own, each to be killed."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import dagster as dg
import pytest
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorTick,
    SensorInstigatorData,
)

from cx_assets.defs.feedback.feedback_sensor import NAME
from cx_assets.settings import PROJECT_ROOT, Settings
from cx_assets.turns import State
from cx_assets_tests.e2e.commands import BIN, command, environment

PATIENCE_SECONDS = 300.0
ENDED = ("SUCCESS", "FAILURE", "CANCELED")
Found = TypeVar("Found")


class Stack:
    """The processes on one home. Leaving it kills all of them, and whatever they have started."""

    def __init__(self, settings: Settings, last_period: str) -> None:
        self.settings = settings
        self.env = environment(settings.home, CX_LAST_PERIOD=last_period)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        # A process that is dead leaves others alive: its code server, and the run below that. They
        # are of its group, whose number is not given away while the dead one is not waited for.
        self._left: list[subprocess.Popen[bytes]] = []

    @cached_property
    def instance(self) -> dg.DagsterInstance:
        """What the processes write of themselves; to be looked at once they were started."""
        return dg.DagsterInstance.from_config(str(self.settings.dagster_home))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill_all()
        for process in self._left:
            process.wait()
        self.instance.dispose()

    def _words(self, name: str) -> list[str]:
        port = str(self.port)
        return {
            "dev": ["dg", "dev", "--port", port],
            "daemon": ["dagster-daemon", "run", "-w", "workspace.yaml"],
            "webserver": ["dagster-webserver", "-w", "workspace.yaml", "--port", port],
        }[name]

    def start(self, *names: str) -> None:
        """Start processes as `make dev` does: `cx home` first."""
        command(self.env, "cx", "home")
        for name in names:
            program, *words = self._words(name)
            with self._log(name).open("ab") as log:
                self._running[name] = subprocess.Popen(
                    [str(BIN / program), *words],
                    cwd=PROJECT_ROOT,
                    env=self.env,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def kill(self, name: str) -> None:
        """SIGKILL to this one process; what it has started lives on."""
        process = self._running.pop(name)
        assert process.poll() is None, f"{name} had ended by itself:\n{self.last_words()}"
        os.kill(process.pid, signal.SIGKILL)
        self._left.append(process)

    def kill_all(self) -> None:
        """SIGKILL to every process that was ever started, and to all that they have started."""
        self._left += self._running.values()
        self._running.clear()
        for process in self._left:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)

    def _log(self, name: str) -> Path:
        return self.settings.home / f"{name}.log"

    def last_words(self) -> str:
        logs = sorted(self.settings.home.glob("*.log"))
        return "\n".join(f"{log.name}: ...{log.read_text()[-1500:]}" for log in logs)

    def state(self) -> str:
        """The turns, why they failed, and the last words of the processes."""
        turns = [f"{run.run_id}: {run.status.value}" for run in self.turns()]
        failures = [
            str(event.step_failure_data.error)[:1500]
            for run in self.turns()
            for log in self.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
            if (event := log.dagster_event)
        ]
        return "\n".join([*turns, *failures, self.last_words()])

    def until(
        self,
        what: str,
        look: Callable[[], Found | None],
        every: float = 0.5,
        unless_ended: dg.DagsterRun | None = None,
    ) -> Found:
        """Wait until `look` gives something that is true, and give that back.

        Args:
            unless_ended: the run that must bring it about; once it has ended, waiting is in vain.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := look()):
            if unless_ended and self.status(unless_ended).value in ENDED:
                pytest.fail(f"the run has ended before: {what}\n{self.state()}")
            if time.monotonic() > deadline:
                pytest.fail(f"not within {PATIENCE_SECONDS:.0f} s: {what}\n{self.state()}")
            time.sleep(every)
        return found

    def turns(self) -> list[dg.DagsterRun]:
        """The runs that the sensor has asked for, the oldest first."""
        return list(self.instance.get_runs(dg.RunsFilter(job_name="turn_of_the_loop")))[::-1]

    def status(self, run: dg.DagsterRun) -> dg.DagsterRunStatus:
        now = self.instance.get_run_by_id(run.run_id)
        assert now
        return now.status

    def pid(self, run: dg.DagsterRun) -> int | None:
        """The process that writes the run's steps; None before the first step."""
        records = self.instance.get_records_for_run(
            run.run_id, of_type=dg.DagsterEventType.STEP_START, limit=1, ascending=False
        ).records
        event = records[0].event_log_entry.dagster_event if records else None
        return event.pid if event else None

    def done(self, run: dg.DagsterRun) -> list[str]:
        """The steps of the run that have succeeded, in that order."""
        logs = self.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_SUCCESS)
        return [log.step_key for log in logs if log.step_key]

    def sensor(self) -> InstigatorState | None:
        states = self.instance.all_instigator_state()
        return next((state for state in states if state.instigator_name == NAME), None)

    def cursor(self) -> State:
        sensor = self.sensor()
        data = sensor.instigator_data if sensor else None
        return State.load(data.cursor if isinstance(data, SensorInstigatorData) else None)

    def wait_for_looks(self, count: int) -> list[InstigatorTick]:
        """Until the sensor has looked so many times more, from the start to the end of a look."""
        begun = time.time()

        def ended() -> list[InstigatorTick] | None:
            sensor = self.sensor()
            if sensor is None:
                return None
            ticks = self.instance.get_ticks(
                sensor.instigator_origin_id, sensor.selector_id, after=begun
            )
            ended = [tick for tick in ticks if tick.end_timestamp]
            return ended if len(ended) >= count else None

        return self.until("the sensor has looked", ended)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
