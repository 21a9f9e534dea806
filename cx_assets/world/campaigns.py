"""Actions: the company's own randomised campaigns, deliveries, and what they truly change."""

import numpy as np
import pandas as pd
import pyarrow as pa

from cx_assets.world.arrays import (
    DAY,
    HOUR,
    NEVER,
    Floats,
    Ints,
    Period,
    Rng,
    ids,
    later,
    names_of,
    some,
    text_column,
)
from cx_assets.world.population import People
from cx_assets.world.settings import WorldSettings

POLICY = "world-history"
CRM_CHANNEL = "email"


def randomise(people: People, period: Period, settings: WorldSettings, rng: Rng) -> pd.DataFrame:
    """The company's campaign: owner, action (position), treated, assigned_at.

    Drawn among the customers of earlier periods who may be contacted, whatever they feel. There
    is none in the first period.
    """
    accounts = slice(people.accounts)
    reachable = (people.joined_at[accounts] < period.start) & people.consent_marketing[accounts]
    share = settings.campaign_share if period.index > 0 else 0.0
    drawn = np.flatnonzero(reachable & some(rng, share, people.accounts))
    return pd.DataFrame(
        {
            "owner": drawn,
            "action": rng.integers(len(settings.actions), size=len(drawn)),
            "treated": some(rng, settings.treated_share, len(drawn)),
            "assigned_at": later(np.full(len(drawn), period.start), 9 * HOUR),
        }
    )


def deliver(
    actions: pd.DataFrame, period: Period, settings: WorldSettings, rng: Rng
) -> pd.DataFrame:
    """Those of the actions (owner, action, action_id) that reach their customer: adds
    delivered_at, opened_at and clicked_at (NaT where they did not)."""
    reached = actions[some(rng, settings.delivered_share, len(actions))].reset_index(drop=True)
    size = len(reached)
    delay = 10 * HOUR + np.floor(rng.random(size) * 3 * DAY)
    delivered_at = later(np.full(size, period.start), delay)
    opened = some(rng, 0.55, size)
    clicked = opened & some(rng, 0.35, size)
    opened_at = later(delivered_at, np.ceil(np.minimum(rng.exponential(8, size), 72) * HOUR))
    return reached.assign(
        delivered_at=delivered_at,
        opened_at=np.where(opened, opened_at, NEVER),
        clicked_at=np.where(clicked, later(opened_at, 120), NEVER),
    )


def effects(
    deliveries: pd.DataFrame, people: People, settings: WorldSettings
) -> tuple[Floats, Floats]:
    """What each delivery adds to satisfaction and, relatively, to the purchase rate."""
    size = (len(settings.actions) + 1, len(settings.kinds))
    satisfaction, purchases = np.zeros(size), np.zeros(size)
    for row, action in enumerate(settings.actions):
        for column, kind in enumerate(settings.kinds):
            satisfaction[row, column] = action.satisfaction * action.factor(kind.name)
            purchases[row, column] = action.purchases * action.factor(kind.name)
    # An unknown action is -1: the last row, which stays zero.
    where = deliveries["action"].to_numpy(), people.kind[deliveries["owner"].to_numpy()]
    return satisfaction[where], purchases[where]


def assignment_records(assigned: pd.DataFrame, people: People, settings: WorldSettings) -> pa.Table:
    """The action_assignments source: both arms of the company's own campaign."""
    treated = assigned["treated"].to_numpy()
    size = len(assigned)
    return pa.table(
        {
            "action_id": pa.array(assigned["action_id"]),
            "customer_id": people.customer_ids(assigned["owner"].to_numpy()),
            "assigned_at": assigned["assigned_at"].to_numpy(),
            "action": names_of(
                [action.name for action in settings.actions], assigned["action"].to_numpy()
            ),
            "arm": names_of(("control", "treated"), treated.astype(np.int64)),
            "propensity": np.where(treated, settings.treated_share, 1 - settings.treated_share),
            "policy_version": names_of((POLICY,), np.zeros(size, dtype=np.int64)),
            "segment_id": pa.nulls(size, pa.int64()),
            "expected_effect": pa.nulls(size, pa.float64()),
        }
    )


def delivery_records(deliveries: pd.DataFrame, people: People, settings: WorldSettings) -> pa.Table:
    """The action_deliveries source."""
    channels = [*(action.channel for action in settings.actions), CRM_CHANNEL]
    action: Ints = deliveries["action"].to_numpy()
    return pa.table(
        {
            "action_id": pa.array(deliveries["action_id"]),
            "customer_id": people.customer_ids(deliveries["owner"].to_numpy()),
            "delivered_at": deliveries["delivered_at"].to_numpy(),
            "channel": names_of(channels, action % len(channels)),
            "opened_at": deliveries["opened_at"].to_numpy(),
            "clicked_at": deliveries["clicked_at"].to_numpy(),
        }
    )


def action_ids(numbers: Ints) -> pd.Series:
    return text_column(ids("W", numbers))
