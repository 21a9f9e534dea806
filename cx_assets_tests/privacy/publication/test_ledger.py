"""The ledger: a budget that is never overdrawn, and figures that are drawn once."""

import os
import signal
import subprocess
import sys
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from cx_assets.privacy.publication.ledger import BudgetSpent, Ledger, Release

HALF = Fraction(1, 2)
GROUPS = [({"segment": "x"}, {"customers": 12})]

DYING = """
import os, signal, sys
from datetime import date
from fractions import Fraction
from pathlib import Path
from cx_assets.privacy.publication.ledger import Ledger, Release
with Ledger(Path(sys.argv[1])).transaction() as entries:
    entries.spend(Release(date(2024, 2, 1), 10, Fraction(1, 2), []), Fraction(1))
    entries.count(["b"])
    os.kill(os.getpid(), signal.SIGKILL)
"""


def of(month: int, epsilon: Fraction | None = HALF) -> Release:
    return Release(date(2024, month, 1), 10, epsilon, GROUPS)


def count_and_spend(ledger: Ledger) -> None:
    with ledger.transaction() as entries:
        entries.count(["c"])
        entries.spend(of(3), budget=Fraction(1))


def test_what_is_released_is_remembered_and_the_budget_is_kept(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "home" / "ledger.sqlite")
    for month in (2, 1):
        with ledger.transaction() as entries:
            entries.spend(of(month), budget=Fraction(1))
            entries.count(["a", "b", "a"])
    with ledger.transaction() as entries:
        assert entries.releases() == [of(1), of(2)]
        assert entries.spent() == 1
        assert sorted(entries.counted()["mark"].to_pylist()) == ["a", "b"]
    with pytest.raises(BudgetSpent, match=r"cost 0.5 .* of 1 \(CX_PRIVACY_BUDGET\) 0 are left"):
        count_and_spend(ledger)
    with ledger.transaction() as entries:
        assert len(entries.releases()) == 2
        assert entries.counted().num_rows == 2, "who would have been counted was not"
        entries.spend(of(4, epsilon=None), budget=Fraction(1))
    assert ledger.path.stat().st_mode & 0o077 == 0


def test_tenths_add_up_exactly(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    with ledger.transaction() as entries:
        for month in range(1, 11):
            entries.spend(of(month, Fraction("0.1")), Fraction(1))
        with pytest.raises(BudgetSpent):
            entries.spend(of(11, Fraction("0.000001")), Fraction(1))


def test_a_process_killed_on_the_way_has_spent_nothing(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    with ledger.transaction() as entries:
        entries.spend(of(1), Fraction(1))
    killed = subprocess.run([sys.executable, "-c", DYING, str(ledger.path)], env={**os.environ})
    assert killed.returncode == -signal.SIGKILL
    with ledger.transaction() as entries:
        assert entries.releases() == [of(1)]
        assert entries.spent() == HALF
        assert entries.counted().num_rows == 0
