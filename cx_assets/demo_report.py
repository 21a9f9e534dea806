"""What the demo's loop achieved, as measured by the product and as the sample world knows it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cx_assets.catalogue import catalogue_of
from cx_assets.demo_regret import decisions, net_benefits, regret
from cx_assets.periods import Period
from cx_assets.settings import Settings
from cx_assets.warehouse import Session
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.world import WorldSettings

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

MARGIN = "select cast(sum(profit) as double) / cast(sum(revenue) as double) from process.orders"


def achievements(settings: Settings, world: WorldSettings, periods: Sequence[Period]) -> str:
    """Effects per action, CSAT of treated and control, and the regret per period, for people.

    Args:
        world: the settings of the world that answered; its truth is in `settings.home`/truth.
        periods: those whose decisions left the house, at least one.
    """
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        parts = [_effects(session), _arms(session), _regret(session, settings, world, periods)]
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


def _regret(
    session: Session, settings: Settings, world: WorldSettings, periods: Sequence[Period]
) -> str:
    catalogue = catalogue_of(settings)
    decided = pd.concat([decisions(session, catalogue, period) for period in periods])
    if decided.empty:
        return ""
    ((margin,),) = session.rows(MARGIN)
    truth = pd.read_parquet(settings.home / "truth" / "customers.parquet")
    lost = regret(decided, net_benefits(truth, catalogue, world, margin), catalogue)
    lines = [
        "Regret per customer who could get something, in money: what the best fixed action of each "
        "segment would truly have brought beyond what was decided, and beyond even chances",
        f"{'period':<14}{'policy':>9}{'even chances':>14}",
    ]
    for period, policy, even in lost.itertuples():
        lines.append(f"{period:%Y-%m-%d}    {policy:>9.2f}{even:>14.2f}  {_bar(policy, even)}")
    total = lost.sum()
    share = total["policy"] / total["even"] if total["even"] > 0 else np.nan
    lines.append(f"In all, {share:.0%} of what even chances lose")
    return "\n".join(lines)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _bar(policy: float, even: float, width: int = 30) -> str:
    return "#" * round(width * min(1.0, policy / even)) if even > 0 else ""
