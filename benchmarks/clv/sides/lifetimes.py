"""lifetimes, as its documentation uses it; grouped, with the `weights` that its fitters take."""

import sys
from pathlib import Path

from benchmarks.measure import Measurement

HISTORY = ["repeat_orders", "days_to_last_order", "days_observed"]


def main(model: str, folder: Path, unit_days: float, horizon: float, grouped: bool) -> None:
    measured = Measurement()
    with measured.stage("import"):
        import pandas as pd
        from lifetimes import (
            BetaGeoFitter,
            GammaGammaFitter,
            ModifiedBetaGeoFitter,
            ParetoNBDFitter,
        )

    with measured.stage("load"):
        customers = pd.read_parquet(folder / "customers.parquet")
        if grouped:
            rows = customers.groupby(HISTORY, as_index=False).agg(customers=("customer_id", "size"))
            weights = rows["customers"]
        else:
            rows, weights = customers, None
        x = rows["repeat_orders"]
        t_x, age = rows["days_to_last_order"] / unit_days, rows["days_observed"] / unit_days

    with measured.stage("fit"):
        fitters = {
            "bg_nbd": BetaGeoFitter,
            "mbg_nbd": ModifiedBetaGeoFitter,
            "pareto_nbd": ParetoNBDFitter,
        }
        purchases = fitters[model](penalizer_coef=0.0)
        purchases.fit(x, t_x, age, weights=weights)

    with measured.stage("fit_spend"):
        repeat = customers[customers["repeat_orders"] > 0]
        spend = GammaGammaFitter(penalizer_coef=0.0)
        spend.fit(repeat["repeat_orders"], repeat["repeat_value"])

    with measured.stage("score"):
        scored = rows.assign(
            p_alive=purchases.conditional_probability_alive(x, t_x, age),
            expected_orders=purchases.conditional_expected_number_of_purchases_up_to_time(
                horizon, x, t_x, age
            ),
        )
        if grouped:
            scored = customers.merge(scored, on=HISTORY)
        scored = scored.assign(
            expected_value=spend.conditional_expected_average_profit(
                scored["repeat_orders"], scored["repeat_value"].fillna(0)
            )
        )

    spend_parameters = dict(spend.params_)
    spend_parameters["gamma"] = spend_parameters.pop("v")
    measured.write(
        folder / "report.json",
        packages=("lifetimes", "autograd", "numpy", "scipy"),
        parameters={model: dict(purchases.params_), "gamma_gamma": spend_parameters},
    )
    wanted = ["customer_id", "p_alive", "expected_orders", "expected_value"]
    scored[wanted].to_parquet(folder / "scores.parquet")


if __name__ == "__main__":
    main(
        sys.argv[1],
        Path(sys.argv[2]),
        float(sys.argv[3]),
        float(sys.argv[4]),
        grouped="grouped" in sys.argv[5:],
    )
