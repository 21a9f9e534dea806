"""The statements of one level of the search, on whole numbers alone: the same for every length.

A set of k items is two sets of k - 1 that share all items but their last: `part_a`, the set without
its own last item, and `part_b`, the set without its last but one. Items, sets and the order of
items in a set go by number; the empty set is number 0. A basket is a key of any type.
"""

from cx_assets.warehouse import Session

# The rarest item has the lowest number, so that few sets share a first part.
ITEMS = """
create or replace temp table rules_items as
select cast(row_number() over (order by baskets, item) as integer) as id, item, baskets
from (
    select item, count(*) as baskets from ({rows}) as lines group by item
    having count(*) >= {least}
) as frequent
"""
SETS = """
create or replace temp table rules_sets as
select id, 1 as size, 0 as part_a, id as part_b, baskets from rules_items
"""
# Every item of a set, and the set without it.
SUBSETS = """
create or replace temp table rules_subsets as select id, id as item, 0 as rest from rules_items
"""
# Which baskets hold which sets, of the one level that is being joined with itself.
HELD = """
create or replace temp table rules_held as
select lines.basket, 0 as part_a, items.id
from ({rows}) as lines
inner join rules_items as items on items.item = lines.item
"""

# Before one of the larger sets is looked at: how many pairs of parts there are, and in how many
# baskets they could be at most, added up. A set is paired with all siblings of higher counts.
PAIRED = """
select coalesce(sum(place - 1), 0), coalesce(sum((place - 1) * baskets), 0)
from (
    select baskets, row_number() over (partition by part_a order by baskets desc) as place
    from rules_sets
    where size = {size}
) as siblings
"""
# The pairs without an infrequent part: without an item that both share, a candidate is made of the
# two parts without it.
CANDIDATES = """
create or replace temp table rules_candidates as
with paired as (
    select a.id as part_a, b.id as part_b
    from rules_sets as a
    inner join rules_sets as b on b.part_a = a.part_a and b.id > a.id
    where a.size = {size} and b.size = {size}
)
select paired.part_a, paired.part_b
from paired
inner join rules_subsets as a on a.id = paired.part_a
inner join rules_subsets as b on b.id = paired.part_b and b.item = a.item
inner join rules_sets as parts on parts.part_a = a.rest and parts.part_b = b.rest
group by paired.part_a, paired.part_b
having count(*) = {size} - 1
"""
NEEDED = """
create or replace temp table rules_needed as
select id, part_a, part_b
from rules_sets
where id in (select part_a from rules_candidates union select part_b from rules_candidates)
"""
# The two numbers of a set as one, which cannot be taken apart: `a` and `b` are then joined first,
# which is much the cheaper order.
HELD_SETS = """
create or replace temp table rules_held as
with a as (select * from rules_held where id in (select part_a from rules_needed)),
b as (select * from rules_held where id in (select part_b from rules_needed))
select a.basket, a.id as part_a, needed.id
from a
inner join b on b.basket = a.basket and b.id > a.id {siblings}
inner join rules_needed as needed
    on cast(needed.part_a as bigint) * 2147483648 + needed.part_b
    = cast(a.id as bigint) * 2147483648 + b.id
"""

# Pairs of up to 2,047 items are counted in an array of 2^22 cells, not in a hash table. That is
# DuckDB's; an engine that does not know the setting takes no notice.
COUNT_IN_AN_ARRAY = "set perfect_ht_threshold = 22"
COUNT_AS_USUAL = "reset perfect_ht_threshold"
COUNTED = """
insert into rules_sets
select
    cast({sets} + row_number() over (order by part_a, part_b) as integer) as id,
    {size} as size,
    part_a,
    part_b,
    baskets
from (
    select a.id as part_a, b.id as part_b, count(*) as baskets
    from rules_held as a
    inner join rules_held as b on b.basket = a.basket and b.id > a.id {siblings}
    group by a.id, b.id
    having count(*) >= {least}
) as counted
"""
# What two longer sets share; two items share the empty set.
SIBLINGS = "and b.part_a = a.part_a"
# What both parts hold; then the last item of the one and of the other.
COUNTED_SUBSETS = """
insert into rules_subsets
select sets.id, a.item, coalesce(parts.id, sets.part_b)
from rules_sets as sets
inner join rules_subsets as a on a.id = sets.part_a
left join rules_subsets as b on b.id = sets.part_b and b.item = a.item
left join rules_sets as parts on parts.part_a = a.rest and parts.part_b = b.rest
where sets.size = {size}
union all
select sets.id, b.item, sets.part_a
from rules_sets as sets
inner join rules_subsets as b on b.id = sets.part_b
left join rules_subsets as a on a.id = sets.part_a and a.item = b.item
where sets.size = {size} and a.id is null
"""
OF_SIZE = "select count(*) from rules_sets where size = {size}"


def lay_items(session: Session, rows: str, least: int) -> int:
    """Number the frequent items and note which basket holds which; returns how many there are."""
    for statement in (ITEMS, SETS, SUBSETS, HELD):
        session.execute(statement.format(rows=rows, least=least))
    return _of_size(session, 1)


def paired(session: Session, size: int) -> tuple[int, int]:
    """Pairs of sets of `size` items that share all but the last, and the baskets they could be in.

    The baskets are the most that is possible, added up over the pairs.
    """
    ((pairs, baskets),) = session.rows(PAIRED.format(size=size))
    return int(pairs), int(baskets)


def hold_parts(session: Session, size: int) -> None:
    """Note which basket holds which of the sets of `size` items that a candidate is made of."""
    session.execute(CANDIDATES.format(size=size))
    session.execute(NEEDED)
    session.execute(HELD_SETS.format(siblings=SIBLINGS if size > 2 else ""))


def count(session: Session, size: int, sets: int, least: int) -> int:
    """Add the frequent sets of `size` items to the `sets` so far; returns how many there are."""
    siblings = SIBLINGS if size > 2 else ""
    session.execute(COUNT_IN_AN_ARRAY)
    session.execute(COUNTED.format(size=size, sets=sets, least=least, siblings=siblings))
    session.execute(COUNT_AS_USUAL)
    session.execute(COUNTED_SUBSETS.format(size=size))
    return _of_size(session, size)


def _of_size(session: Session, size: int) -> int:
    return int(session.rows(OF_SIZE.format(size=size))[0][0])
