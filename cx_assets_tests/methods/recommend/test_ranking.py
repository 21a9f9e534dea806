"""The ten best offers of each customer: what holds for any shop, and the order by arithmetic."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cx_assets.methods.recommend import BOUGHT_HALF_LIFE, OFFERS
from cx_assets.methods.recommend.ranking import ITEM_TO_ITEM, POPULARITY
from cx_assets.warehouse import Session
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.methods.recommend.shop import (
    Purchase,
    faded,
    lay,
    popularities,
    ranked,
    similarities,
)

CUSTOMERS = "uvwxyz"
PRODUCTS = "abcdefghijklmno"


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with (
        tempfile.TemporaryDirectory() as folder,
        DuckDBWarehouse.at(Path(folder) / "w.duckdb").connect() as session,
    ):
        yield session


def test_companions_first_then_what_is_popular(session: Session) -> None:
    shop = [(who, what, 10) for who in "uvw" for what in "ab"]
    shop += [("x", "a", 5), *((who, "c", 1) for who in "yz"), ("z", "d", 1)]
    lay(session, shop, customers="xq")
    rows = ranked(session)
    x, q = rows[rows["customer_id"] == "x"], rows[rows["customer_id"] == "q"]
    assert x["product_id"].tolist() == ["b", "c", "d"], "a is bought already"
    assert x["method"].tolist() == [ITEM_TO_ITEM, POPULARITY, POPULARITY]
    assert x["because_of"].tolist()[0] == "a"
    assert x["score"].tolist()[0] == pytest.approx(
        similarities(shop)["a", "b"] * faded(5, BOUGHT_HALF_LIFE)
    )
    assert q["product_id"].tolist() == ["a", "c", "b", "d"], "two of yesterday before three of old"
    assert q["because_of"].isna().all()


def test_what_is_gone_makes_room_for_others(session: Session) -> None:
    shop = [(who, what, 10) for who in "uvw" for what in PRODUCTS]
    lay(session, [*shop, ("x", "a", 0)], customers="xy", gone="bc")
    rows = ranked(session)
    for who, first in (("x", "d"), ("y", "a")):
        own = rows[rows["customer_id"] == who]
        assert len(own) == OFFERS
        assert own["product_id"].tolist()[0] == first
        assert not set(own["product_id"]) & {"b", "c"}


def test_who_has_bought_all_that_is_popular_still_gets_the_rest(session: Session) -> None:
    many = [f"p{number:03}" for number in range(60)]
    shop = [(f"c{who}", what, 0) for what in many[:45] for who in (0, 1 + int(what[1:]))]
    shop += [("last", what, 300) for what in many[45:]]
    lay(session, shop, customers=["c0"])
    assert ranked(session)["product_id"].tolist() == many[45 : 45 + OFFERS]


@settings(max_examples=30)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from(CUSTOMERS), st.sampled_from(PRODUCTS)),
        st.integers(0, 120),
        max_size=60,
    ),
    st.sets(st.sampled_from(CUSTOMERS)),
    st.sets(st.sampled_from(PRODUCTS), max_size=4),
)
def test_what_holds_for_any_shop(
    session: Session, bought: dict[tuple[str, str], int], customers: set[str], gone: set[str]
) -> None:
    shop: list[Purchase] = [(who, what, days) for (who, what), days in bought.items()]
    lay(session, shop, customers, gone)
    rows = ranked(session)
    near, popular = similarities(shop), popularities(shop)
    owned = {who: {what for buyer, what in bought if buyer == who} for who in CUSTOMERS}
    assert set(rows["customer_id"]) <= customers

    def votes(who: str, offer: str) -> dict[str, float]:
        """How much each product that the customer has says for the offer."""
        return {
            what: faded(bought[who, what], BOUGHT_HALF_LIFE) * near.get((what, offer), 0)
            for what in owned[who]
        }

    for who in customers:
        own = rows[rows["customer_id"] == who]
        offers = [str(product) for product in own["product_id"]]
        left = set(popular) - owned[who] - gone
        assert len(offers) == len(set(offers)) == min(OFFERS, len(left))
        assert set(offers) <= left
        assert own["rank"].tolist() == list(range(1, len(own) + 1))
        alike = own[own["method"] == ITEM_TO_ITEM]
        filled = own[own["method"] == POPULARITY]
        assert own["method"].tolist() == [ITEM_TO_ITEM] * len(alike) + [POPULARITY] * len(filled)
        scores = [sum(votes(who, offer).values()) for offer in offers]
        assert alike["score"].tolist() == pytest.approx(scores[: len(alike)], abs=1e-6)
        best = sorted((sum(votes(who, offer).values()) for offer in left), reverse=True)
        assert alike["score"].tolist() == pytest.approx(best[: len(alike)], abs=1e-6)
        assert len(alike) == min(OFFERS, sum(score > 0 for score in best))
        expected = [popular[offer] for offer in offers[len(alike) :]]
        assert filled["score"].tolist() == pytest.approx(expected, abs=1e-6)
        assert expected == pytest.approx(sorted(expected, reverse=True), abs=1e-6)
        for offer, reason in zip(offers, alike["because_of"].tolist(), strict=False):
            spoken = votes(who, offer)
            assert spoken[reason] == pytest.approx(max(spoken.values()), abs=1e-6)
        assert filled["because_of"].isna().all()
