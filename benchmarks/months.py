"""The periods are fixed when cx_assets is imported, so a process must know them from its start."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd

FIRST = "2024-01-01"


@contextmanager
def only_months(months: int) -> Iterator[None]:
    """Processes that start meanwhile know so many months and no other setting of the product."""
    before = dict(os.environ)
    kept = {name: value for name, value in before.items() if not name.startswith("CX_")}
    last = pd.Timestamp(FIRST) + pd.DateOffset(months=months - 1)
    os.environ.clear()
    os.environ.update({**kept, "CX_FIRST_PERIOD": FIRST, "CX_LAST_PERIOD": f"{last:%Y-%m-%d}"})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
