"""One side on one task: run it, keep the fastest of its runs, compare its item sets with ours."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.processes import Limits, run

QUICK = 60.0  # seconds; a slower run is not repeated
TASKS = {"pairs": 2, "all lengths": 0}


@dataclass(frozen=True)
class Side:
    """Who is measured: a module of benchmarks.rules.sides and the environment that it needs."""

    title: str
    module: str
    peer: str | None = None  # None: the project's own environment
    arguments: tuple[str, ...] = ()


OURS = Side("cx_assets", "ours")
MLXTEND = Side("mlxtend fpgrowth", "mlxtend", peer="mlxtend")
SIDES = (
    OURS,
    MLXTEND,
    Side("PyFIM eclat", "pyfim", peer="pyfim", arguments=("eclat",)),
    Side("PyFIM apriori", "pyfim", peer="pyfim", arguments=("apriori",)),
    Side("PyFIM fpgrowth", "pyfim", peer="pyfim", arguments=("fpgrowth",)),
    Side("efficient-apriori", "efficient_apriori", peer="efficient-apriori"),
)


@dataclass
class Result:
    """What came out; `failure` says in words why the rest is empty.

    sizes: how many item sets of one item, of two and so on; same: whether they and their counts
    are those that our side found, None where ours is not there to compare with.
    """

    side: str
    task: str
    load_average: float
    failure: str | None = None
    runs: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0
    versions: dict[str, str] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)
    same: bool | None = None

    @property
    def in_all(self) -> float:
        """Seconds of all stages but the import of the packages."""
        return sum(value for stage, value in self.seconds.items() if stage != "import")

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "in_all": self.in_all}


def contest(
    side: Side, task: str, folder: Path, python: Path, least: int, limits: Limits, repeats: int
) -> Result:
    """The fastest of `repeats` runs on the baskets in `folder`."""
    result = Result(side.title, task, load_average=os.getloadavg()[0])
    module = f"benchmarks.rules.sides.{side.module}"
    command = [str(python), "-m", module, str(folder), str(least), str(TASKS[task])]
    while result.runs < repeats:
        if failure := run([*command, *side.arguments], limits, {}):
            result.failure = failure
            return result
        result.runs += 1
        _keep_faster(result, json.loads((folder / "report.json").read_text()))
        if result.in_all > QUICK:
            break
    sets, ours = folder / "sets.json", folder / f"sets {task}.json"
    found = json.loads(sets.read_text())
    result.sizes = _sizes(found)
    if side is OURS:
        sets.replace(ours)
    if ours.exists():
        result.same = found == json.loads(ours.read_text())
    return result


def _sizes(found: list[list[Any]]) -> list[int]:
    lengths = [len(items) for items, _ in found]
    return [lengths.count(length) for length in range(1, max(lengths, default=0) + 1)]


def _keep_faster(result: Result, report: Mapping[str, Any]) -> None:
    seconds = report["seconds"]
    if result.runs == 1 or sum(seconds.values()) - seconds["import"] < result.in_all:
        result.seconds, result.peak_mb = seconds, report["peak_mb"]
        result.cpu_seconds = report["parameters"]["cpu"]["seconds"]
    result.versions = report["versions"]
