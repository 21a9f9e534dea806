"""`python -m benchmarks.satisfaction`: the correction for who answers, in many worlds."""

import json
import os
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

import click
import pandas as pd

from benchmarks.machine import machine
from benchmarks.processes import HOME
from benchmarks.readme import README, put
from benchmarks.satisfaction.correction import Sample, measure_all
from benchmarks.satisfaction.correction_table import summaries, tables
from cx_assets.world.settings import Response

KINDS: tuple[Response, ...] = ("recorded", "feeling")


@click.command(context_settings={"show_default": True})
@click.option("--few", default=20, help="Large worlds of each kind, for the errors.")
@click.option("--large", default=20_000, help="Customers of a large world, six months.")
@click.option("--many", default=200, help="Small worlds of each kind, for the intervals.")
@click.option("--small", default=6_000, help="Customers of a small world, four months.")
@click.option("--processes", default=2, type=click.IntRange(1))
@click.option("--work", type=click.Path(path_type=Path), default=HOME / "satisfaction")
@click.option("--record", is_flag=True, help="Write the tables into benchmarks/README.md.")
def main(
    few: int, large: int, many: int, small: int, processes: int, work: Path, record: bool
) -> None:
    """The correction for who answers, in worlds whose truth is known."""
    samples = [Sample(kind, few, large, 6) for kind in KINDS if few]
    samples += [Sample(kind, many, small, 4) for kind in KINDS if many]
    worlds = sum(sample.worlds for sample in samples)
    if not worlds:
        raise click.UsageError("there are no worlds to measure")
    work.mkdir(parents=True, exist_ok=True)
    rows, loads = [], [os.getloadavg()[0]]
    with (work / "worlds.jsonl").open("w") as file:
        for row in measure_all(samples, processes):
            rows.append(row)
            loads.append(os.getloadavg()[0])
            file.write(json.dumps(row) + "\n")
            file.flush()
            click.echo(f"\r{len(rows)} of {worlds} worlds", nl=False, err=True)
    click.echo(err=True)
    packages = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "numpy", "dagster"))
    heading = (
        f"`{' '.join(['python -m benchmarks.satisfaction', *sys.argv[1:]])}`, {date.today()}, "
        f"{machine()}; load average {min(loads):.1f} to {max(loads):.1f}; {packages}."
    )
    text = f"{heading}\n\n{tables(summaries(pd.DataFrame(rows)))}"
    (work / "results.md").write_text(text + "\n")
    click.echo(f"{text}\n\nAlso in {work}/results.md and worlds.jsonl.")
    if record:
        put(README, f"satisfaction {large}", text)


if __name__ == "__main__":
    main()
