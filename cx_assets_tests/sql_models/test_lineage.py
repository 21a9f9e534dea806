"""Lineage through everything that a model may be written with."""

from typing import Any

import duckdb
import pytest

from .conftest import Load
from .shop import HABITS, ORDERS, snapshot

ORDERED, CUSTOMERS = "collect.orders", "collect.customers"


def test_every_column_of_a_real_model(load: Load) -> None:
    models = load({"features/habits": HABITS, "process/orders": ORDERS})
    assert models["process.orders"].lineage == {
        "period": ((ORDERED, "ordered_at"),),
        "order_id": ((ORDERED, "order_id"),),
        "customer_id": ((ORDERED, "customer_id"),),
        "ordered_at": ((ORDERED, "ordered_at"),),
        "discount": ((ORDERED, "discount"),),
    }
    assert models["features.habits"].lineage == {
        "period": (),
        "customer_id": ((CUSTOMERS, "customer_id"),),
        "frequency": (),
        "habit": (),
        "recency_days": (("process.orders", "ordered_at"),),
        "country": ((CUSTOMERS, "country"),),
    }


# Expression, the rest of the query, what stands before it, and the columns that x derives from;
# `@o` is collect.orders and `@c` is collect.customers.
CASES = [
    ("'word'", "", "", ""),
    ("$discount_rate", "", "", ""),
    ("status || country", "from @o join @c using (customer_id)", "", "@c.country @o.status"),
    # A join with USING gives one column from both sides, a semi join from one.
    (
        "customer_id",
        "from @o full join @c using (customer_id)",
        "",
        "@c.customer_id @o.customer_id",
    ),
    ("customer_id", "from @o natural join @c", "", "@c.customer_id @o.customer_id"),
    ("customer_id", "from @c semi join @o using (customer_id)", "", "@c.customer_id"),
    # CTEs: with a star, in a row, nested, renamed, and one that hides a table's name.
    ("status", "from b", "with a as (select * from @o), b as (select a.* from a)", "@o.status"),
    ("status", "from a", "with a as (select * replace (tags as status) from @o)", "@o.tags"),
    ("y", "from a", "with a as (with b as (select tags as y from @o) select y from b)", "@o.tags"),
    ("y", "from a", "with a(w, y) as (select tags, status from @o)", "@o.status"),
    ("order_id", "from orders", "with orders as (select tags as order_id from @o)", "@o.tags"),
    # Derived tables, and unions by position.
    ("t.y", "from (select u.z as y from (select status as z from @o) as u) as t", "", "@o.status"),
    (
        "y",
        "from (select 1 as n, status as y from @o union all select 2, country from @c)",
        "",
        "@c.country @o.status",
    ),
    (
        "y",
        "from ((select status as y from @o union select order_id from @o)"
        " except select country from @c) as t",
        "",
        "@c.country @o.order_id @o.status",
    ),
    # Subqueries: what they return, also of what is outside, but not what they choose rows by.
    (
        "(select max(status) from @o as o where o.customer_id = c.customer_id)",
        "from @c as c",
        "",
        "@o.status",
    ),
    (
        "(select max(o.status || c.country) from @o as o where o.customer_id = c.customer_id)",
        "from @c as c",
        "",
        "@c.country @o.status",
    ),
    ("exists (select 1 from @o as o where o.customer_id = c.customer_id)", "from @c as c", "", ""),
    ("country in (select status from @o)", "from @c", "", "@c.country @o.status"),
    ("array(select status from @o)", "", "", "@o.status"),
    ("((select max(status) from @o))", "", "", "@o.status"),
    # Expressions that read more than they show.
    (
        "row_number() over (partition by status order by ordered_at)",
        "from @o",
        "",
        "@o.ordered_at @o.status",
    ),
    ("count(*) filter (where status = 'placed')", "from @o", "", "@o.status"),
    ("arg_max(status, ordered_at)", "from @o group by tags", "", "@o.ordered_at @o.status"),
    ("list_transform(tags, lambda tag: tag || status)", "from @o", "", "@o.status @o.tags"),
    ("[tag for tag in tags if tag <> status]", "from @o", "", "@o.status @o.tags"),
    ("s.part.b", "from s", "with s as (select {'b': status} as part from @o)", "@o.status"),
    # Rows made on the way.
    ("t.tag", "from @o, unnest(tags) as t(tag)", "", "@o.tags"),
    ("unnest(tags)", "from @o", "", "@o.tags"),
    ("n", "from @o, generate_series(1, length(orders.status)) as t(n)", "", "@o.status"),
    ("n", "from @o cross join range(3) as t(n)", "", ""),
    ("t.b", "from @o cross join (values (1, 'x')) as t(a, b)", "", ""),
    (
        "t.y",
        "from @c as c, lateral (select o.tags as z, o.status as y from @o as o"
        " where o.customer_id = c.customer_id) as t",
        "",
        "@o.status",
    ),
    ("t.y", "from @o as o, lateral (select o.status) as t(y)", "", "@o.status"),
    ("t.y", "from @o as o, lateral (values (o.status)) as t(y)", "", "@o.status"),
    # An alias of the same SELECT.
    ("status as y, -- Y.\ny || order_id", "from @o", "", "@o.order_id @o.status"),
    # Names in other clothes, and clauses that only choose rows.
    ("O.STATUS", 'from "collect".ORDERS as o', "", "@o.status"),
    ("collect.orders.status", "from @o", "", "@o.status"),
    ("country", "from @o asof join @c on ordered_at >= signed_up_at", "", "@c.country"),
    ("max(status)", "from @o group by all having x > 'a' order by x limit 3", "", "@o.status"),
    ("status", "from @o qualify row_number() over (order by tags) = 1", "", "@o.status"),
]


@pytest.mark.parametrize(("expression", "source", "before", "expected"), CASES)
def test_lineage_of_one_column(
    load: Load, expression: str, source: str, before: str, expected: str
) -> None:
    sql = snapshot(expression, source, before=f"{before}\n")
    sql = sql.replace("@o", ORDERED).replace("@c", CUSTOMERS)
    found = [
        f"{table}.{column}" for table, column in load({"process/t": sql})["process.t"].lineage["x"]
    ]
    assert found == expected.replace("@o", ORDERED).replace("@c", CUSTOMERS).split()


def test_a_value_changes_only_with_the_columns_of_its_lineage(load: Load) -> None:
    """Lineage against the engine: change one source column at a time, and see what moves."""
    models = load({"features/habits": HABITS, "process/orders": ORDERS})
    lineage = models["process.orders"].lineage
    base: dict[str, Any] = {
        "order_id": "'o'",
        "customer_id": "'c'",
        "ordered_at": "timestamp '2024-01-05'",
        "discount": "1.0",
        "status": "'placed'",
    }
    other = {
        "order_id": "'p'",
        "customer_id": "'d'",
        "ordered_at": "timestamp '2024-01-06'",
        "discount": "2.0",
        "status": "'returned'",
    }
    before = _run(models["process.orders"].sql, base)
    for changed, value in other.items():
        after = _run(models["process.orders"].sql, base | {changed: value})
        moved = {column for column in before if before[column] != after[column]}
        derived = {column for column, sources in lineage.items() if (ORDERED, changed) in sources}
        # Two days of one month have one period.
        assert moved == derived - {"period"}


def _run(sql: str, row: dict[str, str]) -> dict[str, Any]:
    with duckdb.connect() as connection:
        values = ", ".join(f"{value} as {column}" for column, value in row.items())
        connection.execute(f"create schema collect; create table collect.orders as select {values}")
        result = connection.execute(
            sql.replace("$period_start", "date '2024-01-01'").replace(
                "$period_end", "date '2024-02-01'"
            )
        )
        names = [column[0] for column in result.description or []]
        (found,) = result.fetchall()
        return dict(zip(names, found, strict=True))
