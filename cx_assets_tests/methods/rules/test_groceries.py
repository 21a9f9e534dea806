"""The published figures of arules' Groceries: 9,835 baskets of 169 items."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from cx_assets.warehouse import Session
from cx_assets_tests.methods.rules.mining import mine, outside


@pytest.fixture(scope="module")
def groceries(real_data: Path) -> Sequence[frozenset[str]]:
    lines = (real_data / "groceries" / "groceries.csv").read_text().splitlines()
    return [frozenset(line.split(",")) for line in lines]


@pytest.mark.parametrize(
    ("support", "confidence", "rules"),
    [("0.001", "0.8", 410), ("0.006", "0.25", 463), ("0.01", "0.5", 15), ("0.005", "0.5", 120)],
)
def test_the_published_numbers_of_rules(
    session: Session,
    groceries: Sequence[frozenset[str]],
    support: str,
    confidence: str,
    rules: int,
) -> None:
    found = mine(session, groceries, support, confidence)
    assert found.baskets.kept == 9_835
    assert len(found.rules) == rules
    if rules == 463:
        best = found.rules.loc[found.rules["lift"].idxmax()]
        assert (list(best["antecedent"]), best["consequent"]) == (["herbs"], "root vegetables")
        assert best["lift"] == pytest.approx(3.956, abs=5e-4)
    if rules == 410:
        exactly = found.rules["both_baskets"] * 5 == found.rules["antecedent_baskets"] * 4
        assert exactly.sum() == 39


def test_every_rule_is_that_of_an_outside_package(
    session: Session, groceries: Sequence[frozenset[str]]
) -> None:
    found = mine(session, groceries, "0.006", "0.25")
    assert found.counts == outside(groceries, "0.006", "0.25")
