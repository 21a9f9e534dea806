"""The aggregate file: figures by segment, country, age and city, one release per period.

`published/aggregates.csv` and `.parquet` have the groups of every release there ever was, as the
ledger has them. A table over fewer columns is made by adding rows up: it has no figure of its own.
"""

from datetime import date
from fractions import Fraction

import pandas as pd
import pyarrow as pa

from cx_assets.columns import Column
from cx_assets.exported_csv import write_csv
from cx_assets.outbox import write_whole
from cx_assets.privacy.pseudonyms import hmac_sql, pads
from cx_assets.privacy.publication.bands import BANDS, WIDE, band_sql
from cx_assets.privacy.publication.figures import Measure, figures, noisy, shown
from cx_assets.privacy.publication.groups import Refinement, grouped
from cx_assets.privacy.publication.ledger import Ledger, Release
from cx_assets.privacy.publication.noise import RandBelow
from cx_assets.settings import Settings
from cx_assets.warehouse import Session
from cx_assets.warehouse.copying import new_file, put_in_place

LABELS = ("segment", "country", "age_range", "age_band", "city")

PEOPLE = (
    Column("mark", "VARCHAR", "Who, for the ledger."),
    *(Column(name, "VARCHAR", "Value of a label.") for name in LABELS),
    Column("score", "BIGINT", "Newest csat answer, in units; null without one."),
    Column("value", "BIGINT", "Lifetime value, in units."),
    Column("purchases", "BIGINT", "Purchases so far."),
)
COUNTED = (Column("mark", "VARCHAR", "Who was in a figure before."),)

# Everybody who may be analysed, has an open account and is no test.
SELECTED = f"""
select
    {hmac_sql("'counted:' || customers.customer_id")} as mark,
    coalesce(customers.segment_name, '(unknown)') as segment,
    coalesce(customers.country, '(unknown)') as country,
    {band_sql("customers.age", WIDE)} as age_range,
    {band_sql("customers.age")} as age_band,
    coalesce(customers.city, '(unknown)') as city,
    {{score}} as score,
    {{value}} as value,
    {{purchases}} as purchases
from insight.customer_360 as customers
inner join process.customers as accounts using (customer_id, period)
where customers.period = $day
    and accounts.consent_analytics
    and accounts.closed_at is null
    and not accounts.is_test_account
"""

CELLS = """
select
    {labels},
    cast(count(*) as bigint) as people,
    cast(count(*) filter (counted.mark is null) as bigint) as new,
    {measures}
from {people} as people left join {counted} as counted using (mark)
group by {labels}
order by {labels}
"""


def measures(settings: Settings) -> tuple[Measure, ...]:
    """What means are published of."""
    one, most = Fraction(1), Fraction(settings.publish_value_max)
    return (
        Measure("score", one, Fraction(5), Fraction(1, 100), of_everyone=False, is_score=True),
        Measure("value", Fraction(0), most, one, of_everyone=True, is_score=False),
        Measure(
            "purchases",
            Fraction(0),
            Fraction(settings.publish_purchases_max),
            Fraction(1, 100),
            of_everyone=True,
            is_score=False,
        ),
    )


def refinements(segments: tuple[str, ...]) -> tuple[Refinement, ...]:
    """What groups are split by, the most telling first: cities only within a country."""
    return (
        Refinement("segment", domain={"": segments}),
        Refinement("country"),
        Refinement("age_range", domain={"": tuple(BANDS)}),
        Refinement("age_band", within="age_range", domain=BANDS),
        Refinement("city", within="country"),
    )


def release(
    session: Session,
    settings: Settings,
    key: bytes,
    day: date,
    randbelow: RandBelow,
) -> Release | None:
    """Release the figures of the period that starts on a day, once; None: too few newcomers.

    Raises:
        BudgetSpent: its noise would cost more than is left of the budget; nothing was released.
    """
    epsilon = None if settings.privacy_epsilon is None else Fraction(settings.privacy_epsilon)
    budget = None if settings.privacy_budget is None else Fraction(settings.privacy_budget)
    known, k = measures(settings), settings.publish_k
    with ledger_of(settings).transaction() as ledger:
        for standing in ledger.releases():
            if standing.period == day:
                return standing
        people = session.stage("publication.people", PEOPLE)
        counted = session.stage("publication.counted", COUNTED)
        session.append(people, SELECTED.format(**_units(known)), {"day": day, **pads(key)})
        session.append(counted, ledger.counted())
        cells = _cells(session, people, counted, known)
        segments = tuple(sorted(set(cells["segment"])))
        groups = grouped(cells, refinements(segments), k)
        if not groups:
            return None
        exact = [(group.labels, figures(cells, group, known, k)) for group in groups]
        if epsilon is not None:
            exact = [(labels, noisy(each, known, epsilon, randbelow)) for labels, each in exact]
        made = Release(
            day, k, epsilon, [(labels, shown(values, known)) for labels, values in exact]
        )
        ledger.spend(made, budget)
        ledger.count(mark for (mark,) in session.rows(f"select mark from {people}"))
    return made


def write(settings: Settings) -> int:
    """Write both files anew out of the ledger; returns the rows in them."""
    with ledger_of(settings).transaction() as ledger:
        releases = ledger.releases()
    table = as_table(releases)
    folder = settings.published
    write_whole(table, folder / "aggregates.parquet")
    temporary = folder / ".aggregates.csv.tmp"
    temporary.unlink(missing_ok=True)
    with new_file(temporary) as file:
        write_csv(table, file)
    put_in_place(temporary, folder / "aggregates.csv")
    return table.num_rows


def as_table(releases: list[Release]) -> pa.Table:
    """A row per release and group."""
    rows = [
        {
            "period": one.period,
            **labels,
            **values,
            "epsilon": None if one.epsilon is None else float(one.epsilon),
        }
        for one in releases
        for labels, values in one.groups
    ]
    return pa.Table.from_pylist(rows, SCHEMA)


def ledger_of(settings: Settings) -> Ledger:
    return Ledger(settings.home / "publication.sqlite")


SCHEMA = pa.schema(
    [
        ("period", pa.date32()),
        *((name, pa.string()) for name in LABELS),
        ("customers", pa.int64()),
        ("score_people", pa.int64()),
        ("mean_score", pa.float64()),
        ("mean_value", pa.float64()),
        ("mean_purchases", pa.float64()),
        ("epsilon", pa.float64()),
    ]
)


def _units(known: tuple[Measure, ...]) -> dict[str, str]:
    """The value of each measure in its units, as SQL over insight.customer_360."""
    raw = {
        "score": "customers.last_score",
        "value": "greatest(coalesce(customers.clv, customers.clv_formula, 0), 0)",
        "purchases": "customers.frequency",
    }
    return {
        each.name: (
            # least and greatest make something out of null.
            f"case when {raw[each.name]} is not null then cast(round(least(greatest("
            f"{raw[each.name]}, {float(each.low)}), {float(each.high)}) / {float(each.unit)}) "
            "as bigint) end"
        )
        for each in known
    }


def _cells(session: Session, people: str, counted: str, known: tuple[Measure, ...]) -> pd.DataFrame:
    summed = [
        f"""
    cast(count({each.name}) as bigint) as {each.name}_people,
    cast(count({each.name}) filter (counted.mark is null) as bigint) as {each.name}_new,
    cast(coalesce(sum({each.name} - {each.middle}), 0) as bigint) as {each.name}_sum,
    cast(coalesce(max({each.name}), 0) as bigint) as {each.name}_max"""
        for each in known
    ]
    return session.frame(
        CELLS.format(
            labels=", ".join(LABELS), measures=",".join(summed), people=people, counted=counted
        )
    )
