"""A telecom's churn table like IBM's, of which the true probabilities are known."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

CONTRACTS = np.array(["Month-to-month", "One year", "Two year"])
INTERNET = np.array(["Fiber optic", "DSL", "No"])


@dataclass(frozen=True)
class Telco:
    table: pd.DataFrame
    y: NDArray[np.int64]
    truth: NDArray[np.float64]


def telco(customers: int = 7_000, seed: int = 3) -> Telco:
    """tenure (months), MonthlyCharges, TotalCharges (text, blank for new customers), Contract,
    InternetService; about a quarter leaves, and what moves them interacts."""
    rng = np.random.default_rng(seed)
    tenure = rng.integers(0, 73, customers)
    contract = rng.choice(3, customers, p=[0.55, 0.21, 0.24])
    internet = rng.choice(3, customers, p=[0.44, 0.34, 0.22])
    monthly = np.array([90.0, 55.0, 20.0])[internet] + rng.normal(0, 8, customers)
    log_odds = (
        0.2
        - 0.9 * np.log1p(tenure) * 0.6
        + np.array([0.9, -0.4, -1.6])[contract]
        + np.array([0.7, 0.0, -0.9])[internet]
        + 0.01 * (monthly - 60)
        # Fibre is a reason to leave at once, and a fixed term wears off the effect of tenure.
        + 0.5 * (internet == 0) * (tenure < 12)
        + 0.01 * tenure * (contract == 2)
    )
    truth = 1 / (1 + np.exp(-log_odds))
    total = pd.Series((tenure * monthly).round(2).astype(str)).where(tenure > 0, " ")
    table = pd.DataFrame(
        {
            "customerID": [f"{number:04d}-ABC" for number in range(customers)],
            "tenure": tenure,
            "MonthlyCharges": monthly,
            "TotalCharges": total,
            "Contract": CONTRACTS[contract],
            "InternetService": INTERNET[internet],
        }
    )
    return Telco(table, rng.binomial(1, truth), truth)
