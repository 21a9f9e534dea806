"""personalize/survey_outbox: the newest period's survey plan leaves for the CRM, once."""

import dagster as dg

from cx_assets.defs.personalize.publishing import publishing_asset
from cx_assets.outbox import SURVEYS

INVITATIONS = """
select
    plan_id, customer_id, cast($period_end as timestamp) as planned_at, survey, rank,
    reason, propensity, expected_information, why
from personalize.survey_plan
where period = cast($period_start as date)
"""

survey_outbox = publishing_asset(
    dg.AssetKey(["personalize", "survey_outbox"]),
    SURVEYS,
    "personalize.survey_plan",
    INVITATIONS,
    "The survey plan of the newest period, as outbox/surveys/<period>.parquet for a CRM, and as "
    "landing/survey_plans/<period>.parquet: whom we meant to ask, and with which probability.",
)
