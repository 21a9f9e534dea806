"""personalize/outbox: the newest period's actions leave for the CRM, once."""

import dagster as dg

from cx_assets.defs.personalize.publishing import publishing_asset
from cx_assets.outbox import ACTIONS

DECISIONS = """
select
    action_id, customer_id, cast($period_end as timestamp) as assigned_at, action, arm,
    propensity, action_propensity, policy_version, segment_id, expected_effect,
    expected_net_benefit, reason
from personalize.next_best_actions
where period = cast($period_start as date)
"""


outbox = publishing_asset(
    dg.AssetKey(["personalize", "outbox"]),
    ACTIONS,
    "personalize.next_best_actions",
    DECISIONS,
    "The treated actions of the newest period, as outbox/actions/<period>.parquet for a CRM, "
    "and both arms as landing/action_assignments/<period>.parquet for the measurement.",
)
