"""Rules against an outside package, rule by rule, and their measures against their definitions."""

from decimal import Decimal
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cx_assets.methods.intervals import wilson_interval
from cx_assets.methods.rules import least_count
from cx_assets.warehouse import Session
from cx_assets_tests.methods.rules.mining import mine, outside

BASKETS = st.lists(st.sets(st.sampled_from("abcdefg"), min_size=1), min_size=1, max_size=40)
SHARES = st.sampled_from(["0.05", "0.1", "0.2", "0.25", "0.3", "0.5", "0.7", "0.8", "1"])


@given(BASKETS, SHARES, SHARES)
@hypothesis_settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_baskets_have_the_rules_of_an_outside_package(
    session: Session, baskets: list[set[str]], support: str, confidence: str
) -> None:
    found = mine(session, baskets, support, confidence)
    assert found.counts == outside(baskets, support, confidence)
    assert found.sets.stopped is None


def test_measures_are_what_they_are_defined_as(session: Session) -> None:
    rng = np.random.default_rng(4)
    likely = rng.random((60, 5)) < [0.8, 0.6, 0.5, 0.4, 0.3]
    likely[:, 4] |= likely[:, 3] & likely[:, 2]
    baskets = [{"abcde"[i] for i in np.flatnonzero(row)} or {"a"} for row in likely]
    rules = mine(session, baskets, "0.05", "0").rules
    assert rules["items"].max() >= 4

    def share(items: set[str], among: set[str]) -> Fraction:
        """Of the baskets that hold `among`, those that hold `items` too."""
        held = [basket for basket in baskets if among <= basket]
        return Fraction(sum(items <= basket for basket in held), len(held))

    for rule in rules.itertuples():
        left, right = set(rule.antecedent), {rule.consequent}
        confidence = share(right, left)
        best = max(
            share(right, set(some))
            for size in range(len(left))
            for some in combinations(left, size)
        )
        assert list(rule.antecedent) == sorted(left)
        assert rule.items == len(left) + 1
        assert rule.support == float(share(left | right, set()))
        assert rule.confidence == float(confidence)
        assert rule.lift == float(confidence / share(right, set()))
        assert rule.improvement == pytest.approx(float(confidence - best), abs=1e-15)
        assert rule.extra_baskets == pytest.approx(
            float((share(left | right, set()) - share(left, set()) * share(right, set())) * 60)
        )
        assert rule.baskets == 60
    low, high = wilson_interval(rules["both_baskets"], rules["antecedent_baskets"])
    np.testing.assert_allclose(rules["confidence_low"], low, atol=1e-12)
    np.testing.assert_allclose(rules["confidence_high"], high, atol=1e-12)


def test_a_rule_at_exactly_the_threshold_is_in(session: Session) -> None:
    baskets = [{"a", "b"}] * 7 + [{"a"}] * 18 + [{"c"}] * 75
    assert 0.07 * 100 > 7
    assert 0.28 * 25 > 7
    assert set(mine(session, baskets, "0.07", "0.28").counts) == {(("a",), "b"), (("b",), "a")}
    assert set(mine(session, baskets, "0.07", "0.280001").counts) == {(("b",), "a")}
    assert mine(session, baskets, "0.070001", "0").rules.empty


def test_shares_of_counts_are_exact() -> None:
    assert least_count(Decimal("0.001"), 9_835) == 10
    assert least_count(Decimal("0.07"), 100) == 7
    assert least_count(Decimal("0.5"), 0) == 1
    with pytest.raises(ValueError, match=r"not at 1\.5"):
        least_count(Decimal("1.5"), 10)


def test_without_baskets_there_is_nothing(session: Session) -> None:
    found = mine(session, [], "0.1", "0.1")
    assert found.baskets.kept == 0
    assert found.sets.sizes == ()
    assert found.rules.empty
