"""No basket and no threshold lets the search explode, and what was not looked at is told."""

from cx_assets.methods.rules import Limits
from cx_assets.warehouse import Session
from cx_assets_tests.methods.rules.mining import mine

WHOLESALER = {f"item {number}" for number in range(5_000)}
USUAL = [{"item 1", "item 2"}] * 6 + [{"item 1"}] * 3 + [{"item 3"}]
ALIKE = [{f"item {number:02}" for number in range(40)}] * 3  # 2^40 frequent sets


def test_a_basket_of_thousands_is_left_out_of_every_count(session: Session) -> None:
    alone = mine(session, USUAL, "0.1", "0.1")
    found = mine(session, [*USUAL, WHOLESALER], "0.1", "0.1")
    assert (found.baskets.kept, found.baskets.over_cap) == (10, 1)
    assert (
        found.counts
        == alone.counts
        == {
            (("item 1",), "item 2"): (6, 9, 6),
            (("item 2",), "item 1"): (6, 6, 9),
        }
    )
    assert set(found.rules["baskets"]) == {10}


def test_a_basket_at_the_cap_counts(session: Session) -> None:
    baskets = [{"a", "b", "c"}, {"a", "b", "c", "d"}]
    found = mine(session, baskets, "0.5", "0.5", most_items=3)
    assert (found.baskets.kept, found.baskets.over_cap) == (1, 1)
    assert set(found.rules["consequent"]) == {"a", "b", "c"}


def test_too_many_candidates_end_the_search_with_a_reason(session: Session) -> None:
    found = mine(session, ALIKE, "0.5", "0.5", limits=Limits(candidates=50_000))
    assert found.sets.sizes == (40, 780, 9_880)
    assert found.sets.stopped == "91,390 sets of 4 could be frequent, over 50,000"
    assert found.rules["items"].max() == 3


def test_too_many_baskets_of_candidates_end_it_too(session: Session) -> None:
    found = mine(session, ALIKE, "0.5", "0.5", limits=Limits(baskets=20_000))
    assert found.sets.sizes == (40, 780)
    assert found.sets.stopped == "sets of 3 could be in 29,640 baskets, over 20,000"


def test_sets_are_no_longer_than_asked(session: Session) -> None:
    found = mine(session, ALIKE, "0.5", "0.5", limits=Limits(length=2))
    assert found.sets.sizes == (40, 780)
    assert found.sets.stopped is None
    assert len(found.rules) == 2 * 780
