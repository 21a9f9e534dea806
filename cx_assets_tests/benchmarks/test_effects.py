"""The benchmark of measured effects: its table and its verdicts by hand."""

import pandas as pd
import pytest

from benchmarks.effects.summary import table, targets, verdict


def worlds(action: str, outcome: str, truth: float, covered: int, effective: int) -> pd.DataFrame:
    """Of 200 worlds, so many whose interval holds the truth, and so many with a small p."""
    return pd.DataFrame(
        {
            "action": action,
            "outcome": outcome,
            "truth": truth,
            "effect": truth + 0.1,
            "ci_low": [truth - 0.2] * covered + [truth + 0.01] * (200 - covered),
            "ci_high": truth + 0.4,
            "p_value": [0.04] * effective + [0.06] * (200 - effective),
            "variance_reduction": 0.12,
            "naive_change": 0.5,
        }
    )


@pytest.fixture
def found() -> pd.DataFrame:
    return pd.concat(
        [
            worlds("service_call", "csat", 0.3, 190, 150),
            worlds("voucher", "orders", 0.1, 180, 20),
            worlds("feature_tips", "csat", 0.0, 190, 10),
            worlds("feature_tips", "orders", 0.0, 190, 12),
            worlds("feature_tips", "profit", 0.0, 190, 40),
        ],
        ignore_index=True,
    )


def test_the_table_has_a_row_per_action_and_outcome(found: pd.DataFrame) -> None:
    lines = table(found).splitlines()
    assert len(lines) == 2 + 5
    cells = [cell.strip() for cell in lines[-2].strip("|").split("|")]
    assert cells[:5] == ["service_call", "csat", "0.300", "0.400 ± 0.000", "0.100"]
    assert cells[5].startswith("95.0%")
    assert cells[-2:] == ["12%", "+0.500"]


def test_the_verdicts_by_hand(found: pd.DataFrame) -> None:
    call, voucher, csat, orders, profit = targets(found).splitlines()
    assert "95.0%" in call
    assert call.endswith(", met")
    assert "90.0%" in voucher
    assert voucher.endswith("missed, by no more than chance")
    assert "5.0%" in csat
    assert csat.endswith(", met")
    assert orders.endswith("missed, by no more than chance")
    assert profit.endswith("NOT met")


def test_more_worlds_leave_less_to_chance() -> None:
    few, many = (pd.Series([True] * 9 * n + [False] * n) for n in (20, 200))
    assert verdict(few, 0.93, 0.97) == "missed, by no more than chance"
    assert verdict(many, 0.93, 0.97) == "NOT met"
