"""Campaigns for the unhappiest, whose truth is known: who is chosen would have recovered anyway."""

import numpy as np
import pandas as pd

CONTROL_SHARE = 0.2
ROUNDS = 3


def campaign(
    rng: np.random.Generator, customers: int, effect: float = 0.0, shares: float = 0.0
) -> pd.DataFrame:
    """The rows of one world: customer, treated, y, x (NaN without an earlier answer), w.

    Three times over, whoever last answered 3 or less of 5 is drawn into an arm. A customer has a
    mood of their own that stays, and what comes on top of it passes.

    Args:
        effect: added to the answer of the treated, on the scale of the answers.
        shares: how much the share of the control group grows from one round to the next.
    """
    mood = rng.normal(0, 0.6, customers)
    rounds = []
    for number in range(ROUNDS):
        before = answer(mood, rng)
        share = CONTROL_SHARE + number * shares
        treated = rng.random(customers) >= share
        y = answer(mood, rng) + effect * treated
        rounds.append(
            pd.DataFrame(
                {
                    "customer": np.arange(customers),
                    "treated": treated,
                    "y": y,
                    "x": np.where(rng.random(customers) < 0.85, before, np.nan),
                    "w": 1 / np.where(treated, 1 - share, share),
                }
            )[before <= 3]
        )
    return pd.concat(rounds, ignore_index=True)


def answer(mood: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    felt = mood + rng.normal(0, 0.5, len(mood))
    return np.clip(np.round(3.7 + 0.9 * felt), 1, 5)
