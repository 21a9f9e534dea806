"""The benchmark of the correction: its figures by hand, its verdicts, and one small run of it."""

import pandas as pd
import pytest

from benchmarks.satisfaction.correction_table import summaries, tables, targets


def worlds(response: str, count: int, **figures: object) -> pd.DataFrame:
    """Worlds where 4 is the truth, the answers say 3.7 and the correction 4.1, give or take 0.2."""
    columns = {
        "response": response,
        "worlds": count,
        "customers": 1_000,
        "months": 4,
        "asked": 300,
        "answered": 100,
        "truth": 4.0,
        "raw": 3.7,
        "adjusted": 4.1,
        "low": 3.9,
        "high": 4.3,
        "bound_low": 2.0,
        "bound_high": 4.5,
        **figures,
    }
    return pd.DataFrame({"seed": range(1, count + 1)}).assign(**columns)


def test_the_figures_by_hand() -> None:
    adjusted = [4.1, 3.9, 4.3, 3.9]
    rows = worlds("recorded", 4, raw=[3.7, 3.7, 4.2, 3.8], adjusted=adjusted)
    rows["low"], rows["high"] = rows["adjusted"] - 0.2, rows["adjusted"] + 0.2
    (found,) = summaries(rows)
    assert found.raw_error == pytest.approx(0.25)
    assert found.raw_bias == pytest.approx(-0.15)
    assert found.adjusted_error == pytest.approx(0.15)
    assert found.adjusted_bias == pytest.approx(0.05)
    assert found.ratio == pytest.approx(0.6)
    assert found.ratio_low < 0.6 < found.ratio_high
    assert found.covered == 3
    assert found.z_mean == pytest.approx(0.05 * 1.96 / 0.2)
    assert found.within_bounds == 4
    assert found.bounds_width == pytest.approx(2.5)


def test_worlds_of_another_size_or_kind_are_another_sample() -> None:
    rows = [
        worlds("feeling", 2),
        worlds("recorded", 3, customers=500),
        worlds("recorded", 2, adjusted=4.0),
    ]
    found = summaries(pd.concat(rows))
    kinds = [(each.response, each.customers, each.ratio) for each in found]
    assert kinds == [
        ("recorded", 1_000, 0),
        ("recorded", 500, pytest.approx(1 / 3)),
        ("feeling", 1_000, pytest.approx(1 / 3)),
    ]
    assert tables(found).count("| what is recorded |") == 4


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        (worlds("recorded", 20, adjusted=4.09), "0.300 of the raw one, asked at most 0.333, met"),
        (worlds("recorded", 20, adjusted=4.2), "0.667 of the raw one, asked at most 0.333, NOT"),
        (worlds("feeling", 20, adjusted=4.17), "0.567 of the raw one, asked at most 0.600, met"),
        (worlds("feeling", 20, adjusted=4.2), "0.667 of the raw one, asked at most 0.600, NOT"),
        (worlds("recorded", 100, low=[3.9] * 95 + [4.05] * 5), "in 95.0%, asked 93% to 97%, met"),
        (worlds("recorded", 100), "in 100.0%, asked 93% to 97%, NOT met"),
        (worlds("recorded", 100, low=[3.9] * 90 + [4.05] * 10), "in 90.0%, asked 93% to 97%, NOT"),
        (worlds("feeling", 100), "in 100.0%, asked at least 95%, met"),
        (worlds("feeling", 100, bound_high=[4.5] * 94 + [3.9] * 6), "in 94.0%, asked at least 95"),
    ],
)
def test_the_verdicts(rows: pd.DataFrame, verdict: str) -> None:
    (line,) = targets(summaries(rows))
    assert verdict in line
