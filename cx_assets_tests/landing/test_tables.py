"""collect.<source> as a table: its columns, its tests, and promotion as all or nothing."""

from dataclasses import replace

import pytest

from cx_assets.columns import NotNull, OneOf, Range
from cx_assets.landing import collect
from cx_assets.landing.collect import FileAccount
from cx_assets.landing.contract import TRACES, Field
from cx_assets.landing.sources import ACTION_ASSIGNMENTS, ORDERS, SOURCES
from cx_assets.warehouse import SchemaRefused
from cx_assets_tests.landing.zone import FIRST_PERIOD, GOOD_ORDERS, Zone, months


@pytest.mark.parametrize("name", SOURCES)
def test_the_declared_columns_are_those_of_the_table(zone: Zone, name: str) -> None:
    zone.run(months(1, 1), name)
    with zone.session() as session:
        standing = session.columns(f"collect.{name}")
    assert standing == {c.name: c.type for c in collect.table_columns(SOURCES[name])}
    fields = [field.name for field in SOURCES[name].fields]
    traces = [column.name for column in TRACES] if name == "customers" else []
    assert list(standing) == ["period", *fields, *traces, "source_file", "source_line"]


def test_the_declaration_becomes_tests() -> None:
    tests = {column.name: column.tests for column in collect.table_columns(ACTION_ASSIGNMENTS)}
    assert tests["period"] == tests["action_id"] == tests["source_line"] == (NotNull(),)
    assert tests["arm"] == (NotNull(), OneOf(("treated", "control")))
    assert tests["propensity"] == (NotNull(), Range(0, 1))
    assert tests["segment_id"] == ()


@pytest.mark.parametrize("lost", ["rows", "collected", "duplicates", "rejected", "pending"])
def test_an_account_with_one_row_too_many_or_too_few_does_not_balance(lost: str) -> None:
    counts = {"rows": 10, "collected": 4, "duplicates": 3, "rejected": 2, "pending": 1}
    assert FileAccount("a.csv", **counts).balanced
    for change in (-1, 1):
        assert not FileAccount("a.csv", **{**counts, lost: counts[lost] + change}).balanced


def test_preparing_changes_nothing_and_a_refused_promotion_neither(zone: Zone) -> None:
    zone.put("orders/a.csv", GOOD_ORDERS)
    zone.run(months(1, 1))
    with zone.session() as session:
        session.execute("alter table collect.orders alter discount type varchar")
    before = zone.state()
    zone.put("orders/a.csv", GOOD_ORDERS + "x,,wrong,\n")
    with zone.session() as session:
        prepared = collect.prepare(
            session, ORDERS, zone.landing, months(1, 3), "monthly", FIRST_PERIOD, zone.guard
        )
        assert session.rows(f"select count(*) from {prepared.staged}") == [(6,)]
        with pytest.raises(SchemaRefused):
            collect.promote(session, prepared, zone.guard)
    assert zone.state() == before


def test_promoting_returns_the_rows_of_each_period(zone: Zone) -> None:
    zone.put("orders/a.csv", GOOD_ORDERS)
    with zone.session() as session:
        periods = months(2, 4)
        prepared = collect.prepare(
            session, ORDERS, zone.landing, periods, "monthly", FIRST_PERIOD, zone.guard
        )
        counts = collect.promote(session, prepared, zone.guard)
    assert counts == dict(zip((p.start.date() for p in periods), (2, 2, 0), strict=True))


def test_a_field_may_not_have_a_name_that_the_reader_needs() -> None:
    with pytest.raises(ValueError, match="orders: the reader needs the name 'refusal' itself"):
        replace(ORDERS, fields=(*ORDERS.fields, Field("refusal", "text", "Why.")))
