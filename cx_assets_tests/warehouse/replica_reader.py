"""`python -m cx_assets_tests.warehouse.replica_reader fresh|kept REPLICA`: read until it is told.

Reads for as long as its standard input is open, then prints as JSON what it saw: the pairs of
figures, in order, without repetitions.

- fresh: a new connection for every look, as a dashboard does.
- kept: one connection all the time, as a notebook does.
"""

import json
import select
import sys
from collections.abc import Callable

import duckdb

FIGURES = """
select
    (select max(n) from process.orders),
    (select max(n) from insight.scorecard),
    (select count(noise) from process.orders),
    (select count(noise) from insight.scorecard)
"""
Figures = tuple[int, ...]
# The writer needs a processor too.
PAUSE_SECONDS = 0.005


def look(connection: duckdb.DuckDBPyConnection) -> Figures:
    row = connection.execute(FIGURES).fetchone()
    assert row
    return row


def fresh(replica: str) -> Figures:
    with duckdb.connect(replica, read_only=True) as connection:
        return look(connection)


def read_until_told(once: Callable[[], Figures]) -> list[Figures]:
    seen = [once()]
    print("reading", flush=True)
    while not select.select([sys.stdin], [], [], PAUSE_SECONDS)[0]:
        if (now := once()) != seen[-1]:
            seen.append(now)
    return seen


if __name__ == "__main__":
    how, path = sys.argv[1:]
    if how == "fresh":
        figures = read_until_told(lambda: fresh(path))
    else:
        with duckdb.connect(path, read_only=True) as kept:
            figures = read_until_told(lambda: look(kept))
    print(json.dumps(figures))
