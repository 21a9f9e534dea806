"""What the product says of each action in one world, beside the truth."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.effects.worlds import (
    CALL,
    NOTHING,
    VOUCHER,
    answers_of,
    live,
    measure,
    without_the_call,
    world_settings,
)
from cx_assets.defs.feedback.action_outcomes import HORIZON_DAYS
from cx_assets.settings import Settings
from cx_assets.warehouse import Session
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.world import WorldSettings
from cx_assets.world.arrays import DAY, MONTH

EFFECTS = """
select * from feedback.action_effects
where segment_id is null and period = (select max(period) from feedback.action_effects)
"""
ASSIGNMENTS = "select * from feedback.action_outcomes order by action_id"
INVITATIONS = f"""
select assigned.action_id, responses.response_id
from feedback.action_outcomes as assigned
inner join process.survey_responses as responses on responses.customer_id = assigned.customer_id
where responses.survey = 'csat'
    and responses.sent_at >= assigned.assigned_at
    and responses.sent_at < assigned.assigned_at + interval '{HORIZON_DAYS}' day
"""
PURCHASES = "select avg(case when is_purchase then 1.0 else 0.0 end) from process.orders"


def figures(customers: int, seed: int) -> list[dict[str, object]]:
    """One row per action and outcome whose truth is known: the table's row, and `truth`."""
    world = world_settings(customers, seed)
    with tempfile.TemporaryDirectory(prefix="cx-effects-") as folder:
        home = Path(folder)
        settings = Settings(home=home / "product")
        live(world, settings.landing, home / "with")
        live(without_the_call(world), home / "twin", home / "without")
        measure(settings)
        with DuckDBWarehouse.at(settings.warehouse).connect() as session:
            effects = session.frame(EFFECTS)
            truths = true_effects(session, world, home)
    known = effects.merge(truths, on=["action", "outcome"])
    columns = [
        *("truth", "treated", "control", "raw_effect", "effect", "ci_low", "ci_high"),
        *("p_value", "variance_reduction", "naive_change"),
    ]
    rows = known[["action", "outcome", *columns]].to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def true_effects(session: Session, world: WorldSettings, home: Path) -> pd.DataFrame:
    """The true intention-to-treat effects: action, outcome, truth."""
    assigned = session.frame(ASSIGNMENTS)
    with_call, without = answers_of(home / "with" / "truth"), answers_of(home / "without" / "truth")
    gained = with_call["true_score"] - without["true_score"]
    ((purchases,),) = session.rows(PURCHASES)
    added = purchases * on_orders(assigned, world, home / "with" / "truth")
    rows = [
        (CALL, "csat", on_csat(session.frame(INVITATIONS), assigned, gained)),
        (CALL, "orders", 0.0),
        (CALL, "profit", 0.0),
        (VOUCHER, "orders", added),
        *((NOTHING, outcome, 0.0) for outcome in ("csat", "orders", "profit")),
    ]
    return pd.DataFrame(rows, columns=["action", "outcome", "truth"])


def on_csat(invitations: pd.DataFrame, assigned: pd.DataFrame, gained: pd.Series) -> float:
    """By how much more the call moved the score of the treated than that of the control group.

    Both have earlier calls behind them, whose effect has not faded yet.
    """
    moved = invitations.assign(gained=gained.reindex(invitations["response_id"]).to_numpy())
    per_assignment = moved.groupby("action_id")["gained"].mean()
    called = assigned[assigned["action"] == CALL].set_index("action_id")
    mean = per_assignment.reindex(called.index).groupby(called["arm"]).mean()
    return float(mean["treated"] - mean["control"])


def on_orders(assigned: pd.DataFrame, world: WorldSettings, truth: Path) -> float:
    """Expected orders that a voucher adds in the window, over the treated."""
    (voucher,) = (action for action in world.actions if action.name == VOUCHER)
    people = pd.read_parquet(truth / "customers.parquet").set_index("customer_id")
    uplift = people["kind"].map(lambda kind: voucher.purchases * voucher.factor(kind))
    monthly = people["orders_per_month"] * uplift * world.delivered_share
    alive = {
        path.stem: pd.read_parquet(path).set_index("customer_id")["alive"]
        for path in sorted((truth / "states").glob("*.parquet"))
    }
    sent = assigned[(assigned["action"] == VOUCHER) & (assigned["arm"] == "treated")]
    added = []
    for month, rows in sent.groupby(sent["assigned_at"].dt.to_period("M")):
        who = rows["customer_id"]
        before, after = (
            alive[f"{period}-01"].reindex(who).fillna(False).to_numpy(dtype=float)
            for period in (month - 1, month)
        )
        season = world.seasonality[month.month - 1]
        # Who leaves within the month is there for half of it.
        there = (before + after) / 2
        added.append(monthly.reindex(who).to_numpy() * season * there * HORIZON_DAYS * DAY / MONTH)
    return float(np.concatenate(added).mean())
