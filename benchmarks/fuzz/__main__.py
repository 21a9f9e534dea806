"""`python -m benchmarks.fuzz`: 10,000 damaged files, a hundred a run, and what became of them."""

import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import date
from importlib.metadata import version
from pathlib import Path

import click

from benchmarks.fuzz.lots import Outcome, take_in
from benchmarks.machine import machine
from benchmarks.processes import HOME
from benchmarks.readme import README, put

LOT = 100


@click.command(context_settings={"show_default": True})
@click.option("--files", default=10_000, type=click.IntRange(1))
@click.option("--seed", default=1, help="Of the first lot; the next ones count on.")
@click.option("--work", type=click.Path(path_type=Path), default=HOME / "fuzz")
@click.option("--record", is_flag=True, help="Write the table into benchmarks/README.md.")
def main(files: int, seed: int, work: Path, record: bool) -> None:
    """Damaged landing files through the product's own runs. Ends with 1 if a row was lost."""
    outcomes: list[Outcome] = []
    failed: list[str] = []
    started = time.monotonic()
    lots = [LOT] * (files // LOT) + [files % LOT] * bool(files % LOT)
    for number, size in enumerate(lots):
        try:
            # A process of its own, so that a crash of an engine is an outcome and no end.
            with ProcessPoolExecutor(1) as pool:
                outcomes += pool.submit(take_in, seed + number, size, work / "home").result()
        except BrokenProcessPool:
            failed.append(f"lot {seed + number}: the process crashed")
        except Exception as error:
            failed.append(f"lot {seed + number}: {type(error).__name__}: {error}"[:2_000])
        click.echo(f"\r{number + 1} of {len(lots)} lots, {len(failed)} failed", nl=False, err=True)
    click.echo(err=True)
    failed += [f"{outcome.path}: {outcome.problem}" for outcome in outcomes if outcome.problem]
    packages = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "pyarrow"))
    text = (
        f"`{' '.join(['python -m benchmarks.fuzz', *sys.argv[1:]])}`, {date.today()}, {machine()}; "
        f"load average {os.getloadavg()[0]:.1f}; {packages}; "
        f"{time.monotonic() - started:,.0f} s.\n\n{table(outcomes, len(lots), failed)}"
    )
    work.mkdir(parents=True, exist_ok=True)
    (work / "results.md").write_text("\n".join([text, "", *failed, ""]))
    click.echo("\n".join([text, *failed]))
    if record:
        put(README, "fuzz", text)
    sys.exit(bool(failed))


def table(outcomes: list[Outcome], lots: int, failed: list[str]) -> str:
    """Files and rows by what became of them, as Markdown."""
    files, rows, rejected = Counter[str](), Counter[str](), Counter[str]()
    for outcome in outcomes:
        files[outcome.result] += 1
        rows[outcome.result] += outcome.rows
        rejected[outcome.result] += outcome.rejected
    lines = ["| what became of a file | files | rows landed | rows refused |", "|---|---|---|---|"]
    lines += [
        f"| {result} | {files[result]:,} | {rows[result]:,} | {rejected[result]:,} |"
        for result in ("taken in", "some rows refused", "refused whole")
    ]
    return "\n".join([*lines, "", f"{lots:,} runs; lost or crashed: {len(failed)}."])


if __name__ == "__main__":
    main()
