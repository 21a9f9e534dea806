"""`python -m benchmarks.recommend`: split Online Retail, run every side, print the table."""

import os
from datetime import date
from pathlib import Path

import click
import pandas as pd

from benchmarks.environments import python_of
from benchmarks.machine import machine
from benchmarks.processes import HOME, ROOT
from benchmarks.readme import README, put
from benchmarks.recommend.contest import SIDES, contest
from benchmarks.recommend.split import CUT_OFFS, split
from benchmarks.recommend.table import table

DATA = Path(os.environ.get("CX_REAL_DATA", ROOT.parent / "shared" / "data"))
SOURCE = DATA / "online_retail" / "online_retail_2010_2011.parquet"


@click.command(context_settings={"show_default": True})
@click.option("--source", default=SOURCE, type=click.Path(path_type=Path), help="Online Retail.")
@click.option("--environments", type=click.Path(path_type=Path), default=HOME / "environments")
@click.option("--work", type=click.Path(path_type=Path), default=HOME / "recommend")
@click.option("--record", is_flag=True, help="Write the table into benchmarks/README.md.")
def main(source: Path, environments: Path, work: Path, record: bool) -> None:
    """Recommendations: ours against popularity and implicit, on the same customers."""
    split(source, work.absolute())
    load = os.getloadavg()[0]
    results = []
    for side in SIDES:
        python = python_of(side.peer, environments.absolute())
        results.append(contest(side, python, work.absolute()))
        click.echo(f"{side.title}: NDCG {results[-1].customers['ndcg'].mean():.4f}")
    bought = pd.read_parquet(work / "test" / "purchases.parquet")
    versions = ", ".join(f"{name} {number}" for name, number in results[-1].versions.items())
    text = (
        f"{len(results[0].customers):,} customers tested from {CUT_OFFS['test']:%Y-%m-%d} on, "
        f"{bought['customer_id'].nunique():,} customers and {bought['product_id'].nunique():,} "
        f"products before. {date.today()}, {machine()}; load average {load:.1f} to "
        f"{os.getloadavg()[0]:.1f}. {versions}.\n\n{table(results)}"
    )
    click.echo(f"\n{text}")
    if record:
        put(README, "recommend", text)


if __name__ == "__main__":
    main()
