"""The SQL models of dbt_like_sql/, as assets."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import dagster as dg

from cx_assets.catalogue import catalogue_of
from cx_assets.catalogue_sql import CUSTOMERS, check_sql
from cx_assets.defs.analyze.association_rules import ASSOCIATION_RULES
from cx_assets.defs.analyze.churn_model import CHURN_MODEL
from cx_assets.defs.analyze.churn_risk import CHURN_RISK
from cx_assets.defs.analyze.clv_holdout import CLV_HOLDOUT
from cx_assets.defs.analyze.clv_model import CLV_MODEL
from cx_assets.defs.analyze.clv_pictures import clv_picture
from cx_assets.defs.analyze.csat import CSAT
from cx_assets.defs.analyze.csat_drivers import CSAT_DRIVERS
from cx_assets.defs.analyze.item_similarity import ITEM_SIMILARITY
from cx_assets.defs.analyze.predicted_satisfaction import PREDICTED_SATISFACTION
from cx_assets.defs.analyze.purchase_outlook import PURCHASE_OUTLOOK
from cx_assets.defs.analyze.recommendation_quality import RECOMMENDATION_QUALITY
from cx_assets.defs.analyze.response_funnel import RESPONSE_FUNNEL
from cx_assets.defs.analyze.response_model import RESPONSE_MODEL
from cx_assets.defs.analyze.response_weights import RESPONSE_WEIGHTS
from cx_assets.defs.analyze.satisfaction_model import SATISFACTION_MODEL
from cx_assets.defs.analyze.score_flips import SCORE_FLIPS
from cx_assets.defs.analyze.segment_model import SEGMENT_MODEL
from cx_assets.defs.analyze.segment_pictures import segment_moves
from cx_assets.defs.analyze.segment_quality import SEGMENT_QUALITY
from cx_assets.defs.analyze.segments import SEGMENTS
from cx_assets.defs.analyze.text_model import TEXT_MODEL
from cx_assets.defs.analyze.text_sentiment import TEXT_SENTIMENT
from cx_assets.defs.analyze.text_topics import TEXT_TOPICS
from cx_assets.defs.collect.sources import COLLECTED
from cx_assets.defs.feedback.action_effects import ACTION_EFFECTS
from cx_assets.defs.feedback.action_outcomes import ACTION_OUTCOMES
from cx_assets.defs.insight.demand_models import DEMAND_MODELS
from cx_assets.defs.insight.information_gap import INFORMATION_GAP
from cx_assets.defs.insight.product_insights import PRODUCT_INSIGHTS
from cx_assets.defs.personalize.next_best_actions import NEXT_BEST_ACTIONS
from cx_assets.defs.personalize.policy import POLICY
from cx_assets.defs.personalize.recommendations import RECOMMENDATIONS
from cx_assets.defs.personalize.survey_plan import SURVEY_PLAN
from cx_assets.periods import SETTINGS, Period, period_at, period_before
from cx_assets.plots_web import attribution, web_funnel
from cx_assets.privacy.retention import refuse_removed
from cx_assets.settings import Settings
from cx_assets.sql_models import SqlModel, load_models
from cx_assets.tables import Plot, Table, table_asset
from cx_assets.warehouse import Session

FOLDER = Path(__file__).resolve().parents[2] / "dbt_like_sql"
# The tables that SQL models may read and that are no SQL models themselves.
KNOWN = (
    *COLLECTED,
    ASSOCIATION_RULES,
    CHURN_MODEL,
    CHURN_RISK,
    CLV_HOLDOUT,
    CLV_MODEL,
    PURCHASE_OUTLOOK,
    SEGMENT_MODEL,
    SEGMENT_QUALITY,
    SEGMENTS,
    RESPONSE_MODEL,
    RESPONSE_WEIGHTS,
    CSAT,
    CSAT_DRIVERS,
    RESPONSE_FUNNEL,
    SCORE_FLIPS,
    TEXT_MODEL,
    TEXT_SENTIMENT,
    TEXT_TOPICS,
    SATISFACTION_MODEL,
    PREDICTED_SATISFACTION,
    INFORMATION_GAP,
    DEMAND_MODELS,
    PRODUCT_INSIGHTS,
    ITEM_SIMILARITY,
    RECOMMENDATION_QUALITY,
    RECOMMENDATIONS,
    ACTION_OUTCOMES,
    ACTION_EFFECTS,
    POLICY,
    NEXT_BEST_ACTIONS,
    SURVEY_PLAN,
)
# What people would rather see than read.
PICTURES: dict[str, Plot] = {
    "analyze.clv": clv_picture,
    "analyze.segment_migration": segment_moves,
    "analyze.web_funnel": web_funnel,
    "analyze.attribution": attribution,
}


def window_parameters(periods: Sequence[Period]) -> dict[str, datetime]:
    """What `$period_start`, `$period_end` and `$previous_start` mean in a model."""
    return {
        "period_start": periods[0].start,
        "period_end": periods[-1].end,
        "previous_start": period_before(periods[0]).start,
    }


def model_table(model: SqlModel) -> Table:
    return Table(
        name=model.table,
        description=model.description,
        columns=model.columns,
        reads=model.depends_on,
        tests=model.table_tests,
        kinds=frozenset({"sql"}),
        code_version=model.code_version,
        lineage=model.lineage,
    )


def model_asset(model: SqlModel) -> dg.AssetsDefinition:
    def build(session: Session, staged: str, periods: Sequence[Period], settings: Settings) -> None:
        if any(name.startswith("collect.") for name in model.depends_on):
            refuse_removed(session, periods)
        # Rows that carry their own period come all at once; a snapshot is taken period by period.
        runs = [periods] if model.grain == "events" else [[period] for period in periods]
        for run in runs:
            parameters = {**settings.sql_parameters(), **window_parameters(run)}
            session.append(staged, model.sql, {name: parameters[name] for name in model.parameters})

    return table_asset(model_table(model), build, PICTURES.get(model.table))


def loaded_models() -> list[SqlModel]:
    """All models of the folder, each after those it reads."""
    parameters = {
        **SETTINGS.sql_parameters(),
        **window_parameters([period_at(SETTINGS.first_period, SETTINGS.period)]),
    }
    return load_models(FOLDER, {table.name: table.columns for table in KNOWN}, parameters)


@dg.definitions
def sql_models() -> dg.Definitions:
    """Also where loading stops if the catalogue of actions does not fit its customers."""
    models = loaded_models()
    check_sql(
        catalogue_of(SETTINGS), next(model.columns for model in models if model.table == CUSTOMERS)
    )
    return dg.Definitions(assets=[model_asset(model) for model in models])
