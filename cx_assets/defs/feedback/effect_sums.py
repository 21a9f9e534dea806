"""The sums that measured effects are made of, added up by the warehouse."""

from collections.abc import Mapping

from cx_assets.defs.feedback.action_outcomes import BEFORE_DAYS, HORIZON_DAYS
from cx_assets.methods.effects.comparison import ARMS, MOMENTS, PRODUCTS, TOTALS

# An arm that is drawn less often than this would let single customers decide.
RAREST_ARM = 0.001
# More than this is a slip of the pen, and what is squared must fit a decimal.
MOST_PROFIT = "1e9"
# What an outcome would have been before, over as many days as it is measured; an answer as it is.
BEFORE = {
    "csat": "csat_before",
    "orders": f"orders_before * {HORIZON_DAYS} / {BEFORE_DAYS}.0",
    "profit": (
        f"least(greatest(profit_before, -{MOST_PROFIT}), {MOST_PROFIT}) "
        f"* {HORIZON_DAYS} / {BEFORE_DAYS}.0"
    ),
}
VALUE = {
    "csat": "csat",
    "orders": "orders",
    "profit": f"least(greatest(profit, -{MOST_PROFIT}), {MOST_PROFIT})",
}
WEIGHT = {"csat": "csat_weight", "orders": "1", "profit": "1"}

MEASURED = " union all ".join(
    f"""
    select
        action, segment_id, customer_id, arm,
        '{outcome}' as outcome,
        cast({WEIGHT[outcome]} / greatest(arm_propensity, {RAREST_ARM}) as decimal(19, 6)) as w,
        cast({VALUE[outcome]} as decimal(18, 4)) as y,
        cast({BEFORE[outcome]} as decimal(18, 4)) as before
    from feedback.action_outcomes
    where period <= cast($period_start as date) and {outcome} is not null
    """
    for outcome in BEFORE
)
OF_PART = {"weight": "w", "outcome": "w * y", "covariate": "w * x"}
OF_MOMENT = {
    "covariate_square": "cast(w * x as decimal(19, 4)) * x",
    "covariate_outcome": "cast(w * x as decimal(19, 4)) * y",
}
PER_CUSTOMER = {
    "treated": "count(case when arm = 'treated' then 1 end)",
    "control": "count(case when arm = 'control' then 1 end)",
    "naive_rows": "count(case when arm = 'treated' then before end)",
    "naive_total": "sum(case when arm = 'treated' then y - before end)",
    **{
        f"{arm}_{of}": f"cast(sum(case when arm = '{arm}' then {sql} else 0 end) as decimal(28, 4))"
        for arm in ARMS
        for of, sql in {**OF_PART, **OF_MOMENT}.items()
    },
}


def listed(expressions: Mapping[str, str]) -> str:
    return ", ".join(f"{sql} as {name}" for name, sql in expressions.items())


def total(name: str) -> str:
    return f"cast(sum({name}) as double)"


def product(one: str, other: str) -> str:
    return total(f"cast({one} as decimal(19, 4)) * cast({other} as decimal(19, 4))")


# Sums of decimals are the same in whatever order they are added up. Of two factors one has 19
# digits: the product of two shorter ones would not get more than 18.
EFFECT_SUMS = f"""
with measured as ({MEASURED}),
usual as (
    select action, outcome, cast(avg(before) as decimal(18, 4)) as before
    from measured
    group by action, outcome
),
assignments as (
    select measured.*, coalesce(measured.before, usual.before, 0) as x
    from measured
    inner join usual on usual.action = measured.action and usual.outcome = measured.outcome
),
customers as (
    select
        action, segment_id, outcome, customer_id,
        {listed(PER_CUSTOMER)}
    from assignments
    group by action, segment_id, outcome, customer_id
),
scoped as (
    select * from customers where segment_id is not null
    union all
    select
        action, cast(null as bigint), outcome, customer_id,
        {listed({name: f"sum({name})" for name in PER_CUSTOMER})}
    from customers
    group by action, outcome, customer_id
)
select
    action,
    segment_id,
    outcome,
    cast(sum(treated) as bigint) as treated,
    cast(sum(control) as bigint) as control,
    cast(sum(naive_total) as double) / sum(naive_rows) as naive_change,
    {listed({name: total(name) for name in (*TOTALS, *MOMENTS)})},
    {listed({name: product(*pair) for name, pair in PRODUCTS.items()})}
from scoped
group by action, segment_id, outcome
order by action, segment_id, outcome
"""
