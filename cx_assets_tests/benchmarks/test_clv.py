"""The benchmark of lifetime value: its customers, its judge, its tables, and our side of it."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from benchmarks.clv.contest import OURS, Result, contest, differences, judge
from benchmarks.clv.likelihoods import LIKELIHOODS
from benchmarks.clv.simulation import Truth, simulate, write
from benchmarks.clv.table import tables, targets
from benchmarks.environments import REQUIREMENTS, pins
from benchmarks.processes import Limits, run
from benchmarks.readme import put

LIMITS = Limits(seconds=120, memory_gb=4)


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    return simulate(40_000)


@pytest.fixture(scope="module")
def history(customers: pd.DataFrame) -> list[np.ndarray]:
    """x, and t_x and T in weeks."""
    x, last, age = (customers[name].to_numpy(dtype=float) for name in customers.columns[1:4])
    return [x, last / 7, age / 7]


def test_simulated_histories_are_possible(customers: pd.DataFrame) -> None:
    one_time = customers["repeat_orders"] == 0
    assert customers["days_observed"].between(0, Truth().joining_days - 1).all()
    assert (customers["days_to_last_order"] <= customers["days_observed"]).all()
    # A day counts once, so there are no more repeats than days until the last.
    assert (customers["repeat_orders"] <= customers["days_to_last_order"]).all()
    assert ((customers["days_to_last_order"] == 0) == one_time).all()
    assert (customers["repeat_value"].isna() == one_time).all()
    assert (simulate(500, seed=3) == simulate(500, seed=3))["repeat_orders"].all()


def test_simulated_customers_order_as_often_as_the_truth_says(
    customers: pd.DataFrame, history: list[np.ndarray]
) -> None:
    r, alpha, s, beta = Truth().purchases.values()
    age = history[2] + 0.5 / 7
    expected = r * beta / (alpha * (s - 1)) * (1 - (beta / (beta + age)) ** (s - 1))
    # Some orders fall on a day that has one already.
    assert 0.93 < customers["repeat_orders"].mean() / expected.mean() < 1.0
    p, q, gamma = Truth().spend.values()
    assert customers["repeat_value"].mean() == pytest.approx(p * gamma / (q - 1), rel=0.02)


@pytest.mark.parametrize("moved", [0.8, 1.25])
@pytest.mark.parametrize("name", ["r", "alpha", "s", "beta", "p", "q", "gamma"])
def test_the_judge_prefers_the_truth(
    name: str, moved: float, customers: pd.DataFrame, history: list[np.ndarray]
) -> None:
    if name in Truth().purchases:
        model, parameters, columns = "pareto_nbd", Truth().purchases, history
    else:
        repeat = customers[customers["repeat_orders"] > 0]
        columns = [repeat[each].to_numpy(dtype=float) for each in ("repeat_orders", "repeat_value")]
        model, parameters = "gamma_gamma", Truth().spend
    wrong = {**parameters, name: parameters[name] * moved}
    likelihood = LIKELIHOODS[model]
    truly = likelihood(*columns, **parameters).sum()
    assert truly > likelihood(*columns, **wrong).sum() + 5


@pytest.mark.parametrize(
    ("model", "parameters", "published"),
    [
        ("bg_nbd", (0.2426, 4.4136, 0.7929, 2.4259), -9582.43),
        ("pareto_nbd", (0.5534, 10.5776, 0.6061, 11.6693), -9594.98),
        ("gamma_gamma", (6.25, 3.74, 15.44), -4055.92),
    ],
)
def test_the_judge_gives_the_published_figures(
    model: str, parameters: tuple[float, ...], published: float, real_data: Path
) -> None:
    sample = pd.read_csv(real_data / "cdnow" / "cdnow_customers_summary_with_transactions.csv")
    if model == "gamma_gamma":
        sample = sample[sample["x"] > 0]
        columns = [sample["x"], sample["zbar"]]
    else:
        columns = [sample["x"], sample["t_x"], sample["T"]]
    arrays = [column.to_numpy(dtype=float) for column in columns]
    assert LIKELIHOODS[model](*arrays, *parameters).sum() == pytest.approx(published, abs=0.011)


def test_each_model_of_the_judge_is_a_distribution() -> None:
    """Of customers seen for so long, the shares with no order and with some add up to all."""
    age, fine = np.full(200, 20.0), (np.arange(200) + 0.5) / 10
    for model, left in (
        ("bg_nbd", (0.8, 2.5)),
        ("mbg_nbd", (0.8, 2.5)),
        ("pareto_nbd", (0.6, 9.0)),
    ):
        likelihood, parameters = LIKELIHOODS[model], (0.3, 9.0, *left)
        none = np.exp(likelihood(np.zeros(1), np.zeros(1), age[:1], *parameters)).item()
        # Density of x orders with the last at t_x: those before it lie anywhere, in order.
        some = sum(
            np.mean(
                np.exp(
                    likelihood(np.full(200, x), fine, age, *parameters)
                    + (x - 1) * np.log(fine)
                    - np.log(np.arange(1, x)).sum()
                )
            )
            * 20.0
            for x in range(1, 120)
        )
        assert none + some == pytest.approx(1.0, abs=2e-3), model


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("clv")
    assert write(simulate(600), folder) > 100
    return folder, contest(OURS, "mbg_nbd", folder, Path(sys.executable), 600, LIMITS, repeats=1)


def test_our_side_scores_every_customer(ours: tuple[Path, Result]) -> None:
    folder, result = ours
    assert result.failure is None
    assert set(result.seconds) == {"import", "load", "fit", "fit_spend", "score"}
    assert result.peak_mb > 20
    spend = {"mbg_nbd": result.parameters["mbg_nbd"], "gamma_gamma": Truth().spend}
    assert result.log_likelihood["gamma_gamma"] >= judge(folder, spend)["gamma_gamma"]
    scores = folder / "scores-mbg_nbd.parquet"
    with duckdb.connect() as connection:
        ((least, most, orders, value),) = connection.execute(
            "select min(p_alive), max(p_alive), min(expected_orders), min(expected_value) "
            "from read_parquet(?)",
            [str(scores)],
        ).fetchall()
    assert 0 < least < most < 1
    assert orders > 0
    assert value > 0
    same = differences(scores, scores)
    assert same == {"customers": 600, "p_alive": 0, "orders": 0, "value": 0}


def test_wrong_scores_are_seen(ours: tuple[Path, Result]) -> None:
    folder, _ = ours
    scores, wrong = folder / "scores-mbg_nbd.parquet", folder / "wrong.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select customer_id, p_alive - 0.01 as p_alive, 1.5 * expected_orders as "
            f"expected_orders, case when customer_id > 9 then expected_value else 'nan' end as "
            f"expected_value from read_parquet('{scores}')) to '{wrong}'"
        )
    found = differences(wrong, scores)
    assert found["customers"] == 590
    assert found["p_alive"] == pytest.approx(0.01)
    assert found["orders"] == pytest.approx(0.5)


def test_the_tables_say_what_is_met(ours: tuple[Path, Result], tmp_path: Path) -> None:
    own = replace(ours[1], customers=1_000_000)
    seconds = {stage: 12 * value for stage, value in own.seconds.items()}
    worse = {model: value - 0.5 for model, value in own.log_likelihood.items()}
    results = [
        replace(own, peak_mb=501.0),
        replace(own, side="lifetimes", seconds=seconds, log_likelihood=worse),
        replace(own, side="pymc-marketing", seconds=seconds),
        replace(own, side="pymc-marketing", failure="stopped at 20 GB"),
    ]
    memory, lifetimes, pymc, stopped = targets(results)
    assert memory.endswith("501 MB of 500, NOT met")
    assert "12.0 times faster than lifetimes, asked 10, met" in lifetimes
    assert "higher by 0.5000, met" in lifetimes
    assert "12.0 times faster than pymc-marketing, asked 15, NOT met" in pymc
    assert stopped.endswith("pymc-marketing stopped at 20 GB")
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- clv 600 -->\nold\n<!-- end of clv 600 -->\nafter\n")
    put(readme, "clv 600", tables(results))
    assert targets([ours[1]]) == []
    text = readme.read_text()
    assert text.startswith("before\n<!-- clv 600 -->\n| model | side |")
    assert "old" not in text
    assert text.endswith("met\n- " + stopped + "\n<!-- end of clv 600 -->\nafter\n")
    with pytest.raises(ValueError, match="no section clv 7"):
        put(readme, "clv 7", "")


def test_a_process_is_stopped_or_says_why_it_failed() -> None:
    python = sys.executable
    assert run([python, "-c", "pass"], LIMITS, {}) is None
    assert run([python, "-c", "1 / 0"], LIMITS, {}) == "failed: ZeroDivisionError: division by zero"
    endless = [python, "-c", "while True: pass"]
    assert run(endless, Limits(seconds=0.3, memory_gb=4), {}) == "stopped after 0.3 s"
    greedy = [python, "-c", "held = bytearray(300_000_000)\nwhile True: pass"]
    assert run(greedy, Limits(seconds=60, memory_gb=0.2), {}) == "stopped at 0.2 GB"


def test_a_pinned_peer_is_a_name_and_a_version() -> None:
    files = sorted(REQUIREMENTS.glob("*.txt"))
    assert {"lifetimes", "pymc-marketing", "mlxtend", "implicit"} <= {file.stem for file in files}
    for file in files:
        for line in file.read_text().splitlines():
            assert re.fullmatch(r"[\w.-]+==\d[\w.]*", line), line
    assert ("lifetimes", "0.11.3") in pins(REQUIREMENTS / "lifetimes.txt")
