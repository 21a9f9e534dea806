"""`python -m benchmarks.effects`: effects of actions in many small worlds, beside the truth."""

import json
import os
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

import click
import pandas as pd

from benchmarks.effects.many import measure_all
from benchmarks.effects.summary import table, targets
from benchmarks.machine import machine
from benchmarks.processes import HOME
from benchmarks.readme import README, put


@click.command(context_settings={"show_default": True})
@click.option("--worlds", default=200, type=click.IntRange(2), help="Their seeds are 1, 2, ...")
@click.option("--customers", default=4_000, help="Customers of a world, four months.")
@click.option("--processes", default=2, type=click.IntRange(1))
@click.option("--work", type=click.Path(path_type=Path), default=HOME / "effects")
@click.option("--record", is_flag=True, help="Write the table into benchmarks/README.md.")
def main(worlds: int, customers: int, processes: int, work: Path, record: bool) -> None:
    """Effects of actions, their intervals and tests, in worlds whose truth is known."""
    work.mkdir(parents=True, exist_ok=True)
    rows, loads = [], [os.getloadavg()[0]]
    with (work / "worlds.jsonl").open("w") as file:
        for finished, world in enumerate(measure_all(customers, worlds, processes), start=1):
            rows += world
            loads.append(os.getloadavg()[0])
            file.writelines(json.dumps(row) + "\n" for row in world)
            file.flush()
            click.echo(f"\r{finished} of {worlds} worlds", nl=False, err=True)
    click.echo(err=True)
    # As they finish is not the same from run to run.
    found = pd.DataFrame(rows).sort_values(["seed", "action", "outcome"], ignore_index=True)
    packages = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "numpy", "dagster"))
    heading = (
        f"`{' '.join(['python -m benchmarks.effects', *sys.argv[1:]])}`, {date.today()}, "
        f"{machine()}; load average {min(loads):.1f} to {max(loads):.1f}; {packages}."
    )
    text = f"{heading}\n\n{table(found)}\n\n{targets(found)}"
    (work / "results.md").write_text(text + "\n")
    click.echo(f"{text}\n\nAlso in {work}/results.md and worlds.jsonl.")
    if record:
        put(README, "effects", text)


if __name__ == "__main__":
    main()
