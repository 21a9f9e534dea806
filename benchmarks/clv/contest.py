"""One side on one model: run it, judge its parameters, compare its scores with ours."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb
import numpy as np

from benchmarks.clv.likelihoods import LIKELIHOODS
from benchmarks.processes import Limits, run

UNIT_DAYS = 7.0  # parameters in weeks, as in the papers, at the grain of a day
HORIZON = 365 / UNIT_DAYS
MODELS = ("bg_nbd", "mbg_nbd", "pareto_nbd")
QUICK = 60.0  # seconds; a slower run is not repeated

HISTORIES = """
select repeat_orders, days_to_last_order, days_observed, count(*)
from customers
group by all
"""

SPENDING = "select repeat_orders, repeat_value from customers where repeat_orders > 0"

# Expected orders and values differ in size between customers, so they are compared by their mean.
DIFFERENCES = """
select
    count(*) as customers,
    max(abs(peers.p_alive - ours.p_alive)) as p_alive,
    avg(abs(peers.expected_orders - ours.expected_orders)) / avg(ours.expected_orders) as orders,
    avg(abs(peers.expected_value - ours.expected_value)) / avg(ours.expected_value) as value
from read_parquet($ours) as ours
inner join read_parquet($peers) as peers on peers.customer_id = ours.customer_id
where isfinite(peers.p_alive + peers.expected_orders + peers.expected_value)
"""


@dataclass(frozen=True)
class Side:
    """Who is measured: a module of benchmarks.clv.sides and the environment that it needs."""

    title: str
    module: str
    peer: str | None = None  # None: the project's own environment
    arguments: tuple[str, ...] = ()


OURS = Side("cx_assets", "ours")
SIDES = (
    OURS,
    Side("lifetimes", "lifetimes", peer="lifetimes"),
    Side("lifetimes, grouped", "lifetimes", peer="lifetimes", arguments=("grouped",)),
    Side("pymc-marketing", "pymc_marketing", peer="pymc-marketing"),
)


@dataclass
class Result:
    """What came out; `failure` says in words why the rest is empty."""

    side: str
    model: str
    customers: int
    load_average: float
    failure: str | None = None
    runs: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    peak_mb: float = 0.0
    versions: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, dict[str, float]] = field(default_factory=dict)
    log_likelihood: dict[str, float] = field(default_factory=dict)
    differences: dict[str, float] = field(default_factory=dict)

    @property
    def in_all(self) -> float:
        """Seconds of all stages but the import of the packages."""
        return sum(value for stage, value in self.seconds.items() if stage != "import")

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "in_all": self.in_all}


def contest(
    side: Side, model: str, folder: Path, python: Path, customers: int, limits: Limits, repeats: int
) -> Result:
    """The fastest of `repeats` runs on the customers in `folder`."""
    result = Result(side.title, model, customers, load_average=os.getloadavg()[0])
    command = [str(python), "-m", f"benchmarks.clv.sides.{side.module}", model, str(folder)]
    command += [str(UNIT_DAYS), str(HORIZON), *side.arguments]
    while result.runs < repeats:
        failure = run(command, limits, _surroundings(python))
        if failure:
            result.failure = failure
            return result
        result.runs += 1
        _keep_faster(result, json.loads((folder / "report.json").read_text()))
        if result.in_all > QUICK:
            break
    result.log_likelihood = judge(folder, result.parameters)
    scores, ours = folder / "scores.parquet", folder / f"scores-{model}.parquet"
    if side is OURS:
        scores.replace(ours)
    elif ours.exists():
        result.differences = differences(scores, ours)
    return result


def judge(folder: Path, parameters: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Log-likelihood of each model's parameters on all customers in `folder`."""
    with duckdb.connect(str(folder / "customers.duckdb"), read_only=True) as connection:
        x, last, age, weights = _columns(connection, HISTORIES)
        spending = _columns(connection, SPENDING)
    history = (x, last / UNIT_DAYS, age / UNIT_DAYS)
    found = {}
    for model, values in parameters.items():
        if model == "gamma_gamma":
            found[model] = float(LIKELIHOODS[model](*spending, **values).sum())
        else:
            found[model] = float(LIKELIHOODS[model](*history, **values) @ weights)
    return found


def differences(peers: Path, ours: Path) -> dict[str, float]:
    """How far two sides' scores of the same customers are apart.

    customers: those with finite scores on both sides; p_alive: the largest difference; orders and
    value: the mean difference as a share of the mean.
    """
    with duckdb.connect() as connection:
        query = connection.execute(DIFFERENCES, {"ours": str(ours), "peers": str(peers)})
        names = [column[0] for column in query.description or ()]
        ((*values,),) = query.fetchall()
    return dict(zip(names, values, strict=True))


def _columns(connection: duckdb.DuckDBPyConnection, sql: str) -> Sequence[np.ndarray]:
    columns = connection.execute(sql).fetchnumpy().values()
    return [np.asarray(column, dtype=float) for column in columns]


def _keep_faster(result: Result, report: dict) -> None:
    seconds = report["seconds"]
    if result.runs == 1 or sum(seconds.values()) - seconds["import"] < result.in_all:
        result.seconds, result.peak_mb = seconds, report["peak_mb"]
    result.versions = {"python": report["python"], **report["versions"]}
    result.parameters = report["parameters"]


def _surroundings(python: Path) -> dict[str, str]:
    # Our assets allow BLAS one thread too. lifetimes is as fast with it, pymc-marketing faster.
    compiled = python.parent.parent / "pytensor"
    return {"OPENBLAS_NUM_THREADS": "1", "PYTENSOR_FLAGS": f"base_compiledir={compiled}"}
