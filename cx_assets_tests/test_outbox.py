"""What was published stands: whole or not at all, and never a second, different set."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cx_assets import outbox
from cx_assets.outbox import ASSIGNMENTS_SCHEMA, publish_actions

PERIOD = "2024-06-01"


def decisions(action: str, customers: int = 20) -> pa.Table:
    rows = [
        {
            "action_id": f"{PERIOD}/{number}",
            "customer_id": str(number),
            "assigned_at": None,
            "action": action,
            "arm": "control" if number % 5 == 0 else "treated",
            "propensity": 0.8,
            "policy_version": "rules-1",
            "segment_id": 1,
            "expected_effect": None,
        }
        for number in range(customers)
    ]
    return pa.Table.from_pylist(rows, schema=ASSIGNMENTS_SCHEMA)


def test_the_crm_gets_the_treated_and_the_record_has_both(tmp_path: Path) -> None:
    published = publish_actions(decisions("voucher"), PERIOD, tmp_path / "in", tmp_path / "out")
    sent, record = pq.read_table(published.actions), pq.read_table(published.assignments)
    assert set(sent["arm"].to_pylist()) == {"treated"}
    assert (sent.num_rows, record.num_rows) == (16, 20)
    assert (published.treated, published.control, published.new) == (16, 4, True)


def test_a_later_run_that_decides_otherwise_changes_nothing(tmp_path: Path) -> None:
    first = publish_actions(decisions("voucher"), PERIOD, tmp_path / "in", tmp_path / "out")
    before = first.actions.read_bytes(), first.assignments.read_bytes()
    again = publish_actions(decisions("call"), PERIOD, tmp_path / "in", tmp_path / "out")
    assert (again.actions.read_bytes(), again.assignments.read_bytes()) == before
    assert not again.new
    assert again.differs == 40
    same = publish_actions(decisions("voucher"), PERIOD, tmp_path / "in", tmp_path / "out")
    assert same.differs == 0


def test_killed_between_the_two_files_the_first_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = outbox.write_whole

    def killed_at_the_outbox(table: pa.Table, path: Path) -> None:
        if path.parent.name == "actions":
            raise KeyboardInterrupt
        write(table, path)

    monkeypatch.setattr(outbox, "write_whole", killed_at_the_outbox)
    with pytest.raises(KeyboardInterrupt):
        publish_actions(decisions("voucher"), PERIOD, tmp_path / "in", tmp_path / "out")
    monkeypatch.undo()
    published = publish_actions(decisions("call"), PERIOD, tmp_path / "in", tmp_path / "out")
    assert set(pq.read_table(published.actions)["action"].to_pylist()) == {"voucher"}


def test_no_half_file_appears(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outbox.os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        outbox.write_whole(decisions("voucher"), tmp_path / "x.parquet")
    assert not (tmp_path / "x.parquet").exists()
