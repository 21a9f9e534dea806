"""Children of a warm parent: everything is imported once, and a step costs what it does itself.

A fork is sound only while the parent has no thread that could hold a lock. So the parent never
opens a database, nor calls anything that starts threads; what has to look at a home is a child too.
"""

import multiprocessing
import os
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any, TypeVar

import duckdb

FORK = multiprocessing.get_context("fork")
# jemalloc stops its own thread before a fork and starts it again afterwards.
HARMLESS = {"jemalloc_bg_thd"}
PATIENCE = 5.0  # seconds

Result = TypeVar("Result")


class Failed(RuntimeError):
    """A child that was not killed did not end well; its last words."""


def start(log: Path, work: Callable[..., object], *arguments: Any) -> ForkProcess:
    """A child that calls `work`; what it says goes to `log`, and an error makes its exit code 1."""
    # duckdb keeps a database in memory, and its threads, for callers that name no connection.
    duckdb.close()
    _wait_for_threads()
    process = FORK.Process(target=_work, args=(log, work, arguments))
    process.start()
    return process


def finish(process: ForkProcess, log: Path) -> None:
    """
    Raises:
        Failed: the child ended with an error, or was killed.
    """
    process.join()
    if process.exitcode:
        raise Failed(f"exit code {process.exitcode}: ...{log.read_text()[-3000:]}")


def ask(log: Path, work: Callable[..., Result], *arguments: Any) -> Result:
    """What `work` returns in a child.

    Raises:
        Failed: it raised something.
    """
    receiver, sender = FORK.Pipe(duplex=False)
    process = start(log, _answer, sender, work, arguments)
    sender.close()
    try:
        result: Result = receiver.recv()
    except EOFError:
        finish(process, log)
        raise
    finish(process, log)
    return result


def _wait_for_threads() -> None:
    """A thread that has ended is listed for a moment yet."""
    patience = time.monotonic() + PATIENCE
    while others := _threads() - HARMLESS:
        if time.monotonic() > patience:
            raise RuntimeError(f"a fork now could copy a lock that is held: {others}")
        time.sleep(0.001)


def _threads() -> set[str]:
    """The names of this process's threads but the one that asks."""
    tasks = Path("/proc/self/task")
    own = str(os.getpid())
    names = set()
    for task in tasks.iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            if task.name != own:
                names.add((task / "comm").read_text().strip())
    return names


def _work(log: Path, work: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    with log.open("w") as words:
        os.dup2(words.fileno(), 1)
        os.dup2(words.fileno(), 2)
    work(*arguments)


def _answer(sender: Connection, work: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    sender.send(work(*arguments))


def sleep_until(moment: float) -> None:
    """Until a moment of the monotonic clock, however near it is."""
    time.sleep(max(0.0, moment - time.monotonic()))
