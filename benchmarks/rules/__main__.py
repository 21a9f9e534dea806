"""`python -m benchmarks.rules`: simulate baskets, let every side find the sets, print the table."""

import json
import sys
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import click

from benchmarks.environments import python_of
from benchmarks.machine import machine
from benchmarks.machine import memory_gb as memory_of
from benchmarks.processes import HOME, Limits
from benchmarks.readme import README, put
from benchmarks.rules.contest import OURS, SIDES, TASKS, Result, contest
from benchmarks.rules.simulation import ITEMS, simulate, write
from benchmarks.rules.table import table, targets
from cx_assets.methods.rules import least_count

WARM_UP = 1_000  # baskets: packages get into the file cache


@click.command(context_settings={"show_default": True})
@click.option("--baskets", default=1_000_000, type=click.IntRange(1_000))
@click.option("--support", default="0.001", help="Share of the baskets, at least ten of them.")
@click.option("--task", "tasks", multiple=True, type=click.Choice(list(TASKS)), help="Both.")
@click.option(
    "--side",
    "titles",
    multiple=True,
    type=click.Choice([side.title for side in SIDES]),
    help="Default: all.",
)
@click.option("--repeats", default=3, help="The fastest counts; runs over a minute are run once.")
@click.option("--seconds", default=900.0, help="A run that takes longer is stopped.")
@click.option("--memory-gb", type=float, help="Likewise.  [default: 0.9 of what is free]")
@click.option("--environments", type=click.Path(path_type=Path), default=HOME / "environments")
@click.option("--work", type=click.Path(path_type=Path), default=HOME / "rules")
@click.option("--record", is_flag=True, help="Write the table into benchmarks/README.md.")
def main(
    baskets: int,
    support: str,
    tasks: Sequence[str],
    titles: Sequence[str],
    repeats: int,
    seconds: float,
    memory_gb: float | None,
    environments: Path,
    work: Path,
    record: bool,
) -> None:
    """Frequent item sets: ours against mlxtend, PyFIM and efficient-apriori."""
    chosen = [side for side in SIDES if not titles or side.title in titles]
    limits = Limits(seconds, memory_gb or 0.9 * memory_of("MemAvailable"))
    pythons = {side: python_of(side.peer, environments.absolute()) for side in chosen}
    folder, warm = work.absolute() / str(baskets), work.absolute() / str(WARM_UP)
    rows = simulate(baskets)
    write(rows, folder)
    write(simulate(WARM_UP), warm)
    least = max(10, least_count(Decimal(support), baskets))
    click.echo(f"{len(rows):,} rows; a set must be in {least:,} baskets")
    results: list[Result] = []
    for task in tasks or TASKS:
        for side in chosen:
            contest(side, task, warm, pythons[side], 10, limits, repeats=1)
            result = contest(side, task, folder, pythons[side], least, limits, repeats)
            results.append(result)
            told = result.failure or f"{result.in_all:.2f} s, {result.peak_mb:.0f} MB"
            click.echo(f"{task}, {side.title}: {told}, load average {result.load_average:.1f}")
            kept = json.dumps([result.as_json() for result in results], indent=2)
            (folder / "results.json").write_text(kept)
    lines = "\n".join(f"- {line}" for line in targets(results))
    text = f"{_heading(baskets, len(rows), least, results)}\n\n{table(results)}\n\n{lines}"
    click.echo(f"\n{text}")
    if record:
        put(README, "rules", text)


def _heading(baskets: int, rows: int, least: int, results: Sequence[Result]) -> str:
    loads = [result.load_average for result in results]
    versions = dict(item for result in results for item in result.versions.items())
    found = max((result.sizes for result in results if result.side == OURS.title), default=[])
    command = " ".join(["python -m benchmarks.rules", *sys.argv[1:]])
    return (
        f"`{command}`, {date.today()}, {machine()}; "
        f"load average {min(loads):.1f} to {max(loads):.1f}. {baskets:,} baskets of {ITEMS:,} "
        f"items, {rows:,} rows; sets in at least {least:,} baskets: "
        f"{', '.join(f'{count:,} of {size}' for size, count in enumerate(found, 1))}. "
        f"{', '.join(f'{name} {number}' for name, number in versions.items())}."
    )


if __name__ == "__main__":
    main()
