"""Answers simulated from the model itself, with what the customers truly feel."""

import numpy as np
import pandas as pd

from cx_assets.methods.expected_score import Mood

TRUE = Mood(level=0.3, mood=0.25, mood_days=60.0, noise={"csat": 0.3, "nps": 0.1})
START = pd.Timestamp("2023-01-01")
FEATURES = ("survey", "late_deliveries")


def simulated(customers: int, seed: int, mood: Mood = TRUE, most: int = 6) -> pd.DataFrame:
    """One row per answer, of up to `most` a customer within a year.

    Columns: moment_id, customer_id, at, survey, late_deliveries, feeling (f + u, without the
    answer's error), score (neither rounded nor kept within 1..5).
    """
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, most + 1, customers)
    days = np.sort(rng.uniform(0, 365, (customers, most)), axis=1)
    apart = days[:, :, None] - days[:, None, :]
    covariance = mood.shared(apart) + 1e-9 * np.eye(most)
    own = (np.linalg.cholesky(covariance) @ rng.normal(size=(customers, most, 1)))[:, :, 0]
    kept = np.arange(most) < counts[:, None]
    size = int(kept.sum())
    survey = rng.choice(["csat", "nps"], size, p=[0.7, 0.3])
    late = rng.integers(0, 3, size)
    feeling = 3.0 - 0.3 * late + 0.2 * (survey == "nps") + own[kept]
    noise = mood.noise_of(pd.Series(survey))
    return pd.DataFrame(
        {
            "moment_id": [f"r{number}" for number in range(size)],
            "customer_id": [f"c{owner}" for owner in np.repeat(np.arange(customers), counts)],
            "at": START + pd.to_timedelta(days[kept], unit="D"),
            "survey": survey,
            "late_deliveries": late,
            "feeling": feeling,
            "score": feeling + rng.normal(size=size) * np.sqrt(noise),
        }
    )
