"""The dirt of real life: duplicates, broken rows, rows that land late; every one is counted."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cx_assets.landing.sources import SOURCES
from cx_assets.world.arrays import Bools, Ints, Rng, some
from cx_assets.world.files import is_csv
from cx_assets.world.settings import DirtRates

# How a row of a source can be broken; a bad date needs a text format, so Parquet has none.
BREAKS: dict[str, tuple[str, ...]] = {
    "customers": ("missing_key", "bad_date"),
    "orders": ("missing_key", "bad_date", "unknown_status"),
    "order_items": ("missing_key", "negative_price"),
    "support_tickets": ("missing_key", "bad_date"),
    "survey_responses": ("missing_key", "bad_date"),
}
DUPLICATED = (
    *("customers", "orders", "order_items", "web_events"),
    *("support_tickets", "social_mentions", "survey_responses"),
)
TEXTS = {"support_tickets": "text", "social_mentions": "text", "survey_responses": "comment"}
LATE = ("orders", "web_events", "social_mentions")


@dataclass(frozen=True)
class Messy:
    """A table with its dirt, and (row position, row) pairs to be written as ragged CSV lines."""

    table: pa.Table
    ragged: list[tuple[int, list[object]]]


@dataclass
class Dirt:
    """Makes tables dirty; keeps the late rows until the next period and the counts of this one."""

    rates: DirtRates
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _held: dict[str, pa.Table] = field(default_factory=dict)

    def count(self, source: str, kind: str, rows: int) -> None:
        self.counts[source, kind] += rows

    def mess(self, source: str, table: pa.Table, may_be_late: Bools | None, rng: Rng) -> Messy:
        """Broken, repeated and ragged rows come on top of the good ones, which all arrive."""
        table = self._delay(source, table, may_be_late, rng)
        self._notice(source, table)
        extras = [*self._break(source, table, rng)]
        if source in DUPLICATED:
            repeated = np.flatnonzero(some(rng, self.rates.duplicate, len(table)))
            self.count(source, "duplicate", len(repeated))
            extras.append(table.take(repeated))
        ragged = self._ragged(source, table, rng)
        return Messy(_scatter(table, extras, rng), ragged)

    def _delay(self, source: str, table: pa.Table, may_be_late: Bools | None, rng: Rng) -> pa.Table:
        if source not in LATE:
            return table
        late = some(rng, self.rates.late, len(table))
        late &= True if may_be_late is None else may_be_late
        arrived = self._held.pop(source, table.slice(0, 0))
        self.count(source, "late", len(arrived))
        self._held[source] = table.filter(pa.array(late))
        return pa.concat_tables([arrived, table.filter(pa.array(~late))])

    def _notice(self, source: str, table: pa.Table) -> None:
        """Counts what lies in the good rows themselves; only an e-mail address has an @ in it."""
        if source == "orders":
            self.count(source, "guest", table["customer_id"].null_count)
        elif source == "web_events":
            known = table["customer_id"].is_valid()
            visitors = pc.unique(table["visitor_id"].filter(known))
            anonymous = pc.unique(table["visitor_id"].filter(pc.invert(known)))
            both = pc.is_in(visitors, value_set=anonymous).true_count
            self.count(source, "anonymous_then_known", both)
        elif source in TEXTS:
            contacts = pc.match_substring(table[TEXTS[source]], "@")
            self.count(source, "contact_in_text", pc.sum(contacts).as_py() or 0)

    def _break(self, source: str, table: pa.Table, rng: Rng) -> list[pa.Table]:
        kinds = BREAKS.get(source, ())
        if not kinds:
            return []
        victims = np.flatnonzero(some(rng, self.rates.broken, len(table)))
        how = rng.integers(len(kinds), size=len(victims))
        extras = []
        for position, kind in enumerate(kinds):
            chosen = victims[how == position]
            self.count(source, kind, len(chosen))
            extras.append(_broken(source, kind, table.take(chosen)))
        return extras

    def _ragged(self, source: str, table: pa.Table, rng: Rng) -> list[tuple[int, list[object]]]:
        if source not in BREAKS or not is_csv(source):
            return []
        chosen = np.flatnonzero(some(rng, self.rates.ragged, len(table)))
        self.count(source, "ragged", len(chosen))
        rows = [list(row.values()) for row in table.take(chosen).to_pylist()]
        return [(int(at), [*row, "stray", "stray"]) for at, row in zip(chosen, rows, strict=True)]


def _broken(source: str, kind: str, rows: pa.Table) -> pa.Table:
    declared = SOURCES[source]
    if kind == "missing_key":
        column = declared.key[0]
        return _replace(rows, column, pa.nulls(len(rows), rows.schema.field(column).type))
    if kind == "bad_date":
        return _replace(rows, declared.event_time, pa.array(["2024-13-45T25:61:00"] * len(rows)))
    if kind == "unknown_status":
        return _replace(rows, "status", pa.array(["lost"] * len(rows)))
    return _replace(rows, "unit_price", pc.negate(rows["unit_price"]))


def _replace(rows: pa.Table, column: str, values: pa.Array) -> pa.Table:
    field_ = rows.schema.field(column)
    return rows.set_column(rows.schema.get_field_index(column), field_, values.cast(field_.type))


def _scatter(table: pa.Table, extras: list[pa.Table], rng: Rng) -> pa.Table:
    """Puts the extra rows at random places among the others."""
    added = sum(len(extra) for extra in extras)
    if not added:
        return table
    place: Ints = np.concatenate([np.arange(len(table)), rng.integers(0, len(table), size=added)])
    return pa.concat_tables([table, *extras]).take(np.argsort(place, kind="stable"))
