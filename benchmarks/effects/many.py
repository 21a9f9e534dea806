"""Many worlds at once, each in a process that knows their months and no other setting."""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context

from benchmarks.effects.figures import figures

# The periods are fixed when cx_assets is imported, so a new process has them from the start.
PERIODS = {"CX_FIRST_PERIOD": "2024-01-01", "CX_LAST_PERIOD": "2024-04-01"}


def measure_all(customers: int, worlds: int, processes: int) -> Iterator[list[dict[str, object]]]:
    """The figures of the worlds with seeds 1, 2, ..., each as it finishes."""
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"))
    with _environment(), pool:
        waiting = {pool.submit(figures, customers, seed): seed for seed in range(1, worlds + 1)}
        for done in as_completed(waiting):
            yield [{"seed": waiting[done], **row} for row in done.result()]


@contextmanager
def _environment() -> Iterator[None]:
    before = dict(os.environ)
    kept = {name: value for name, value in before.items() if not name.startswith("CX_")}
    os.environ.clear()
    os.environ.update({**kept, **PERIODS})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
