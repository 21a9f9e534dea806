"""Many rows, some at a time: memory does not grow with their number, and all cores take part.

The parts come back in the order of the rows, so no digit depends on which core was first.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Part = TypeVar("Part")


def in_chunks(function: Callable[[slice], Part], rows: int, at_once: int) -> Iterator[Part]:
    """function(slice) for each `at_once` rows; numpy lets the other threads run meanwhile."""
    slices = [slice(start, start + at_once) for start in range(0, rows, at_once)]
    if len(slices) < 2:
        yield from map(function, slices)
        return
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        yield from pool.map(function, slices)
