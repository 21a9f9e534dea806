"""personalize.next_best_actions: the one action decided for each customer, and why."""

from datetime import timedelta
from typing import Any

from cx_assets.catalogue import catalogue_of
from cx_assets.catalogue_sql import eligible_sql, reasons_sql
from cx_assets.columns import Column, Consent, NotNull, OneOf, Range, Unique
from cx_assets.defs.feedback.action_outcomes import HORIZON_DAYS
from cx_assets.defs.personalize.publishing import decided_table
from cx_assets.methods.policy.choices import choices
from cx_assets.methods.policy.decision import decision_sql
from cx_assets.methods.policy.thompson import EXPLORATION
from cx_assets.outbox import ACTIONS
from cx_assets.periods import Period
from cx_assets.settings import Settings
from cx_assets.tables import Query, Table
from cx_assets.warehouse import Session

# As long as an action has to show what it does: the outcomes of two never mix in one customer.
CONTACT_CAP = timedelta(days=HORIZON_DAYS)

BELIEF = [
    ("personalize.policy", "net_benefit_mean"),
    ("personalize.policy", "net_benefit_sd"),
]

NEXT_BEST_ACTIONS = Table(
    name="personalize.next_best_actions",
    description=(
        "One row per customer for whom an action was decided at the period's end; none where doing "
        "nothing was drawn.\n"
        "Candidates have an open account, not one for tests, and both consents, were assigned no "
        f"action, in either arm, within the {CONTACT_CAP.days} days before the period's end, and "
        "are eligible for an action of the catalogue. With CX_ACTION_BUDGET they are taken in the "
        "order of expected net benefit as long as the dearest action of each would still fit.\n"
        "Thompson sampling: each action is drawn with the probability that its net benefit "
        "(personalize.policy) is the largest among those the customer is eligible for and above 0, "
        f"mixed with {EXPLORATION:.0%} drawn evenly. A hash of policy, period and customer draws "
        "the action; a hash of policy and customer holds out a control group, the same customers "
        "for as long as the policy is the same, who get nothing, so that effects can be measured. "
        "Decisions that were published stay as they are: later answers change what is known of "
        "them, in feedback.action_effects."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column(
            "customer_id",
            "VARCHAR",
            "The customer.",
            (NotNull(), Unique(), Consent(("marketing", "analytics"))),
        ),
        Column("action_id", "VARCHAR", "The action.", (NotNull(), Unique())),
        Column("action", "VARCHAR", "What to do.", (NotNull(),)),
        Column("arm", "VARCHAR", "Whether it is done.", (NotNull(), OneOf(("treated", "control")))),
        Column(
            "propensity",
            "DOUBLE",
            "The probability with which this arm was drawn.",
            (NotNull(), Range(0, 1)),
        ),
        Column("policy_version", "VARCHAR", "Which policy decided.", (NotNull(),)),
        Column("segment_id", "BIGINT", "The customer's segment.", (NotNull(),)),
        Column(
            "action_propensity",
            "DOUBLE",
            "The probability with which this action was drawn.",
            (NotNull(), Range(0, 1)),
        ),
        Column("expected_effect", "DOUBLE", "On the action's own outcome.", (NotNull(),)),
        Column(
            "expected_net_benefit",
            "DOUBLE",
            "Worth of that effect less the action's cost, as money.",
            (NotNull(),),
        ),
        Column("reason", "VARCHAR", "Why this customer, in words.", (NotNull(),)),
    ),
    reads=(
        "insight.customer_360",
        "process.customers",
        "process.action_assignments",
        "personalize.policy",
    ),
    code_version="2",
    lineage={
        "customer_id": [("insight.customer_360", "customer_id")],
        "action_id": [("insight.customer_360", "customer_id")],
        "arm": [("insight.customer_360", "customer_id")],
        "policy_version": [("personalize.policy", "policy_version")],
        "segment_id": [("insight.customer_360", "segment_id")],
        "action": [*BELIEF, ("insight.customer_360", "customer_id")],
        "action_propensity": BELIEF,
        "expected_effect": [("personalize.policy", "effect_mean")],
        "expected_net_benefit": [("personalize.policy", "net_benefit_mean")],
    },
)

BELIEFS = """
select * from personalize.policy where period = $day order by segment_id, action
"""

# `eligible` is made where no other table is in sight, since its conditions name bare columns.
CANDIDATES = """
select *
from (
    select
        customers.customer_id, customers.segment_id, {eligible} as eligible
    from insight.customer_360 as customers
    where customers.period = $day
        and customers.consent_marketing
        and customers.consent_analytics
        and customers.segment_id is not null
) as customers
where customers.eligible > 0
    and exists (
        select 1
        from process.customers as accounts
        where accounts.customer_id = customers.customer_id
            and accounts.period = $day
            and accounts.closed_at is null
            and not accounts.is_test_account
    )
    and not exists (
        select 1
        from process.action_assignments as earlier
        where earlier.customer_id = customers.customer_id
            and earlier.assigned_at > $cap_start
            and earlier.assigned_at < $period_end
    )
"""

CHOICES = """
select
    unnest(cast($segment_id as bigint[])) as segment_id,
    unnest(cast($eligible as bigint[])) as eligible,
    unnest(cast($action as varchar[])) as action,
    unnest(cast($draw_from as varchar[])) as draw_from,
    unnest(cast($draw_below as varchar[])) as draw_below,
    unnest(cast($action_propensity as double[])) as action_propensity,
    unnest(cast($expected_effect as double[])) as expected_effect,
    unnest(cast($expected_net_benefit as double[])) as expected_net_benefit,
    unnest(cast($policy_benefit as double[])) as policy_benefit,
    unnest(cast($worst_cost as double[])) as worst_cost
"""


@decided_table(NEXT_BEST_ACTIONS, ACTIONS)
def next_best_actions(session: Session, period: Period, settings: Settings) -> Query | None:
    catalogue = catalogue_of(settings)
    version = catalogue.policy_version(settings.holdout_share)
    window = {
        "day": period.start.date(),
        "period_end": period.end,
        "cap_start": period.end - CONTACT_CAP,
    }
    beliefs = session.frame(BELIEFS, {"day": window["day"]})
    if beliefs.empty:
        return None
    if set(beliefs["policy_version"]) != {version}:
        raise ValueError(
            f"personalize.policy of {period.key} is of another catalogue or holdout share: "
            "materialise it first"
        )
    candidates = CANDIDATES.format(eligible=eligible_sql(catalogue.actions))
    sets = session.frame(
        f"select distinct segment_id, eligible from ({candidates}) order by all", window
    )
    chosen = choices(beliefs, sets)
    parameters: dict[str, Any] = {
        **window,
        **{str(name): values.tolist() for name, values in chosen.items()},
        "version": version,
        "draw_key": f"{version}/{period.key}/",
        "arm_key": f"{version}/",
        "holdout_share": settings.holdout_share,
        "holdout_below": settings.sql_parameters()["holdout_below"],
    }
    budget = settings.action_budget
    if budget is not None:
        parameters["budget"] = budget
    decided = decision_sql(candidates, CHOICES, within_budget=budget is not None)
    types = session.columns("insight.customer_360")
    return Query(
        f"""
select
    $day as period,
    decided.customer_id,
    cast($day as varchar) || '/' || decided.customer_id as action_id,
    decided.action,
    decided.arm,
    decided.propensity,
    $version as policy_version,
    decided.segment_id,
    decided.action_propensity,
    decided.expected_effect,
    decided.expected_net_benefit,
    {reasons_sql(catalogue.actions, types, "decided.action")} as reason
from ({decided}) as decided
inner join insight.customer_360 as customers
    on customers.customer_id = decided.customer_id and customers.period = $day
order by decided.customer_id
""",
        parameters,
    )
