"""Which products go with which: the query against the formula, and what it leaves out."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cx_assets.methods.recommend import LEAST_TOGETHER, MOST_PRODUCTS, NEIGHBOURS
from cx_assets.warehouse import Session
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.methods.recommend.shop import Purchase, lay, popularities, similarities

NEIGHBOUR_ROWS = "select product_id, neighbour_id, rank, similarity, customers from neighbours"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with DuckDBWarehouse.at(tmp_path / "w.duckdb").connect() as session:
        yield session


def random_shop(seed: int, customers: int = 60, products: int = 25) -> list[Purchase]:
    rng = np.random.default_rng(seed)
    pairs = np.unique(rng.integers((customers, products), size=(500, 2)), axis=0)
    days = rng.integers(400, size=len(pairs))
    return [
        (f"c{who:02}", f"p{what:02}", int(ago))
        for (who, what), ago in zip(pairs, days, strict=True)
    ]


def test_two_customers_by_hand(session: Session) -> None:
    # Each has two products, so half a vote for each; a was bought today, b one half-life ago.
    lay(session, [(who, what, ago) for who in "xy" for what, ago in (("a", 0), ("b", 30))])
    (there,), (back,) = (
        session.rows(f"select similarity from neighbours where product_id = '{each}'")
        for each in "ab"
    )
    half_life_90 = 0.5 ** (30 / 90)
    assert there[0] == pytest.approx(0.5 / (np.sqrt(1 * 0.5) + 0.3))
    assert back[0] == pytest.approx(half_life_90 / (np.sqrt(half_life_90 * 1) + 0.3))


def test_it_is_the_formula(session: Session) -> None:
    shop = random_shop(seed=4)
    lay(session, shop)
    found = {
        (product, neighbour): similarity
        for product, neighbour, _, similarity, _ in session.rows(NEIGHBOUR_ROWS)
    }
    expected = similarities(shop)
    assert len(expected) > 200
    assert found == pytest.approx(expected, abs=1e-6)
    assert dict(session.rows("select * from popular")) == pytest.approx(
        popularities(shop), abs=1e-6
    )


def test_the_order_of_rows_changes_no_digit(session: Session) -> None:
    shop = random_shop(seed=5)
    results = []
    for order in (1, -1):
        lay(session, shop[::order])
        results.append(session.rows(f"{NEIGHBOUR_ROWS} order by all"))
    assert results[0] == results[1]


def test_ranks_are_by_similarity_and_at_most_so_many(session: Session) -> None:
    products = [f"p{number:03}" for number in range(NEIGHBOURS + 5)]
    lay(session, [(who, what, 0) for who in "xy" for what in products])
    rows = session.frame(f"{NEIGHBOUR_ROWS} where product_id = 'p010' order by rank")
    assert rows["rank"].tolist() == list(range(1, NEIGHBOURS + 1))
    # All are as near as each other, so the order is that of their keys.
    expected = [product for product in products if product != "p010"]
    assert rows["neighbour_id"].tolist() == expected[:NEIGHBOURS]


def test_a_pair_of_one_customer_gives_nobody_away(session: Session) -> None:
    lay(session, [("x", "a", 0), ("x", "b", 0), ("x", "c", 0), ("y", "a", 0), ("y", "b", 0)])
    pairs = session.rows(f"{NEIGHBOUR_ROWS} order by all")
    assert [(pair[:2], pair[4]) for pair in pairs] == [(("a", "b"), 2), (("b", "a"), 2)]
    assert LEAST_TOGETHER == 2


def test_of_who_bought_everything_the_newest_count(session: Session) -> None:
    products = [(f"p{number:03}", number) for number in range(MOST_PRODUCTS + 3)]
    lay(session, [(who, what, ago) for who in "xy" for what, ago in products])
    ((known,),) = session.rows("select count(distinct product_id) from neighbours")
    ((oldest,),) = session.rows("select max(product_id) from neighbours")
    assert known == MOST_PRODUCTS
    assert oldest == f"p{MOST_PRODUCTS - 1:03}"


def test_no_purchases_no_neighbours(session: Session) -> None:
    lay(session, [])
    assert session.rows(NEIGHBOUR_ROWS) == []
    assert session.rows("select * from popular") == []
