"""Customers whose answers, orders and profit are known with and without every action.

The kinds of customer, what each action truly does to each kind, and how a feeling becomes an
answer are those of the sample world. Moods and orders come and go, so the unhappy and the lapsed
recover in part by themselves. A segment is a kind of customer, but some customers look like another
kind: what an action is worth in a segment is a mixture.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from cx_assets.methods.intervals import Floats
from cx_assets.world.settings import ACTIONS as TRUTH
from cx_assets.world.settings import KINDS, Action, WorldSettings
from cx_assets.world.surveys import CENTRE, CSAT, SLOPE

WORLD = WorldSettings()
LOOKS_LIKE_ITS_KIND = 0.8
ALIVE = 0.6
CONSENT = 0.7
MARGIN = 0.38
MONTHS = 28 / 30.4375
BEFORE = 180 / 28
MOOD = 0.5

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Moment:
    """When actions are decided: what each customer may get, and would do without any.

    `eligible` and `effect` (true, intention to treat, on the action's own outcome) have the shape
    (customers, actions).
    """

    eligible: Bools
    effect: Floats
    latent: Floats


class Shop:
    """Customers of all kinds; `answers` of them have a csat answer in the 28 days."""

    def __init__(
        self, customers: int, answers: float, actions: pd.DataFrame, rng: np.random.Generator
    ) -> None:
        self.rng, self.answers = rng, answers
        self.names, self.outcomes = actions["action"].tolist(), actions["outcome"].tolist()
        self.kind = rng.choice(len(KINDS), customers, p=[kind.share for kind in KINDS])
        other = rng.integers(len(KINDS), size=customers)
        known = rng.random(customers) < LOOKS_LIKE_ITS_KIND
        self.segment = 1 + np.where(known, self.kind, other)
        self.consent = rng.random(customers) < CONSENT
        alive = rng.random(customers) < ALIVE
        self.rate = rng.gamma(self._of("purchase_shape")) / self._of("purchase_rate") * MONTHS
        self.rate *= np.where(alive, 1.0, 0.05)
        spend = rng.gamma(WORLD.spend_shape, 1 / WORLD.spend_shape, customers)
        self.profit = MARGIN * self._of("mean_spend") * spend
        spread = WORLD.satisfaction_spread
        self.level = self._of("satisfaction") + spread * rng.standard_normal(customers)
        self.mood = MOOD * rng.standard_normal(customers)
        self.orders = rng.poisson(self.rate)
        self.orders_before = rng.poisson(self.rate * BEFORE)
        self.answer = np.where(rng.random(customers) < 0.5, self._score(self.mood), np.nan)
        truth = {action.name: action for action in TRUTH}
        self.felt, self.bought = (
            np.column_stack([_by_kind(truth[name], of)[self.kind] for name in self.names])
            for of in ("satisfaction", "purchases")
        )

    def moment(self) -> Moment:
        """The end of a month."""
        memory = WORLD.satisfaction_memory
        shock = np.sqrt(1 - memory**2) * MOOD * self.rng.standard_normal(len(self.kind))
        now = self.mood
        seen = self._score(now)
        self.mood = memory * now + shock
        may = {
            "service_call": seen <= 3,
            "voucher": (self.orders == 0) & (self.orders_before > 0),
            "feature_tips": np.ones(len(self.kind), dtype=bool),
        }
        latent = self.level + self.mood
        more = self.rate[:, None] * self.bought
        happier = expected_score(latent[:, None] + self.felt) - expected_score(latent)[:, None]
        effect = {"csat": happier, "orders": more, "profit": more * self.profit[:, None]}
        return Moment(
            eligible=np.column_stack([may[name] for name in self.names]) & self.consent[:, None],
            effect=WORLD.delivered_share
            * np.column_stack([effect[of][:, i] for i, of in enumerate(self.outcomes)]),
            latent=latent,
        )

    def live(self, action: Ints, treated: Bools, moment: Moment) -> pd.DataFrame:
        """The 28 days after: csat (NaN without an answer), orders, profit, and before each.

        Args:
            action: the position of what was decided for each customer, -1 for nothing.
        """
        reached = treated & (action >= 0) & (self.rng.random(len(action)) < WORLD.delivered_share)
        felt, bought = (
            np.where(reached, effects[np.arange(len(action)), action], 0.0)
            for effects in (self.felt, self.bought)
        )
        score = _said(moment.latent + felt, self.rng)
        answers = self.rng.random(len(action)) < self.answers
        self.orders, before = self.rng.poisson(self.rate * (1 + bought)), self.orders_before
        rows = pd.DataFrame(
            {
                "csat": np.where(answers, score, np.nan),
                "csat_before": self.answer,
                "orders": self.orders,
                "orders_before": before,
                "profit": self.orders * self.profit * self.rng.gamma(6, 1 / 6, len(action)),
                "profit_before": before * self.profit,
            }
        )
        self.answer = np.where(answers, score, self.answer)
        self.orders_before = self.rng.binomial(before, 1 - 1 / BEFORE) + self.orders
        return rows

    def _of(self, name: str) -> Floats:
        return np.array([float(getattr(kind, name)) for kind in KINDS])[self.kind]

    def _score(self, mood: Floats) -> Floats:
        return _said(self.level + mood, self.rng)


def _by_kind(action: Action, of: str) -> Floats:
    """What a delivery truly does to each kind: to satisfaction, or to purchases (relatively)."""
    return np.array([getattr(action, of) * action.factor(kind.name) for kind in KINDS])


def expected_score(latent: Floats) -> Floats:
    """The mean csat answer of a customer who feels so: P(answer > 1) + ... + P(answer > 4) + 1."""
    centre, spread = CENTRE[CSAT] + SLOPE[CSAT] * latent, SLOPE[CSAT] * WORLD.score_noise
    return 1 + sum(special.ndtr((centre - (above + 0.5)) / spread) for above in range(1, 5))


def _said(latent: Floats, rng: np.random.Generator) -> Floats:
    said = latent + rng.normal(0, WORLD.score_noise, len(latent))
    return np.clip(np.round(CENTRE[CSAT] + SLOPE[CSAT] * said), 1, 5)
