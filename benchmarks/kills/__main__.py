"""`python -m benchmarks.kills`: 200 kills over every kind of step, and what became of the homes.

With `--full-disk`, the same steps on a disk that becomes full under them.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import Protocol, TypeVar

import click

from benchmarks.machine import machine
from benchmarks.processes import HOME
from benchmarks.readme import README, put

MONTHS = 6
MOMENTS = ("before", "during", "after")
# Bytes left on a disk: from none, where Dagster's own records fail first, to some of the writes.
AMOUNTS = (0, 20_000, 300_000, 1_000_000, 2_000_000, 4_000_000)


class Attempt(Protocol):
    """What became of one step: when it was stopped, in words, and what was wrong afterwards."""

    @property
    def moment(self) -> str: ...
    @property
    def wrong(self) -> tuple[str, ...]: ...


Found = TypeVar("Found", bound=Attempt)


@click.command(context_settings={"show_default": True})
@click.option("--kills", "number", default=200, type=click.IntRange(1), help="In all.")
@click.option("--full-disk", is_flag=True, help="Fill the disk instead; needs the right to mount.")
@click.option("--left", multiple=True, type=int, default=AMOUNTS, help="Bytes; with --full-disk.")
@click.option("--seed", default=1)
@click.option("--kind", "only", multiple=True, help="This kind of step only; may be repeated.")
@click.option("--base", type=click.Path(path_type=Path), help="A home with every table; else made.")
@click.option("--work", type=click.Path(path_type=Path), default=HOME / "kills")
@click.option("--record", is_flag=True, help="Write the table into benchmarks/README.md.")
def main(
    number: int,
    full_disk: bool,
    left: Sequence[int],
    seed: int,
    only: Sequence[str],
    base: Path | None,
    work: Path,
    record: bool,
) -> None:
    """Kill steps at random moments. Ends with 1 if anything was lost, doubled or torn."""
    started = time.monotonic()
    # BLAS starts its threads when it is imported, and a process with threads may not be forked.
    os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    work.mkdir(parents=True, exist_ok=True)
    from benchmarks.months import only_months

    with only_months(MONTHS):
        from benchmarks.kills import forked
        from benchmarks.kills.full_disk import Filled, fill
        from benchmarks.kills.kinds import KINDS, build_world, settings_of
        from benchmarks.kills.rounds import Kill, kills

        names = list(only) or list(KINDS)
        home = base or work / "base"
        if not home.exists():
            forked.ask(work / "words.txt", build_world, settings_of(home))

        def killed(name: str) -> Iterator[Kill]:
            place = names.index(name)
            share = number // len(names) + (place < number % len(names))
            return kills(KINDS[name], home, work / "homes", share, Random(seed + place))

        def filled(name: str) -> Iterator[Filled]:
            return fill(KINDS[name], home, work / "homes", left)

        if full_disk:
            fillings, failed = _each(names, filled, forked.Failed)
            ends = {(one.kind, one.left): one.end for one in fillings}
            shown = filled_table(ends, names, left, failed)
        else:
            hits, failed = _each(names, killed, forked.Failed)
            shown = killed_table([(hit.kind, hit.moment) for hit in hits], names, failed)
    text = (
        f"`{' '.join(['python -m benchmarks.kills', *sys.argv[1:]])}`, {date.today()}, "
        f"{machine()}; load average {os.getloadavg()[0]:.1f}; duckdb {version('duckdb')}; "
        f"{time.monotonic() - started:,.0f} s.\n\n{shown}"
    )
    (work / "results.md").write_text("\n".join([text, "", *failed, ""]))
    click.echo("\n".join([text, *failed]))
    if record:
        put(README, "full disk" if full_disk else "kills", text)
    sys.exit(bool(failed))


def _each(
    names: Sequence[str],
    attempts: Callable[[str], Iterator[Found]],
    failure: type[Exception],
) -> tuple[list[Found], list[str]]:
    """What was found of each kind of step, told as it comes, and all that was wrong."""
    found: list[Found] = []
    failed: list[str] = []
    for name in names:
        try:
            for one in attempts(name):
                found.append(one)
                wrong = [f"{name}, {one.moment}: {each}" for each in one.wrong]
                failed += wrong
                click.echo("\n".join([f"{len(found)} {name}: {one.moment}", *wrong]), err=True)
        except failure as error:
            failed.append(f"{name}: {error}")
            click.echo(failed[-1], err=True)
    return found, failed


def killed_table(
    moments: Sequence[tuple[str, str]], names: Sequence[str], failed: Sequence[str]
) -> str:
    """Kills, each with its kind of step and when it hit, as Markdown."""
    counts = Counter(moments)
    lines = [
        "| killed | kills | before it wrote | while it wrote | after |",
        "|---|---|---|---|---|",
    ]
    for name in names:
        lines.append(_row(name, [counts[name, moment] for moment in MOMENTS]))
    lines.append(_row("all", [sum(counts[name, one] for name in names) for one in MOMENTS]))
    return "\n".join([*lines, "", f"Lost, doubled, torn or not brought to an end: {len(failed)}."])


def _row(name: str, each: Sequence[int]) -> str:
    return f"| {name} | {sum(each)} | {' | '.join(map(str, each))} |"


def filled_table(
    ends: Mapping[tuple[str, int], str],
    names: Sequence[str],
    left: Sequence[int],
    failed: Sequence[str],
) -> str:
    """What became of each kind of step with each amount of bytes left, as Markdown."""
    lines = [
        f"| bytes left | {' | '.join(f'{each:,}' for each in left)} |",
        "|---" * (len(left) + 1) + "|",
        *(
            f"| {name} | {' | '.join(ends.get((name, each), '-') for each in left)} |"
            for name in names
        ),
    ]
    wrong = f"Lost, torn, not told clearly or not brought to an end with room: {len(failed)}."
    return "\n".join([*lines, "", wrong])


if __name__ == "__main__":
    main()
