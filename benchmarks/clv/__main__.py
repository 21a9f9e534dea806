"""`python -m benchmarks.clv`: simulate, run every side, print the tables."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from benchmarks.clv.contest import MODELS, SIDES, Result, Side, contest
from benchmarks.clv.simulation import simulate, write
from benchmarks.clv.table import tables
from benchmarks.environments import python_of
from benchmarks.machine import machine, memory_gb
from benchmarks.processes import HOME, Limits
from benchmarks.readme import README, put

WARM_UP = 1_000  # customers: packages get into the file cache, PyTensor compiles


@click.command(context_settings={"show_default": True})
@click.option("--customers", default=1_000_000, type=click.IntRange(200))
@click.option("--model", "models", multiple=True, type=click.Choice(MODELS), help="Default: all.")
@click.option(
    "--side",
    "titles",
    multiple=True,
    type=click.Choice([side.title for side in SIDES]),
    help="Default: all.",
)
@click.option("--repeats", default=3, help="The fastest counts; runs over a minute are run once.")
@click.option("--seconds", default=1800.0, help="A run that takes longer is stopped.")
@click.option("--memory-gb", type=float, help="Likewise.  [default: 0.9 of what is free]")
@click.option("--environments", type=click.Path(path_type=Path), default=HOME / "environments")
@click.option("--work", type=click.Path(path_type=Path), default=HOME / "clv")
@click.option("--record", is_flag=True, help="Write the tables into benchmarks/README.md.")
def main(
    customers: int,
    models: Sequence[str],
    titles: Sequence[str],
    repeats: int,
    seconds: float,
    memory_gb: float | None,
    environments: Path,
    work: Path,
    record: bool,
) -> None:
    """Lifetime value: ours against lifetimes and pymc-marketing, on the same customers."""
    chosen = [side for side in SIDES if not titles or side.title in titles]
    limits = Limits(seconds, memory_gb or 0.9 * free_gb())
    pythons = {side: python_of(side.peer, environments.absolute()) for side in chosen}
    folder, warm = work.absolute() / str(customers), work.absolute() / str(WARM_UP)
    histories = write(simulate(customers), folder)
    write(simulate(WARM_UP), warm)
    click.echo(f"{customers:,} customers with {histories:,} distinct histories in {folder}")
    results = []
    for model in models or MODELS:
        for side in chosen:
            contest(side, model, warm, pythons[side], WARM_UP, limits, repeats=1)
            result = contest(side, model, folder, pythons[side], customers, limits, repeats)
            results.append(result)
            told = result.failure or f"{result.in_all:.2f} s, {result.peak_mb:.0f} MB"
            click.echo(f"{model}, {side.title}: {told}")
            (folder / "results.json").write_text(
                json.dumps([result.as_json() for result in results], indent=2)
            )
    text = f"{_heading(customers, histories, results, chosen)}\n\n{tables(results)}"
    (folder / "results.md").write_text(text + "\n")
    click.echo(f"\n{text}\n\nAlso in {folder}/results.md and results.json.")
    if record:
        put(README, f"clv {customers}", text)


def free_gb() -> float:
    return memory_gb("MemAvailable")


def _heading(
    customers: int, histories: int, results: Sequence[Result], sides: Sequence[Side]
) -> str:
    loads = [result.load_average for result in results]
    versions = {
        result.side: ", ".join(f"{name} {number}" for name, number in result.versions.items())
        for result in results
        if result.versions
    }
    told = "; ".join(
        f"{side.title}: {versions[side.title]}"
        for side in sides
        if side.title in versions and not side.arguments
    )
    return (
        f"{customers:,} customers, {histories:,} distinct histories. {date.today()}, {machine()}; "
        f"load average {min(loads):.1f} to {max(loads):.1f}. {told}."
    )


if __name__ == "__main__":
    main()
