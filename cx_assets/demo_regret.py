"""What the product's decisions lose against an oracle that knows the sample world's truth."""

import numpy as np
import pandas as pd

from cx_assets.catalogue import Catalogue
from cx_assets.catalogue_sql import eligible_sql
from cx_assets.defs.feedback.action_outcomes import HORIZON_DAYS
from cx_assets.defs.personalize.next_best_actions import CANDIDATES, CONTACT_CAP
from cx_assets.periods import Period
from cx_assets.warehouse import Session
from cx_assets.world import WorldSettings
from cx_assets.world.arrays import DAY, MONTH
from cx_assets.world.surveys import CSAT, SLOPE

# An effect on the purchase rate lasts for the month of the delivery.
WINDOW_MONTHS = HORIZON_DAYS * DAY / MONTH


def decisions(session: Session, catalogue: Catalogue, period: Period) -> pd.DataFrame:
    """What was decided for everybody who could get something at the period's end, in either arm.

    Returns:
        period, customer_id, segment_id, eligible (bit k: the catalogue's action k may be given) and
        action (null: none), one row per candidate.
    """
    candidates = CANDIDATES.format(eligible=eligible_sql(catalogue.actions))
    return session.frame(
        f"""
select $day as period, candidates.*, decided.action
from ({candidates}) as candidates
left join personalize.next_best_actions as decided
    on decided.customer_id = candidates.customer_id and decided.period = $day
order by candidates.customer_id
""",
        {
            "day": period.start.date(),
            "period_end": period.end,
            "cap_start": period.end - CONTACT_CAP,
        },
    )


def net_benefits(
    truth: pd.DataFrame, catalogue: Catalogue, world: WorldSettings, margin: float
) -> pd.DataFrame:
    """What each action would truly bring each customer, as money less its cost.

    Args:
        truth: customer_id, kind, orders_per_month, spend_per_order.
        margin: profit per money.

    Returns:
        One row per customer_id, one column per action of the catalogue; an action that the world
        does not know moves nothing.
    """
    known = {action.name: action for action in world.actions}
    orders = truth["orders_per_month"].to_numpy() * WINDOW_MONTHS
    profit = orders * truth["spend_per_order"].to_numpy() * margin
    benefits = {}
    for action in catalogue.actions:
        true = known.get(action.name)
        factor = truth["kind"].map(true.factor).to_numpy(dtype=float) if true else 0.0
        points = true.satisfaction * SLOPE[CSAT] if true else 0.0
        uplift = true.purchases if true else 0.0
        moved = {"csat": points, "orders": uplift * orders, "profit": uplift * profit}
        effect = moved[action.outcome] * factor * world.delivered_share
        benefits[action.name] = effect * float(action.worth) - float(action.cost)
    return pd.DataFrame(benefits, index=truth["customer_id"])


def regret(decided: pd.DataFrame, benefits: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Mean loss per candidate and period against the best fixed action of each segment, or none.

    Args:
        decided: as of `decisions`.
        benefits: as of `net_benefits`.

    Returns:
        policy and even (each eligible action and none equally likely), by period.
    """
    names = [action.name for action in catalogue.actions]
    bits = decided["eligible"].to_numpy(dtype=np.int64)[:, None]
    eligible = bits >> np.arange(len(names)) & 1 == 1
    own = benefits.reindex(decided["customer_id"])[names].to_numpy()
    of_segment = (
        pd.DataFrame(np.where(eligible, own, np.nan), columns=names)
        .groupby(decided["segment_id"].to_numpy())
        .transform("mean")
        .to_numpy()
    )
    worth = np.column_stack([np.where(eligible, of_segment, -np.inf), np.zeros(len(own))])
    best = worth.max(axis=1)
    # -1, of what is no action, is the last column.
    got = worth[np.arange(len(worth)), pd.Index(names).get_indexer(pd.Index(decided["action"]))]
    possible = np.isfinite(worth)
    even = np.where(possible, worth, 0).sum(axis=1) / possible.sum(axis=1)
    lost = pd.DataFrame({"policy": best - got, "even": best - even})
    return lost.groupby(decided["period"].to_numpy()).mean()
