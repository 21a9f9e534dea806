"""The decisions of a period as one query: who is a candidate, what is drawn, and in which arm."""

from cx_assets.methods.policy.choices import DIGITS


def decision_sql(candidates: str, choices: str, within_budget: bool) -> str:
    """A query of the candidates' columns and of their choice's, `arm` and `propensity` (of it).

    Candidates whose draw means none are not in it. Its parameters are `$draw_key` (of the policy
    and the period), `$arm_key` (of the policy), `$holdout_below` (eight hexadecimal digits),
    `$holdout_share`, and with a budget `$budget`.

    The budget takes candidates in the order of what the policy expects of them, equals in the order
    of a hash of their own, as long as the dearest action of each would still fit, whatever is drawn
    and in whichever arm. So who is decided for depends on no draw, all propensities stay as they
    are, and the budget is never exceeded.

    Args:
        candidates: a query of customer_id, segment_id, eligible and whatever else is wanted.
        choices: a query of the columns of `choices.choices`.
    """
    affordable = (
        """
    select candidates.*
    from candidates
    inner join offers
        on offers.segment_id = candidates.segment_id and offers.eligible = candidates.eligible
    qualify sum(offers.worst_cost) over (
        order by
            offers.policy_benefit desc,
            md5($draw_key || 'budget/' || candidates.customer_id),
            candidates.customer_id
        rows unbounded preceding
    ) <= $budget"""
        if within_budget
        else "select * from candidates"
    )
    return f"""
with candidates as ({candidates}),

choices as ({choices}),

offers as (
    select distinct
        segment_id, eligible, policy_benefit, cast(worst_cost as decimal(18, 4)) as worst_cost
    from choices
),

affordable as ({affordable}
),

drawn as (
    select
        *,
        substring(md5($draw_key || customer_id), 1, {DIGITS}) as draw,
        case
            when substring(md5($arm_key || customer_id), 1, 8) < $holdout_below then 'control'
            else 'treated'
        end as arm
    from affordable
)

select
    drawn.* exclude (draw, eligible),
    choices.action,
    choices.action_propensity,
    choices.expected_effect,
    choices.expected_net_benefit,
    case
        when drawn.arm = 'control' then $holdout_share
        else 1 - $holdout_share
    end as propensity
from drawn
inner join choices
    on choices.segment_id = drawn.segment_id
    and choices.eligible = drawn.eligible
    and drawn.draw >= choices.draw_from
    and drawn.draw < choices.draw_below
"""
