"""One shop through its periods: the policy decides, customers answer, effects are measured.

Beliefs, propensities and ranges of draws are those of `cx_assets.methods.policy`, effects those of
`cx_assets.methods.effects` from the sums that feedback.action_effects adds up. What is decided at
the end of a period is known at the end of the next one, so the first decision rests on no data.
"""

from datetime import date

import duckdb
import numpy as np
import pandas as pd

from benchmarks.policy.shop import Bools, Ints, Moment, Shop
from cx_assets.catalogue import catalogue_of
from cx_assets.defs.feedback.effect_sums import EFFECT_SUMS
from cx_assets.defs.personalize.policy import actions_of
from cx_assets.methods.effects import compare, pool
from cx_assets.methods.intervals import Floats
from cx_assets.methods.policy.beliefs import beliefs
from cx_assets.methods.policy.choices import DIGITS, DRAWS, choices
from cx_assets.settings import Settings

HOLDOUT = 0.10
NO_EFFECTS = pd.DataFrame(
    {
        **{name: pd.Series(dtype="str") for name in ("action", "outcome")},
        **{name: pd.Series(dtype=float) for name in ("segment_id", "pooled_effect", "pooled_se")},
    }
)
DAY = date(2024, 1, 1)


def live(seed: int, customers: int, periods: int, answers: float) -> pd.DataFrame:
    """What the policy and even random choices lose against the oracle, one row per period.

    The oracle knows the true net benefit of every action in every segment, and gives everybody the
    best eligible one of the segment, or none. Choices of the policy and at random are valued by the
    same true figures. Columns: seed, period, `policy` and `random`, money per treated customer who
    may get anything.
    """
    rng = np.random.default_rng(seed)
    actions = actions_of(catalogue_of(Settings()))
    shop = Shop(customers, answers, actions, rng)
    control = rng.random(customers) < HOLDOUT
    outcomes: list[pd.DataFrame] = []
    moments: list[Moment] = []
    decisions: list[Ints] = []
    for _ in range(periods):
        moment = shop.moment()
        belief = beliefs(_effects(outcomes), sorted(set(shop.segment.tolist())), actions)
        action = _decide(shop, moment, belief, rng)
        lived = shop.live(action, ~control, moment)
        outcomes.append(_outcomes(lived, shop, action, control))
        moments.append(moment)
        decisions.append(action)
    benefit = _true_benefit(shop, moments, actions)[shop.segment - 1]
    lost = [
        _lost(benefit, moment.eligible, action, ~control)
        for moment, action in zip(moments, decisions, strict=True)
    ]
    return pd.DataFrame(lost).assign(seed=seed, period=range(1, periods + 1))


def _decide(shop: Shop, moment: Moment, belief: pd.DataFrame, rng: np.random.Generator) -> Ints:
    """The position of the action that is drawn for each customer, -1 for none."""
    bits = moment.eligible @ (1 << np.arange(len(shop.names)))
    sets = pd.DataFrame({"segment_id": shop.segment, "eligible": bits})
    draw = np.array([f"{number:0{DIGITS}x}" for number in rng.integers(DRAWS, size=len(bits))])
    action = np.full(len(bits), -1)
    for row in choices(belief, sets[bits > 0].drop_duplicates()).itertuples():
        here = (shop.segment == row.segment_id) & (bits == row.eligible)
        drawn = here & (draw >= row.draw_from) & (draw < row.draw_below)
        action[drawn] = shop.names.index(row.action)
    return action


def _outcomes(lived: pd.DataFrame, shop: Shop, action: Ints, control: Bools) -> pd.DataFrame:
    """What feedback.action_outcomes would hold of one period's decisions."""
    return lived.assign(
        period=DAY,
        customer_id=np.arange(len(action)).astype(str),
        action=np.array(shop.names)[action],
        segment_id=shop.segment,
        arm=np.where(control, "control", "treated"),
        arm_propensity=np.where(control, HOLDOUT, 1 - HOLDOUT),
        csat_expected=np.nan,
        csat_weight=1.0,  # who answers is drawn evenly here
    )[action >= 0]


def _effects(outcomes: list[pd.DataFrame]) -> pd.DataFrame:
    if not outcomes:
        return NO_EFFECTS
    with duckdb.connect() as connection:
        connection.register("outcomes", pd.concat(outcomes))
        connection.execute("create schema feedback")
        connection.execute("create table feedback.action_outcomes as from outcomes")
        return pool(compare(connection.execute(EFFECT_SUMS, {"period_start": DAY}).df()))


def _true_benefit(shop: Shop, moments: list[Moment], actions: pd.DataFrame) -> Floats:
    """Net benefit of each action in each segment, over all who were eligible for it at any time."""
    benefit = np.zeros((shop.segment.max(), len(actions)))
    for row in range(len(benefit)):
        here = shop.segment == row + 1
        eligible = np.concatenate([moment.eligible[here] for moment in moments])
        effect = np.concatenate([moment.effect[here] for moment in moments])
        mean = np.where(eligible, effect, 0).sum(axis=0) / np.maximum(eligible.sum(axis=0), 1)
        benefit[row] = mean * actions["worth"] - actions["cost"]
    return benefit


def _lost(benefit: Floats, eligible: Bools, action: Ints, treated: Bools) -> dict[str, float]:
    asked = eligible.any(axis=1) & treated
    worth = np.column_stack([np.where(eligible, benefit, -np.inf), np.zeros(len(benefit))])[asked]
    possible = np.isfinite(worth)
    best = worth.max(axis=1)
    got = worth[np.arange(len(worth)), action[asked]]
    even = np.where(possible, worth, 0).sum(axis=1) / possible.sum(axis=1)
    return {"policy": float((best - got).mean()), "random": float((best - even).mean())}
