"""Baskets as a large shop has them: few items sell often, most rarely, and some go together."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cx_assets.warehouse.duckdb import DuckDBWarehouse

ITEMS = 5_000
GROUPS = 300  # of items that are bought together
SINGLE_ITEMS = 8.5  # of a basket on average, drawn by popularity
GROUPS_A_BASKET = 0.6
KEPT = 0.8  # chance that an item of a group is in the basket too


def simulate(baskets: int, seed: int = 6) -> pa.Table:
    """Distinct rows of basket (0, 1, ...) and item (0 to 4,999, in random order of popularity).

    The item of rank r is drawn in proportion to 1 / (r + 20), a Zipf-Mandelbrot law. A group has
    two to six items, half as many groups with each further one; the group of rank r is drawn in
    proportion to 1 / (r + 10).
    """
    rng = np.random.default_rng(seed)
    popularity = _zipf(ITEMS, 20)
    single = np.repeat(np.arange(baskets), 1 + rng.poisson(SINGLE_ITEMS - 1, baskets))
    rows = [single * ITEMS + rng.choice(ITEMS, len(single), p=popularity)]
    chosen = np.repeat(np.arange(baskets), rng.poisson(GROUPS_A_BASKET, baskets))
    group_of = rng.choice(GROUPS, len(chosen), p=_zipf(GROUPS, 10))
    for group, size in enumerate(np.minimum(1 + rng.geometric(0.5, GROUPS), 6)):
        items = rng.choice(ITEMS, size, replace=False, p=popularity)
        mine = chosen[group_of == group]
        kept, item = np.nonzero(rng.random((len(mine), size)) < KEPT)
        rows.append(mine[kept] * ITEMS + items[item])
    distinct = np.unique(np.concatenate(rows))
    number = rng.permutation(ITEMS).astype(np.int32)
    basket = (distinct // ITEMS).astype(np.int32)
    return pa.table({"basket": basket, "item": number[distinct % ITEMS]})


def write(rows: pa.Table, folder: Path) -> None:
    """The rows as Parquet for the peers, and as the table lines of a warehouse for ours."""
    folder.mkdir(parents=True, exist_ok=True)
    parquet = folder / "lines.parquet"
    pq.write_table(rows, parquet)
    with DuckDBWarehouse.at(folder / "warehouse.duckdb").connect() as session:
        session.execute(f"create or replace table lines as select * from read_parquet('{parquet}')")


def _zipf(count: int, offset: float) -> np.ndarray:
    weights = 1 / (np.arange(count) + offset)
    return weights / weights.sum()
