"""What the UI shows of the rules: the strongest of them, and the shelf view of the categories.

The lines of the newest period are still in the session that made its rules.
"""

from collections.abc import Sequence

from cx_assets.defs.analyze.rule_input import CATEGORY_PAIRS
from cx_assets.methods.rules import counted_baskets
from cx_assets.periods import Period
from cx_assets.plots_rules import rule_dots, shelf
from cx_assets.warehouse import Session

MOST_RULES = 20
MOST_CATEGORIES = 24
# The simplest only, and each consequent once. A pair both ways is one thing to know, so the better
# direction stands for it.
TOP_RULES = """
with pairs as (
    select *, antecedent[1] as item
    from "analyze".association_rules
    where period = $period and level = 'product' and items = 2 and lift > 1
),
directions as (
    select
        *,
        row_number() over (
            partition by least(item, consequent), greatest(item, consequent)
            order by confidence desc, consequent
        ) as direction
    from pairs
),
best as (
    select
        *,
        row_number() over (
            partition by consequent order by lift desc, both_baskets desc, item
        ) as place
    from directions
    where direction = 1
)
select
    antecedent_names[1] || ' → ' || consequent_name as label,
    confidence, confidence_low, confidence_high, lift, both_baskets
from best
where place = 1
order by lift desc, both_baskets desc, item, consequent
limit $most
"""
STOPPED = """
select distinct level, stopped from "analyze".association_rules
where period = $period and stopped is not null order by level
"""


def rule_pictures(session: Session, periods: Sequence[Period]) -> str:
    """Of the newest of the periods."""
    period = periods[-1]
    day = period.start.date()
    baskets = counted_baskets(session)
    shown = [
        f"{baskets.kept:,} baskets of the 365 days to {period.end:%Y-%m-%d}; {baskets.over_cap:,} "
        "more held over CX_RULE_MAX_BASKET products and are left out of every count."
    ]
    shown += [f"{level}: {why}." for level, why in session.rows(STOPPED, {"period": day})]
    rules = session.frame(TOP_RULES, {"period": day, "most": MOST_RULES})
    if len(rules):
        shown.append(rule_dots(rules, f"What goes together, {period.key}"))
    pairs = session.frame(CATEGORY_PAIRS, {"baskets": baskets.kept})
    if len(pairs):
        sizes = pairs.groupby("category")["category_baskets"].max()
        largest = sizes.sort_values(ascending=False, kind="stable").index[:MOST_CATEGORIES]
        lift = pairs.pivot(index="category", columns="other", values="lift")
        shown.append(
            shelf(
                lift.reindex(index=largest, columns=largest),
                "The shelf: how often categories share a basket, 1 is chance",
            )
        )
    return "\n\n".join(shown)
