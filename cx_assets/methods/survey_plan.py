"""Whom to ask next: most where an answer is worth most, some at random so that the rest is known.

A plan of n invitations has two strata. The first `1 - RANDOM_SHARE` of them (rounded down) go to
the candidates with the highest expected information

    variance of the customer's satisfaction * value at stake * probability of an answer,

for certain, so with inclusion probability 1; nobody without any expected information is among
them. The others are a simple random sample of all remaining candidates: those with the lowest
keyed hashes, so each is in it with probability (sample size / remaining). The probabilities are
exact and above zero for every candidate, so the Horvitz-Thompson mean

    sum of score / propensity over the plan, divided by the number of candidates

is unbiased for the mean of all candidates (Horvitz and Thompson 1952; a certainty stratum beside a
random one: Cochran, Sampling Techniques, 5.5). With as many invitations as candidates everybody
is asked, with probability 1.
"""

from decimal import Decimal
from math import ceil

# Part of the key of the draw: a plan of another version draws other customers.
PLAN_VERSION = "survey-plan-1"
RANDOM_SHARE = Decimal("0.20")
# Of whom nothing is known any score on 1..5 is as likely as another, and an answer as none.
UNKNOWN_VARIANCE = (5 - 1) ** 2 / 12
UNKNOWN_PROPENSITY = 0.5


def invitations(customers: int, share: float) -> int:
    """How many of so many customers to ask: the share as it is written, rounded up."""
    return ceil(customers * Decimal(str(share)))


def draw_key(period: str) -> str:
    """The parameter `$key` of a period's plan: a new draw in every period and version."""
    return f"{PLAN_VERSION}/{period}/"


def plan_sql(candidates: str) -> str:
    """The plan as a query: customer_id, rank, reason, expected_information, propensity, why.

    Its parameters are `$invitations`, the most there may be, and `$key` (see `draw_key`). The order
    of the candidates does not matter: customer_id is the last word in every order.

    Args:
        candidates: a query of customer_id, variance (of the score, in points squared; null where
            unknown), value (money, at least 0), response_propensity (0..1; null where unknown)
            and stated_days (since the newest known answer; null without one), one row per customer.
    """
    return f"""
with candidates as ({candidates}),

informed as (
    select
        customer_id,
        value,
        stated_days,
        coalesce(variance, {UNKNOWN_VARIANCE}) * value
        * coalesce(response_propensity, {UNKNOWN_PROPENSITY}) as expected_information,
        md5($key || customer_id) as draw
    from candidates
),

counts as (
    select
        count(*) as candidates,
        least($invitations, count(*)) as asked,
        count(case when expected_information > 0 then 1 end) as informative
    from informed
),

strata as (
    select
        candidates,
        asked,
        cast(least(asked - ceil(asked * {RANDOM_SHARE}), informative) as bigint) as certain
    from counts
),

placed as (
    select
        informed.*,
        strata.*,
        row_number() over (order by expected_information desc, customer_id) as place
    from informed
    cross join strata
),

ranked as (
    select
        *,
        row_number() over (
            order by case when place <= certain then place else certain + 1 end, draw, customer_id
        ) as rank
    from placed
)

select
    customer_id,
    rank,
    case when rank <= certain then 'value' else 'random' end as reason,
    expected_information,
    case
        when rank <= certain then 1
        else (asked - certain) / (candidates - certain)
    end as propensity,
    case
        when stated_days is null then 'no known answer'
        when stated_days = 1 then 'last answer 1 day ago'
        else 'last answer ' || cast(stated_days as varchar) || ' days ago'
    end || ', worth ' || cast(cast(round(value) as bigint) as varchar) as why
from ranked
where rank <= asked
"""
