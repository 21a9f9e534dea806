"""personalize.survey_plan: whom to ask next, within the contact cap and with consent."""

from datetime import timedelta

from cx_assets.columns import Column, Consent, NotNull, OneOf, Range, Unique
from cx_assets.defs.personalize.publishing import decided_table
from cx_assets.methods.survey_plan import RANDOM_SHARE, draw_key, invitations, plan_sql
from cx_assets.outbox import SURVEYS
from cx_assets.periods import Period
from cx_assets.settings import Settings
from cx_assets.tables import Query, Table
from cx_assets.warehouse import Session

# No one is asked twice within so many days, whatever the touchpoint.
CONTACT_CAP = timedelta(days=60)

INFORMATION = [
    ("analyze.predicted_satisfaction", "uncertainty"),
    ("analyze.predicted_satisfaction", "response_propensity"),
    ("analyze.clv", "clv"),
    ("analyze.clv", "clv_formula"),
]
MAY_BE_ASKED = [
    ("process.customers", "consent_marketing"),
    ("process.customers", "consent_analytics"),
    ("process.customers", "closed_at"),
    ("process.customers", "is_test_account"),
    ("process.survey_responses", "sent_at"),
    ("process.survey_plans", "planned_at"),
]

SURVEY_PLAN = Table(
    name="personalize.survey_plan",
    description=(
        "One row per customer to ask in the period to come, at most CX_SURVEY_SHARE of those with "
        "an open account.\n"
        "Candidates have an open account, not one for tests, and both consents, and were neither "
        f"sent a survey nor in a published plan within the {CONTACT_CAP.days} days before the "
        "period's end. The invitations go to the highest expected information (variance of the "
        "customer's satisfaction, times lifetime value, times probability of an answer), "
        f"{RANDOM_SHARE:.0%} of them (more where too few have any) to a random sample of all other "
        "candidates. So each score divided by its propensity, added up and divided by the number "
        "of candidates, estimates the mean of all candidates without bias. A plan that was "
        "published stays as it is."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column(
            "customer_id",
            "VARCHAR",
            "Whom to ask.",
            (NotNull(), Unique(), Consent(("marketing", "analytics"))),
        ),
        Column("plan_id", "VARCHAR", "The planned invitation.", (NotNull(), Unique())),
        Column("survey", "VARCHAR", "Kind of survey.", (NotNull(), OneOf(("csat",)))),
        Column("rank", "BIGINT", "1 is asked first.", (NotNull(), Unique(), Range(1))),
        Column(
            "reason",
            "VARCHAR",
            "value: among the highest expected information; random: drawn among all others.",
            (NotNull(), OneOf(("value", "random"))),
        ),
        Column(
            "expected_information",
            "DOUBLE",
            "Variance of the satisfaction x value at stake x probability of an answer.",
            (NotNull(), Range(0)),
        ),
        Column(
            "propensity",
            "DOUBLE",
            "The probability with which this candidate got into the plan.",
            (NotNull(), Range(0, 1)),
        ),
        Column("why", "VARCHAR", "What is known and at stake, in words.", (NotNull(),)),
    ),
    reads=(
        "process.customers",
        "process.survey_responses",
        "process.survey_plans",
        "analyze.clv",
        "analyze.predicted_satisfaction",
    ),
    code_version="2",
    lineage={
        "customer_id": [("process.customers", "customer_id")],
        "plan_id": [("process.customers", "customer_id")],
        "expected_information": INFORMATION,
        "why": [
            ("analyze.predicted_satisfaction", "stated_days"),
            ("analyze.clv", "clv"),
            ("analyze.clv", "clv_formula"),
        ],
        **{column: [*INFORMATION, *MAY_BE_ASKED] for column in ("rank", "reason", "propensity")},
    },
)

OPEN_ACCOUNTS = "select count(*) from process.customers where period = $day and closed_at is null"

CANDIDATES = """
select
    customers.customer_id,
    predicted.uncertainty as variance,
    greatest(coalesce(clv.clv, clv.clv_formula, 0), 0) as value,
    predicted.response_propensity,
    predicted.stated_days
from process.customers as customers
left join "analyze".predicted_satisfaction as predicted
    on predicted.customer_id = customers.customer_id and predicted.period = customers.period
left join "analyze".clv as clv
    on clv.customer_id = customers.customer_id and clv.period = customers.period
where customers.period = $day
    and customers.consent_marketing
    and customers.consent_analytics
    and customers.closed_at is null
    and not customers.is_test_account
    and not exists (
        select 1
        from process.survey_responses as sent
        where sent.customer_id = customers.customer_id
            and sent.sent_at > $cap_start
            and sent.sent_at < $period_end
    )
    and not exists (
        select 1
        from process.survey_plans as planned
        where planned.customer_id = customers.customer_id
            and planned.planned_at > $cap_start
            and planned.planned_at < $period_end
    )
"""

PLAN = f"""
select
    $day as period,
    customer_id,
    cast($day as varchar) || '/' || customer_id as plan_id,
    'csat' as survey,
    rank,
    reason,
    expected_information,
    propensity,
    why
from ({plan_sql(CANDIDATES)})
"""


@decided_table(SURVEY_PLAN, SURVEYS)
def survey_plan(session: Session, period: Period, settings: Settings) -> Query:
    day = period.start.date()
    ((customers,),) = session.rows(OPEN_ACCOUNTS, {"day": day})
    return Query(
        PLAN,
        {
            "day": day,
            "cap_start": period.end - CONTACT_CAP,
            "period_end": period.end,
            "invitations": invitations(customers, settings.survey_share),
            "key": draw_key(period.key),
        },
    )
