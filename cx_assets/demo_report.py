"""What the demo's loop achieved, as measured by the product and as the sample world knows it."""

from datetime import date

import numpy as np
import pandas as pd

from cx_assets.catalogue import Catalogue, catalogue_of
from cx_assets.catalogue_sql import eligible_sql
from cx_assets.settings import Settings
from cx_assets.warehouse import Session
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.world import WorldSettings
from cx_assets.world.surveys import CSAT, SLOPE

# An effect on the purchase rate lasts for the month of the delivery.
MONTH_DAYS, WINDOW_DAYS = 30.4375, 28

EFFECTS = """
select action, outcome, treated, control, effect, ci_low, ci_high, naive_change
from feedback.action_effects
where segment_id is null and period = (select max(period) from feedback.action_effects)
order by action, outcome
"""

# Answers stand for the assigned who gave none, and arms for what they would be if all were in them.
ARMS = """
select
    arm,
    count(csat) as answers,
    sum(csat * csat_weight / arm_propensity) / sum(
        case when csat is not null then csat_weight / arm_propensity end
    ) as mean
from feedback.action_outcomes
where policy_version in (select policy_version from personalize.policy)
group by arm
order by arm desc
"""

# The catalogue's conditions name bare columns, so no other table is in their sight.
DECIDED = """
select customers.period, customers.customer_id, customers.segment_id, eligible, decisions.action
from (
    select period, customer_id, segment_id, {eligible} as eligible
    from insight.customer_360
    where period >= $first
) as customers
inner join personalize.next_best_actions as decisions
    on decisions.customer_id = customers.customer_id and decisions.period = customers.period
where decisions.arm = 'treated'
order by all
"""

MARGIN = "select cast(sum(profit) as double) / cast(sum(revenue) as double) from process.orders"


def achievements(settings: Settings, world: WorldSettings, first: date) -> str:
    """Effects per action, CSAT of treated and control, and the regret per period, for people.

    Args:
        world: the settings of the world that answered; its truth is in `settings.home`/truth.
        first: the first period whose decisions left the house.
    """
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        parts = [_effects(session), _arms(session), _regret(session, settings, world, first)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _effects(session: Session) -> str:
    lines = [
        "What the actions did in 28 days (treated less control; before-after is what one would see "
        "without a control group)",
        f"{'action':<14}{'moves':<8}{'treated':>9}{'control':>9}{'effect':>9}   "
        f"{'95 % interval':<20}{'before-after':>13}",
    ]
    for row in session.rows(EFFECTS):
        action, outcome, treated, control, effect, low, high, naive = row
        interval = f"{low:.3f} to {high:.3f}" if low is not None else "-"
        lines.append(
            f"{action:<14}{outcome:<8}{treated:>9,}{control:>9,}{_figure(effect):>9}   "
            f"{interval:<20}{_figure(naive):>13}"
        )
    return "\n".join(lines) if len(lines) > 2 else ""


def _arms(session: Session) -> str:
    said = [
        f"{mean:.2f} ({answers:,} answers) {arm}"
        for arm, answers, mean in session.rows(ARMS)
        if mean is not None
    ]
    return f"CSAT after the product's own actions: {', '.join(said)}" if said else ""


def _regret(session: Session, settings: Settings, world: WorldSettings, first: date) -> str:
    catalogue = catalogue_of(settings)
    decided = session.frame(
        DECIDED.format(eligible=eligible_sql(catalogue.actions)), {"first": first}
    )
    if decided.empty:
        return ""
    ((margin,),) = session.rows(MARGIN)
    truth = pd.read_parquet(settings.home / "truth" / "customers.parquet")
    lost = regret(decided, net_benefits(truth, catalogue, world, margin), catalogue)
    lines = [
        "Regret per customer who got an action, in money: what the best action of each segment "
        "would truly have brought beyond what was decided, and beyond even chances",
        f"{'period':<14}{'policy':>9}{'even chances':>14}",
    ]
    for period, policy, even in lost.itertuples():
        lines.append(f"{period:%Y-%m-%d}    {policy:>9.2f}{even:>14.2f}  {_bar(policy, even)}")
    total = lost.sum()
    share = total["policy"] / total["even"] if total["even"] > 0 else np.nan
    lines.append(f"In all, {share:.0%} of what even chances lose")
    return "\n".join(lines)


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
    orders = truth["orders_per_month"].to_numpy() * WINDOW_DAYS / MONTH_DAYS
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
    """Mean loss per customer and period against the best fixed action of each segment, or none.

    Args:
        decided: period, customer_id, segment_id, eligible (bit k: the catalogue's action k may be
            given) and action.
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
    got = worth[np.arange(len(worth)), [names.index(name) for name in decided["action"]]]
    possible = np.isfinite(worth)
    even = np.where(possible, worth, 0).sum(axis=1) / possible.sum(axis=1)
    lost = pd.DataFrame({"policy": best - got, "even": best - even})
    return lost.groupby(decided["period"].to_numpy()).mean()


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _bar(policy: float, even: float, width: int = 30) -> str:
    return "#" * round(width * min(1.0, policy / even)) if even > 0 else ""
