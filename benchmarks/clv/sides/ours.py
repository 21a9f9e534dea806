"""Ours, as the warehouse does it: group in SQL, fit, score what is distinct, join in SQL."""

import sys
from pathlib import Path

from benchmarks.measure import Measurement

HISTORIES = """
select
    repeat_orders as x,
    days_to_last_order as t_x,
    days_observed as t,
    count(*) as customers
from customers
group by x, t_x, t
order by x, t_x, t
"""

SPENDING = """
select repeat_orders as x, repeat_value as value from customers where repeat_orders > 0
"""

SCORES = """
create or replace temp table scores as
select
    customers.customer_id,
    outlook.p_alive,
    outlook.expected_orders,
    outlook.value_base + outlook.value_weight * coalesce(customers.repeat_value, 0)
        as expected_value
from customers
inner join outlook
    on outlook.x = customers.repeat_orders
    and outlook.t_x = customers.days_to_last_order
    and outlook.t = customers.days_observed
"""


def main(model: str, folder: Path, unit_days: float, horizon: float) -> None:
    measured = Measurement()
    with measured.stage("import"):
        import duckdb
        import numpy as np
        import pandas  # noqa: F401 -- DuckDB and the fit import these when they need them
        import scipy.optimize  # noqa: F401

        from cx_assets.methods.clv import BgNbd, GammaGamma, MbgNbd, ParetoNbd

    connection = duckdb.connect(str(folder / "customers.duckdb"))
    with measured.stage("load"):
        histories = connection.execute(HISTORIES).df()
        x = histories["x"].to_numpy(dtype=float)
        t_x, age = (histories[name].to_numpy(dtype=float) / unit_days for name in ("t_x", "t"))
        spending = connection.execute(SPENDING).df()

    with measured.stage("fit"):
        (chosen,) = [each for each in (BgNbd, MbgNbd, ParetoNbd) if each.name == model]
        purchases = chosen().fit(x, t_x, age, sample_weight=histories["customers"])

    with measured.stage("fit_spend"):
        spend = GammaGamma().fit(spending["x"], spending["value"])

    with measured.stage("score"):
        at_one, at_two = (spend.expected_value(x, np.full_like(x, value)) for value in (1.0, 2.0))
        outlook = histories.assign(
            p_alive=purchases.p_alive(x, t_x, age),
            expected_orders=purchases.expected_orders(horizon, x, t_x, age),
            value_base=2 * at_one - at_two,
            value_weight=at_two - at_one,
        )
        connection.register("outlook", outlook)
        connection.execute(SCORES)

    measured.write(
        folder / "report.json",
        packages=("duckdb", "numpy", "scipy"),
        parameters={model: purchases.parameters_, "gamma_gamma": spend.parameters_},
    )
    connection.table("scores").write_parquet(str(folder / "scores.parquet"))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
