"""Whoever is targeted has agreed: every asset that targets people proves it before it promotes."""

from datetime import datetime

import dagster as dg
import pandas as pd
import pytest

from cx_assets.columns import Column, Consent, names
from cx_assets.defs.personalize.next_best_actions import NEXT_BEST_ACTIONS
from cx_assets.defs.personalize.recommendations import RECOMMENDATIONS
from cx_assets.defs.personalize.survey_outbox import INVITATIONS
from cx_assets.defs.personalize.survey_plan import SURVEY_PLAN, survey_plan
from cx_assets.defs.sql_models import loaded_models, model_table
from cx_assets.outbox import SURVEYS, publish
from cx_assets.settings import Settings
from cx_assets.sql_models import audit_sql
from cx_assets.sql_models.grammar import parse_test
from cx_assets.tables import Query, Table, python_table
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.defs.test_survey_plan import EMPTY, JUNE, customers, planned, run
from cx_assets_tests.e2e.graph import definitions

DAY = JUNE.start.date()
TARGETING = {
    **{table.name: table for table in (NEXT_BEST_ACTIONS, RECOMMENDATIONS, SURVEY_PLAN)},
    **{
        model.table: model_table(model)
        for model in loaded_models()
        if model.table.startswith("personalize.") and "customer_id" in names(model.columns)
    },
}
# Files for the CRM, made of those tables and of nothing else.
OUTBOXES = {"personalize.outbox", "personalize.survey_outbox"}


def consents(table: Table) -> list[Consent]:
    return [
        test
        for column in table.columns
        if column.name == "customer_id"
        for test in column.tests
        if isinstance(test, Consent) and test.severity == "error"
    ]


@pytest.fixture
def shop(settings: Settings) -> Settings:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        session.execute(EMPTY)
    customers(settings, ["yes"])
    customers(settings, ["no marketing"], consent_marketing=False)
    customers(settings, ["no analytics"], consent_analytics=False)
    return settings.model_copy(update={"survey_share": 1.0})


@pytest.mark.slow
def test_every_asset_that_targets_people_has_the_check() -> None:
    graph = definitions().resolve_asset_graph()
    checks = {(check.asset_key, check.name) for check in graph.asset_check_keys}
    for key in graph.get_all_asset_keys():
        name = ".".join(key.path)
        if key.path[0] != "personalize":
            continue
        if name in OUTBOXES:
            parents = {".".join(parent.path) for parent in graph.get(key).parent_keys}
            assert parents <= TARGETING.keys(), name
            continue
        shown = [column.name for column in graph.get(key).metadata["dagster/column_schema"].columns]
        assert ("customer_id" in shown) == (name in TARGETING), name
        if name in TARGETING:
            (consent,) = consents(TARGETING[name])
            assert "analytics" in consent.to, name
            assert ("marketing" in consent.to) == (name != "personalize.cases"), name
            assert (key, "columns") in checks
            parents = {".".join(parent.path) for parent in graph.get(key).parent_keys}
            assert Consent.table in parents, name


@pytest.mark.slow
def test_who_did_not_agree_fails_the_check_and_nothing_is_promoted(shop: Settings) -> None:
    run(shop, assets=[survey_plan])
    before = planned(shop)
    assert before["customer_id"].tolist() == ["yes"]
    columns = (
        Column("period", "DATE", "The period."),
        *(column for column in SURVEY_PLAN.columns if column.name == "customer_id"),
    )
    table = Table("personalize.survey_plan", "A plan that asks anybody.", columns)

    @python_table(table)
    def careless(*_: object) -> Query:
        return Query("select period, customer_id from process.customers")

    with pytest.raises(dg.Failure, match=r"consent__customer_id \(2 rows\)"):
        run(shop, assets=[careless])
    pd.testing.assert_frame_equal(planned(shop), before)


@pytest.mark.parametrize(
    ("to", "failing"),
    [(("marketing",), 3), (("analytics",), 3), (("marketing", "analytics"), 4)],
)
def test_the_check_counts_whom_it_does_not_know_of_that_period(
    shop: Settings, to: tuple[str, ...], failing: int
) -> None:
    customers(shop, ["of another period"])
    columns = [
        Column("period", "DATE", "."),
        Column("customer_id", "VARCHAR", ".", (parse_test(f"consent: {', '.join(to)}"),)),  # type: ignore[arg-type]
    ]
    who = ["yes", "no marketing", "no analytics", "unknown", None]
    rows = [(DAY, each) for each in who] + [(datetime(2024, 5, 1).date(), "of another period")]
    with DuckDBWarehouse.at(shop.warehouse).connect() as session:
        session.append(
            "process.customers", pd.DataFrame({"period": [DAY], "customer_id": ["null"]})
        )
        staged = session.stage("x", columns)
        session.append(staged, pd.DataFrame(rows, columns=["period", "customer_id"]))
        sql, (check,) = audit_sql(columns, (), staged)
        assert check.name == "consent__customer_id"
        assert session.rows(sql) == [(failing,)]


def test_an_unknown_consent_is_no_test() -> None:
    with pytest.raises(ValueError, match="nobody is asked for a consent to cookies"):
        parse_test("consent: marketing, cookies")


@pytest.mark.slow
def test_a_refusal_that_lands_after_the_decision_takes_the_row_out(shop: Settings) -> None:
    run(shop, assets=[survey_plan])
    with DuckDBWarehouse.at(shop.warehouse).connect() as session:
        decided = session.table(INVITATIONS, {"period_start": JUNE.start, "period_end": JUNE.end})
        publish(SURVEYS, decided, JUNE.key, shop.landing, shop.outbox)
        session.execute("update process.customers set consent_marketing = false")
    result = run(shop, assets=[survey_plan])
    assert all(verdict.passed for verdict in result.get_asset_check_evaluations())
    assert planned(shop).empty
