"""What the SQL models of the segments compute, on a few rows whose answer is known by hand."""

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cx_assets.sql_models import SqlModel
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.sql.warehouse import FEBRUARY, Warehouse


def put(warehouse: Warehouse, month: int, **segments: int) -> None:
    """Which customer is in which segment in a month of 2024."""
    for customer, segment in segments.items():
        warehouse.given(
            "analyze.segments",
            {
                "period": date(2024, month, 1),
                "customer_id": customer,
                "segment_id": segment,
                "segment_name": f"{segment} in {month}",
                "distance": 0.0,
            },
        )


def test_everyone_of_now_is_in_one_row_of_the_migration(warehouse: Warehouse) -> None:
    put(warehouse, 1, a=1, b=1, c=1, d=2, gone=2)
    put(warehouse, 2, a=1, b=3, c=3, d=3, new=1)
    put(warehouse, 3, a=2)
    rows = warehouse.model("analyze.segment_migration", FEBRUARY)
    found = {
        (row["from_segment"], row["to_segment"]): (row["customers"], row["share"]) for row in rows
    }
    assert found == {
        (1, 1): (1, pytest.approx(1 / 3)),
        (1, 3): (2, pytest.approx(2 / 3)),
        (2, 3): (1, 1.0),
        (None, 1): (1, 1.0),
    }
    names = {(row["from_name"], row["to_name"]) for row in rows}
    assert ("1 in 1", "3 in 2") in names
    assert (None, "1 in 2") in names


def test_in_the_first_period_everyone_is_new(warehouse: Warehouse) -> None:
    put(warehouse, 1, a=1, b=1, c=2)
    rows = warehouse.model("analyze.segment_migration")
    assert [(row["from_segment"], row["to_segment"], row["customers"]) for row in rows] == [
        (None, 1, 2),
        (None, 2, 1),
    ]


def buyer(number: int, recency_days: int | None, frequency: int, spend: float) -> dict[str, object]:
    return {
        "period": date(2024, 1, 1),
        "customer_id": f"c{number:02}",
        "tenure_days": 400,
        "recency_days": recency_days,
        "frequency": frequency,
        "spend": spend,
    }


def test_ten_buyers_lie_two_to_a_fifth(warehouse: Warehouse) -> None:
    warehouse.given(
        "features.customer_features",
        *(buyer(number, 10 * number, number, -100.0 * number) for number in range(1, 11)),
        buyer(99, None, 0, 0.0),
    )
    rows = {row["customer_id"]: row for row in warehouse.model("analyze.rfm")}
    scores = [rows[f"c{number:02}"]["rfm"] for number in range(1, 11)]
    assert scores == ["515", "515", "424", "424", "333", "333", "242", "242", "151", "151"]
    assert rows["c01"]["recency_score"] == 5
    never = rows["c99"]
    assert [never[name] for name in ("recency_score", "frequency_score", "rfm")] == [None] * 3


@pytest.fixture(scope="module")
def standing(
    tmp_path_factory: pytest.TempPathFactory, models: dict[str, SqlModel]
) -> Iterator[Warehouse]:
    """A warehouse for many examples, since all its tables take a while to create."""
    file = tmp_path_factory.mktemp("standing") / "w.duckdb"
    with DuckDBWarehouse.at(file).connect() as session:
        yield Warehouse(session, models)


@settings(deadline=None)
@given(
    buyers=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3), st.integers(-2, 4)), min_size=1)
)
def test_equal_values_have_equal_scores_and_more_is_never_less(
    standing: Warehouse, buyers: list[tuple[int, int, int]]
) -> None:
    standing.session.execute("delete from features.customer_features")
    standing.given(
        "features.customer_features",
        *(buyer(number, *values) for number, values in enumerate(buyers)),
    )
    rows = {row["customer_id"]: row for row in standing.model("analyze.rfm")}
    found = [rows[f"c{number:02}"] for number in range(len(buyers))]
    for column, values in (
        ("recency_score", [-days for days, _, _ in buyers]),
        ("frequency_score", [orders for _, orders, _ in buyers]),
        ("monetary_score", [spend for _, _, spend in buyers]),
    ):
        scores = [row[column] for row in found]
        share = [sum(other <= value for other in values) / len(values) for value in values]
        # The oracle: the fifth of the buyers, counted.
        assert scores == [min(n for n in range(1, 6) if n / 5 >= part - 1e-12) for part in share]
        assert max(scores) == 5
