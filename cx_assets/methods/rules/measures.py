"""Rules with one item on the right, out of the frequent item sets of a session.

Of a set of k items, each may be the consequent and the others the antecedent. All measures are
quotients of four whole counts: the baskets with both, with the antecedent, with the consequent, and
all. Thresholds are compared on the counts; a quotient is rounded once, when it is divided.

- lift: confidence over the consequent's share of all baskets (Brin et al. 1997, "interest").
- extra_baskets: baskets with both beyond those that chance would bring together (Piatetsky-Shapiro
  1991, leverage, times all baskets).
- improvement: confidence less that of the best rule with the same consequent and only some of the
  antecedent's items, or none (Bayardo, Agrawal and Gunopulos 1999). A rule without any is
  redundant: a simpler one says as much.
"""

from decimal import Decimal

from cx_assets.methods.rules.thresholds import reaches
from cx_assets.warehouse import Session

# Each set with each of its items as the consequent; `simpler` is the best confidence of the rules
# to it from some of the others, or none.
SPLIT = """
create or replace temp table rules_split as
select
    id,
    1 as size,
    id as consequent,
    0 as antecedent,
    baskets as both_baskets,
    cast({baskets} as bigint) as antecedent_baskets,
    cast(baskets as double) / {baskets} as confidence,
    cast(0 as double) as simpler
from rules_items
"""
SPLIT_LONGER = """
insert into rules_split
with split as (
    select
        sets.id,
        subsets.item as consequent,
        subsets.rest as antecedent,
        sets.baskets as both_baskets,
        antecedents.baskets as antecedent_baskets
    from rules_sets as sets
    inner join rules_subsets as subsets on subsets.id = sets.id
    inner join rules_sets as antecedents on antecedents.id = subsets.rest
    where sets.size = {size}
),
simpler as (
    select
        split.id, split.consequent, max(greatest(shorter.confidence, shorter.simpler)) as confidence
    from split
    inner join rules_subsets as fewer on fewer.id = split.id and fewer.item <> split.consequent
    inner join rules_split as shorter
        on shorter.id = fewer.rest and shorter.consequent = split.consequent
    group by split.id, split.consequent
)
select
    split.id,
    {size},
    split.consequent,
    split.antecedent,
    split.both_baskets,
    split.antecedent_baskets,
    cast(split.both_baskets as double) / split.antecedent_baskets,
    simpler.confidence
from split
inner join simpler on simpler.id = split.id and simpler.consequent = split.consequent
"""
RULES = """
with named as (
    select items.id, items.item, items.baskets, coalesce(names.name, items.item) as name
    from rules_items as items
    left join ({names}) as names on names.item = items.item
),
found as (select * from rules_split where size > 1 and {confident}),
antecedents as (
    select
        subsets.id,
        list_sort(array_agg(named.item)) as items,
        list_sort(array_agg(named.name)) as names
    from rules_subsets as subsets
    inner join named on named.id = subsets.item
    where subsets.id in (select antecedent from found)
    group by subsets.id
)
select
    antecedents.items as antecedent,
    consequents.item as consequent,
    antecedents.names as antecedent_names,
    consequents.name as consequent_name,
    found.size as items,
    cast(found.both_baskets as double) / {baskets} as support,
    found.confidence,
    greatest({confidence_low}, 0) as confidence_low,
    least({confidence_high}, 1) as confidence_high,
    cast(found.both_baskets * {baskets} as double)
    / (found.antecedent_baskets * consequents.baskets) as lift,
    found.both_baskets
    - cast(found.antecedent_baskets * consequents.baskets as double) / {baskets} as extra_baskets,
    found.confidence - found.simpler as improvement,
    found.both_baskets,
    found.antecedent_baskets,
    consequents.baskets as consequent_baskets,
    cast({baskets} as bigint) as baskets
from found
inner join antecedents on antecedents.id = found.antecedent
inner join named as consequents on consequents.id = found.consequent
"""
# Wilson's score interval (1927), as `methods.intervals.wilson_interval` has it for arrays.
Z = 1.959963984540054
WILSON = (
    "(found.confidence + {z2} / (2 * found.antecedent_baskets) {sign} {z} * sqrt("
    "found.confidence * (1 - found.confidence) / found.antecedent_baskets"
    " + {z2} / (4 * cast(found.antecedent_baskets as double) * found.antecedent_baskets)))"
    " / (1 + {z2} / found.antecedent_baskets)"
)
NO_NAMES = "select item, item as name from rules_items"


def rules_query(
    session: Session, longest: int, baskets: int, confidence: Decimal, names: str = NO_NAMES
) -> str:
    """A query of the rules that reach `confidence`, of the item sets that the session found last.

    Its columns: antecedent and antecedent_names (sorted lists), consequent, consequent_name, items
    (of both sides), support, confidence with its 95 % interval (confidence_low, confidence_high),
    lift, extra_baskets, improvement, both_baskets, antecedent_baskets, consequent_baskets and
    baskets (all of them).

    Args:
        longest: items of the longest set.
        baskets: all baskets that were looked at.
        names: a query of item and its name, distinct items; without a name the item stands.
    """
    session.execute(SPLIT.format(baskets=max(baskets, 1)))
    for size in range(2, longest + 1):
        session.execute(SPLIT_LONGER.format(size=size))
    confident = reaches("both_baskets", "antecedent_baskets", confidence)
    low, high = (WILSON.format(sign=sign, z=Z, z2=Z**2) for sign in "-+")
    return RULES.format(
        names=names,
        confident=confident,
        baskets=baskets,
        confidence_low=low,
        confidence_high=high,
    )
