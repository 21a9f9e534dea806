"""The files of the roles: what is in them, what is not, and who may read them."""

import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from cx_assets.privacy.pseudonyms import pseudonym
from cx_assets.privacy.publication import role_files
from cx_assets.privacy.publication.roles import ANALYST, MARKETING, ROLES, SERVICE
from cx_assets.privacy.publication.roles_docs import roles_docs
from cx_assets.settings import PROJECT_ROOT, Settings
from cx_assets.warehouse.contents import reading
from cx_assets.warehouse.names import table_sql
from cx_assets_tests.privacy.publication.company import (
    JUNE,
    KEY,
    MAY,
    customers,
    opened,
    put,
)

slow = pytest.mark.slow
DAY = JUNE.start.date()


def write(settings: Settings) -> Mapping[str, role_files.Written]:
    with opened(settings) as session:
        written = role_files.write_files(session, settings, KEY, JUNE.start)
    return {one.path.stem: one for one in written}


def read(settings: Settings, role: str, table: str) -> pd.DataFrame:
    with reading(settings.published / f"{role}.duckdb").connect() as session:
        return session.frame(f"select * from {table} order by all")


def all_texts(path: Path) -> str:
    with reading(path).connect() as session:
        tables = session.rows("select schema_name || '.' || table_name from duckdb_tables()")
        return " ".join(session.frame(f"from {table_sql(table)}").to_csv() for (table,) in tables)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, empty_warehouse: bytes) -> Settings:
    """Five people, what was bought, written, offered and decided; and the files. Read only."""
    company = Settings(home=tmp_path_factory.mktemp("shop"))
    company.warehouse.write_bytes(empty_warehouse)
    people = ["agreed", "mail only", "study only", "neither", "gone"]
    mail = [True, True, False, False, True]
    study = [True, False, True, False, True]
    closed = [None, None, None, None, datetime(2024, 5, 1)]
    for period in (MAY, JUNE):
        customers(
            company,
            people,
            period,
            consent_marketing=mail,
            consent_analytics=study,
            closed_at=closed,
            last_score=2.0,
            risk_band="high",
            spend=321.5,
        )
    put(
        company,
        "process.support_tickets",
        period=MAY.start.date(),
        ticket_id=[f"T{number}" for number in range(5)],
        customer_id=people,
        opened_at=MAY.start,
        resolved_at=[None, None, None, JUNE.start, JUNE.end],
        text="it broke",
    )
    put(company, "process.orders", period=DAY, order_id=[f"O{n}" for n in range(5)],
        customer_id=people, ordered_at=JUNE.start, revenue=77.25)  # fmt: skip
    put(company, "process.order_items", period=DAY, order_id=["O0"], customer_id=["agreed"],
        ordered_at=JUNE.start, product_id=["P1"])  # fmt: skip
    put(company, "personalize.recommendations", period=DAY, customer_id=people, rank=1,
        product_id="P9", reason="popular now")  # fmt: skip
    for action in ("service_call", "voucher"):
        for arm in ("treated", "control"):
            put(company, "personalize.next_best_actions", period=DAY, customer_id=people,
                action_id=[f"{action} {arm} {who}" for who in people], action=action, arm=arm,
                reason="tickets so far: 1, spend: 321.5")  # fmt: skip
    write(company)
    return company


@pytest.fixture
def another(settings: Settings, shop: Settings) -> Settings:
    """The same shop, to be changed."""
    shutil.copytree(shop.home, settings.home)
    return settings


@slow
def test_the_analyst_sees_pseudonyms_of_those_who_may_be_analysed(shop: Settings) -> None:
    seen = read(shop, "analyst", "process.customers")
    hidden = {
        pseudonym(KEY, "analyst customer_id", who) for who in ("agreed", "study only", "gone")
    }
    assert set(seen["customer_id"]) == hidden
    assert len(seen) == 6, "in both periods"
    assert set(seen["age_band"]) == {"30-39"}
    assert {"age", "birth_date"}.isdisjoint(seen.columns)
    orders = read(shop, "analyst", "process.orders")
    assert set(orders["customer_id"]) == hidden
    items = read(shop, "analyst", "process.order_items")
    assert items.merge(orders, on=["order_id", "customer_id"])["product_id"].tolist() == ["P1"]
    texts = all_texts(shop.published / "analyst.duckdb")
    for told in ("agreed", "study only", "mail only", "neither", "O0", "T0"):
        assert told not in texts
    # No pseudonym of the warehouse's own, by which the vault would be asked.
    assert pseudonym(KEY, "customer", "agreed") not in texts


@slow
def test_a_city_shows_where_k_of_the_shown_live(company: Settings) -> None:
    few = company.model_copy(update={"publish_k": 3})
    customers(few, ["a", "b", "c"], city="Bonn")
    customers(few, ["d", "e"], city="Köln")
    customers(few, ["f"], city="Köln", consent_analytics=False)
    customers(few, ["g"], MAY, city="Köln")
    write(few)
    assert set(read(few, "analyst", "process.customers")["city"].dropna()) == {"Bonn"}


@slow
def test_marketing_sees_who_agreed_and_nothing_of_service(shop: Settings) -> None:
    seen = read(shop, "marketing", "customers").set_index("customer_id")
    assert seen.index.tolist() == ["agreed", "mail only"]
    assert seen.loc["agreed", "segment_name"] == "Loyal"
    assert seen.loc["agreed", "value_band"] in {1, 2, 3, 4}
    assert pd.isna(seen.loc["mail only", ["segment_name", "value_band"]]).all()
    assert read(shop, "marketing", "recommendations")["customer_id"].tolist() == [
        "agreed",
        "mail only",
    ]
    actions = read(shop, "marketing", "next_best_actions")
    assert set(actions["customer_id"]) == {"agreed", "mail only"}
    assert {each.split()[1] for each in actions["action_id"]} == {"treated"}
    texts = all_texts(shop.published / "marketing.duckdb")
    for told in ("it broke", "tickets", "T0", "study only", "neither", "gone", "321.5", "high"):
        assert told not in texts


@slow
def test_service_sees_open_tickets_and_no_money(shop: Settings) -> None:
    seen = read(shop, "service", "customers").set_index("customer_id")
    assert sorted(seen.index) == ["agreed", "gone", "mail only", "neither", "study only"]
    # Resolved at the end of June is open at its end; resolved when it began is not.
    assert seen["open_tickets"].to_dict() == {
        "agreed": 1, "gone": 1, "mail only": 1, "neither": 0, "study only": 1,
    }  # fmt: skip
    assert seen.loc["study only", "risk_band"] == "high"
    assert pd.isna(seen.loc["neither", ["last_score", "risk_band", "value_band"]]).all()
    assert set(read(shop, "service", "open_tickets")["ticket_id"]) == {"T0", "T1", "T2", "T4"}
    actions = read(shop, "service", "next_actions")
    assert actions["action_id"].tolist() == ["service_call treated agreed"]
    texts = all_texts(shop.published / "service.duckdb")
    for told in ("321.5", "77.25", "100.0", "P9", "voucher"):
        assert told not in texts


@slow
def test_a_file_keeps_its_mode_and_is_swapped_whole(another: Settings) -> None:
    path = another.published / "service.duckdb"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with reading(path).connect() as old:
        put(another, "process.support_tickets", ticket_id=["T9"], customer_id=["agreed"],
            opened_at=[JUNE.start])  # fmt: skip
        write(another)
        assert old.rows("select count(*) from open_tickets") == [(4,)]
    assert path.stat().st_mode & 0o777 == 0o640
    assert len(read(another, "service", "open_tickets")) == 5
    assert sorted(each.name for each in another.published.iterdir()) == [
        "analyst.duckdb", "marketing.duckdb", "service.duckdb",
    ]  # fmt: skip
    role_files.withdraw(another)
    assert list(another.published.iterdir()) == []
    role_files.withdraw(another)


@slow
def test_a_table_that_was_never_made_is_said_to_be_missing(another: Settings) -> None:
    with opened(another) as session:
        session.execute("drop table insight.scorecard")
    written = write(another)
    assert written["analyst"].missing == ["insight.scorecard"]
    assert written["marketing"].missing == []


def test_no_role_names_what_it_may_not_see() -> None:
    texts = {"text", "comment", "reason", "why"}
    money = {"spend", "profit", "revenue", "monetary", "clv", "clv_formula", "unit_price"}
    raw = {"age", "birth_date", "customer_id", "order_id", "ticket_id", "response_id", "city"}
    for shared in ANALYST.tables:
        plain = {name for name, sql in shared.columns.items() if sql == f"t.{name}"}
        assert plain.isdisjoint(raw), shared.name
        assert shared.where == "p.consent_analytics" or not shared.of_customers
    for shared in MARKETING.tables:
        assert "p.consent_marketing" in shared.where
        allowed = {"reason"} if shared.name == "recommendations" else set()
        assert shared.columns.keys().isdisjoint((texts | money) - allowed)
        assert "tickets" not in role_files.view_sql(shared)
    for shared in SERVICE.tables:
        assert shared.columns.keys().isdisjoint(money | {"reason", "why"})
        assert "recommendations" not in shared.source


@slow
def test_tables_that_go_out_whole_are_about_nobody(empty_warehouse: bytes, tmp_path: Path) -> None:
    path = tmp_path / "all.duckdb"
    path.write_bytes(empty_warehouse)
    personal = {"customer_id", "visitor_id", "order_id", "response_id", "ticket_id", "handle"}
    with reading(path).connect() as session:
        for shared in (each for role in ROLES for each in role.tables if not each.of_customers):
            columns = session.columns(shared.source)
            assert columns, shared.source
            assert personal.isdisjoint(columns), shared.source


def test_the_page_of_the_roles_is_the_declaration() -> None:
    assert (PROJECT_ROOT / "docs" / "roles.md").read_text() == roles_docs()


@slow
def test_no_secret_is_in_a_file(shop: Settings) -> None:
    for path in shop.published.iterdir():
        assert KEY not in path.read_bytes()
        with duckdb.connect(str(path), read_only=True) as connection:
            assert connection.sql(
                "select count(*) from duckdb_views() where not internal"
            ).fetchall() == [(0,)]
