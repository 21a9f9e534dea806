"""A folder of good models: what is read out of it."""

from pathlib import Path

import pytest

from cx_assets.columns import Column, NotNull, OneOf, Range, References, Unique, UniqueTogether
from cx_assets.sql_models import load_models

from .conftest import Load
from .shop import HABITS, KNOWN, ORDERS, PARAMETERS, snapshot

FILES = {"features/habits": HABITS, "process/orders": ORDERS}


def test_everything_about_a_model_is_in_its_sql(load: Load, tmp_path: Path) -> None:
    model = load(FILES)["features.habits"]

    assert (model.stage, model.name, model.sql) == ("features", "habits", HABITS)
    assert model.path == tmp_path / "features" / "habits.sql"
    assert model.description == (
        "One row per customer and period: what the customer did, as of the period's end.\n"
        "\nCustomers who never ordered are here too."
    )
    assert model.depends_on == ("collect.customers", "process.orders")
    assert model.parameters == {"period_start", "period_end"}
    assert model.grain == "snapshot"
    assert model.table_tests == (UniqueTogether(("customer_id", "country")),)
    assert model.columns == (
        Column("period", "DATE", "The period."),
        Column("customer_id", "VARCHAR", "The customer.", (NotNull(), Unique())),
        Column("frequency", "BIGINT", "Orders so far, guests left out.", (Range(minimum=0),)),
        Column("habit", "VARCHAR", "How often.", (OneOf(("often", "seldom")),)),
        Column("recency_days", "BIGINT", "Days since."),
        Column(
            "country",
            "VARCHAR",
            "Country.",
            (References("collect.customers", "country", severity="warn"),),
        ),
    )


def test_models_come_after_the_tables_they_read(load: Load) -> None:
    chain = {
        "collect/z": snapshot("rows", "from collect.landing_files"),
        "process/m": snapshot("x", "from collect.z"),
        "analyze/a": snapshot("z.x + m.x", "from process.m as m, collect.z as z"),
    }
    models = load(chain)
    assert list(models) == ["collect.z", "process.m", "analyze.a"]
    assert models["analyze.a"].depends_on == ("collect.z", "process.m")
    # A sum of two BIGINT columns, typed through two models below.
    assert models["analyze.a"].columns[1].type == "BIGINT"


def test_a_table_that_a_test_refers_to_is_a_dependency(load: Load) -> None:
    sql = snapshot("customer_id", "from collect.orders").replace(
        "A value.", "A value. [in analyze.segments.customer_id]"
    )
    assert load({"process/t": sql})["process.t"].depends_on == (
        "analyze.segments",
        "collect.orders",
    )


@pytest.mark.parametrize(
    ("expression", "type_"),
    [
        ("tags", "VARCHAR[]"),
        ("cast(1.5 as decimal(9, 2))", "DECIMAL(9,2)"),
        ("{'a': 1, 'b': status}", "STRUCT(a INTEGER, b VARCHAR)"),
        ("ordered_at - signed_up_at", "INTERVAL"),
        ("$discount_rate * discount", "DOUBLE"),
        ("list_transform(tags, lambda tag: length(tag))", "BIGINT[]"),
        ("row_number() over (partition by status order by ordered_at)", "BIGINT"),
        ("status is null", "BOOLEAN"),
    ],
)
def test_types_are_those_of_duckdb(load: Load, expression: str, type_: str) -> None:
    sql = snapshot(expression, "from collect.orders join collect.customers using (customer_id)")
    assert load({"process/t": sql})["process.t"].columns[1].type == type_


def test_events_carry_their_own_period(load: Load) -> None:
    assert load({"process/orders": ORDERS})["process.orders"].grain == "events"


def test_the_grain_is_found_through_a_cte(load: Load) -> None:
    before = "with this as (select cast($period_start as date) as first_day)\n"
    sql = snapshot("rows", "from collect.landing_files cross join this", before=before)
    sql = sql.replace("cast($period_start as date) as period", "first_day as period")
    assert load({"process/t": sql})["process.t"].grain == "snapshot"


def test_a_union_is_described_at_its_first_select(load: Load) -> None:
    sql = (
        snapshot("order_id", "from collect.orders")
        + "union all\nselect $period_start::date, customer_id from collect.customers;\n"
        + "-- [unique: x, warn]\n"
    )
    model = load({"process/t": sql})["process.t"]
    assert [column.name for column in model.columns] == ["period", "x"]
    assert model.depends_on == ("collect.customers", "collect.orders")
    assert model.table_tests == (UniqueTogether(("x",), severity="warn"),)


def test_dashes_within_a_string_are_no_comment(load: Load) -> None:
    sql = snapshot("'-- A string. [unique]'", "from collect.orders where status <> ' -- [unique]'")
    column = load({"process/t": sql})["process.t"].columns[1]
    assert (column.description, column.tests) == ("A value.", ())


def test_an_aligned_comment_of_the_next_column_is_its_own(load: Load) -> None:
    sql = (
        "-- A table.\nselect cast($period_start as date) as period, -- The period.\n"
        "    order_id,                                          -- The order.\n"
        "    status                                             -- The status.\n"
        "from collect.orders\n"
    )
    described = [column.description for column in load({"process/t": sql})["process.t"].columns]
    assert described == ["The period.", "The order.", "The status."]


def test_a_block_comment_describes_nothing(load: Load) -> None:
    sql = "/* Licence. [unique] -- x */\n" + snapshot(
        "/* [unique] */ rows", "from collect.landing_files"
    )
    model = load({"process/t": sql})["process.t"]
    assert model.description == "A table."
    assert model.columns[1].tests == ()


def test_parameters_may_touch(load: Load) -> None:
    sql = snapshot(
        "greatest($period_start,$period_end)-$period_start", "from collect.landing_files"
    )
    model = load({"process/t": sql})["process.t"]
    assert model.parameters == {"period_start", "period_end"}
    assert model.columns[1].type == "INTERVAL"


def test_names_of_tables_are_taken_in_any_case(load: Load) -> None:
    sql = snapshot("STATUS", "from Collect.ORDERS")
    model = load({"process/t": sql})["process.t"]
    assert model.depends_on == ("collect.orders",)
    assert model.lineage["x"] == (("collect.orders", "status"),)


def test_an_empty_folder_has_no_models(tmp_path: Path) -> None:
    assert load_models(tmp_path, KNOWN, PARAMETERS) == []


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        load_models(tmp_path / "nowhere", KNOWN, PARAMETERS)
