"""Many worlds at once, each in a process of its own."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from benchmarks.effects.figures import figures
from benchmarks.effects.worlds import MONTHS
from benchmarks.months import only_months


def measure_all(customers: int, worlds: int, processes: int) -> Iterator[list[dict[str, object]]]:
    """The figures of the worlds with seeds 1, 2, ..., each as it finishes."""
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"))
    with only_months(MONTHS), pool:
        waiting = {pool.submit(figures, customers, seed): seed for seed in range(1, worlds + 1)}
        for done in as_completed(waiting):
            yield [{"seed": waiting[done], **row} for row in done.result()]
