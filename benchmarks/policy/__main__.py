"""`python -m benchmarks.policy`: what the policy loses while it learns, against random choices."""

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from itertools import product

import click
import pandas as pd

from benchmarks.machine import machine
from benchmarks.policy.curve import curve
from benchmarks.policy.lives import live
from benchmarks.readme import README, put


@click.command(context_settings={"show_default": True})
@click.option("--customers", default=20_000)
@click.option("--periods", default=12)
@click.option("--seeds", default=10, type=click.IntRange(2))
@click.option(
    "--answers", multiple=True, default=[0.10, 0.05], help="Shares of customers who answer."
)
@click.option("--processes", default=2, type=click.IntRange(1))
@click.option("--record", is_flag=True, help="Write the tables into benchmarks/README.md.")
def main(
    customers: int, periods: int, seeds: int, answers: Sequence[float], processes: int, record: bool
) -> None:
    """Regret of the policy as a share of what even random choices lose."""
    tasks = [(seed, share) for share, seed in product(answers, range(seeds))]
    found = []
    with ProcessPoolExecutor(processes) as pool:
        lives = [pool.submit(live, seed, customers, periods, share).result for seed, share in tasks]
        for number, ((_, share), result) in enumerate(zip(tasks, lives, strict=True), 1):
            found.append(result().assign(answers=share))
            click.echo(f"\r{number} of {len(tasks)} lives", nl=False, err=True)
    click.echo(err=True)
    rows = pd.concat(found)
    of_share = {share: rows[rows["answers"] == share] for share in answers}
    heading = (
        f"`{' '.join(['python -m benchmarks.policy', *sys.argv[1:]])}`, {date.today()}, "
        f"{machine()}; load average {os.getloadavg()[0]:.1f}. {customers:,} customers, "
        f"{seeds} seeds."
    )
    parts = [
        curve(own, f"{share:.0%} of the customers answer in 28 days")
        for share, own in of_share.items()
    ]
    text = "\n\n".join([heading, *parts])
    click.echo(text)
    if record:
        put(README, "policy", text)


if __name__ == "__main__":
    main()
