"""pymc-marketing by maximum a posteriori, with its own priors and predictions."""

import sys
from pathlib import Path

from benchmarks.measure import Measurement


def main(model: str, folder: Path, unit_days: float, horizon: float) -> None:
    measured = Measurement()
    with measured.stage("import"):
        import pandas as pd
        from pymc_marketing.clv import (
            BetaGeoModel,
            GammaGammaModel,
            ModifiedBetaGeoModel,
            ParetoNBDModel,
        )

    with measured.stage("load"):
        table = pd.read_parquet(folder / "customers.parquet")
        customers = pd.DataFrame(
            {
                "customer_id": table["customer_id"],
                "frequency": table["repeat_orders"],
                "recency": table["days_to_last_order"] / unit_days,
                "T": table["days_observed"] / unit_days,
                "monetary_value": table["repeat_value"].fillna(0),
            }
        )

    with measured.stage("fit"):
        models = {
            "bg_nbd": BetaGeoModel,
            "mbg_nbd": ModifiedBetaGeoModel,
            "pareto_nbd": ParetoNBDModel,
        }
        purchases = models[model]()
        purchases.fit(customers, method="map", progressbar=False)

    with measured.stage("fit_spend"):
        repeat = customers[customers["frequency"] > 0]
        spend = GammaGammaModel()
        spend.fit(repeat, method="map", progressbar=False)

    with measured.stage("score"):
        over_draws = ("chain", "draw")
        alive = purchases.expected_probability_alive(customers).mean(over_draws)
        orders = purchases.expected_purchases(customers, future_t=horizon).mean(over_draws)
        value = spend.expected_customer_spend(customers).mean(over_draws)
        scored = pd.DataFrame(
            {
                "customer_id": customers["customer_id"],
                "p_alive": alive.to_numpy(),
                "expected_orders": orders.to_numpy(),
                "expected_value": value.to_numpy(),
            }
        )

    names = ("r", "alpha", "s", "beta") if model == "pareto_nbd" else ("r", "alpha", "a", "b")
    found, found_spend = purchases.fit_result, spend.fit_result
    measured.write(
        folder / "report.json",
        packages=("pymc-marketing", "pymc", "pytensor", "numpy", "scipy"),
        parameters={
            model: {name: found[name].item() for name in names},
            "gamma_gamma": {
                "p": found_spend["p"].item(),
                "q": found_spend["q"].item(),
                "gamma": found_spend["v"].item(),
            },
        },
    )
    scored.to_parquet(folder / "scores.parquet")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
