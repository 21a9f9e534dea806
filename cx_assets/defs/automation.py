"""What runs by itself, and the jobs that people start by hand."""

import dagster as dg

from cx_assets.periods import PERIODS, SETTINGS


def _tables(*names: str) -> dg.AssetSelection:
    return dg.AssetSelection.assets(*(name.split(".") for name in names))


whole_loop = dg.define_asset_job(
    "whole_loop",
    selection=dg.AssetSelection.all(),
    partitions_def=PERIODS,
    description="Every table of the loop, from the landing files to the outbox.",
)

landing_to_features = dg.define_asset_job(
    "landing_to_features",
    selection=dg.AssetSelection.groups("collect", "process", "features"),
    partitions_def=PERIODS,
    description="Read what has landed and clean it; no model is fitted and nothing leaves.",
)

customer_value = dg.define_asset_job(
    "customer_value",
    selection=_tables(
        "features.purchase_history",
        "analyze.segment_quality",
        "analyze.segment_model",
        "analyze.segments",
        "analyze.segment_migration",
        "analyze.rfm",
        "analyze.clv_holdout",
        "analyze.clv_model",
        "analyze.purchase_outlook",
        "analyze.clv",
        "analyze.churn_model",
        "analyze.churn_risk",
        "analyze.segment_profiles",
    ),
    partitions_def=PERIODS,
    description="Segments, lifetime value and churn, from the features on.",
)

satisfaction = dg.define_asset_job(
    "satisfaction",
    selection=_tables(
        "process.survey_responses",
        "features.experience",
        "analyze.response_model",
        "analyze.response_weights",
        "analyze.csat",
        "analyze.csat_daily",
        "analyze.csat_drivers",
        "analyze.response_funnel",
        "analyze.score_flips",
        "analyze.text_model",
        "analyze.text_sentiment",
        "analyze.text_topics",
        "analyze.satisfaction_model",
        "analyze.predicted_satisfaction",
        "analyze.case_events",
        "analyze.case_states",
        "insight.information_gap",
        "insight.scorecard",
    ),
    partitions_def=PERIODS,
    description="From survey answers that were collected to the scores and the gaps between them.",
)

offers = dg.define_asset_job(
    "offers",
    selection=_tables(
        "analyze.association_rules",
        "analyze.item_similarity",
        "analyze.recommendation_quality",
        "personalize.recommendations",
        "insight.demand_models",
        "insight.product_insights",
    ),
    partitions_def=PERIODS,
    description="What goes together, what to offer to each customer, and what to stock.",
)

actions = dg.define_asset_job(
    "actions",
    selection=dg.AssetSelection.groups("feedback", "personalize"),
    partitions_def=PERIODS,
    description="What earlier actions did, what to do next, and the outbox.",
)

every_period = dg.build_schedule_from_partitioned_job(
    whole_loop,
    name=f"whole_loop_{SETTINGS.period}",
    description="The whole loop for the period that has just ended.",
    default_status=dg.DefaultScheduleStatus.RUNNING
    if SETTINGS.last_period is None
    else dg.DefaultScheduleStatus.STOPPED,
)
