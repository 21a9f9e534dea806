"""What was published stands: whole or not at all, and never a second, different set."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cx_assets import outbox
from cx_assets.outbox import (
    ACTIONS,
    SURVEYS,
    Publication,
    Published,
    differing,
    publish,
    recorded,
)

PERIOD = "2024-06-01"
BOTH = pytest.mark.parametrize("publication", [ACTIONS, SURVEYS], ids=["actions", "surveys"])


def actions(action: str) -> pa.Table:
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
        for number in range(20)
    ]
    return pa.Table.from_pylist(rows, schema=ACTIONS.schema)


def invitations(first: int) -> pa.Table:
    rows = [
        {
            "plan_id": f"{PERIOD}/{first + number}",
            "customer_id": str(first + number),
            "planned_at": None,
            "survey": "csat",
            "rank": 20 - number,
            "reason": "value",
            "propensity": 1.0,
        }
        for number in range(20)
    ]
    return pa.Table.from_pylist(rows, schema=SURVEYS.schema)


# What a run decides, and what a later one would decide instead.
DECISIONS = {
    ACTIONS.name: (actions("voucher"), actions("call")),
    SURVEYS.name: (invitations(0), invitations(20)),
}


def published(publication: Publication, folder: Path, run: int = 0) -> Published:
    decisions = DECISIONS[publication.name][run]
    return publish(publication, decisions, PERIOD, folder / "in", folder / "out")


def test_the_crm_gets_the_treated_and_the_record_has_both(tmp_path: Path) -> None:
    stands = published(ACTIONS, tmp_path)
    assert stands.record == tmp_path / "in" / "action_assignments" / f"{PERIOD}.parquet"
    assert stands.outbox == tmp_path / "out" / "actions" / f"{PERIOD}.parquet"
    sent, record = pq.read_table(stands.outbox), pq.read_table(stands.record)
    assert set(sent["arm"].to_pylist()) == {"treated"}
    assert (sent.num_rows, record.num_rows) == (16, 20)
    assert (stands.sent, stands.recorded, stands.new) == (16, 20, True)


def test_the_crm_gets_the_whole_survey_plan_first_come_first(tmp_path: Path) -> None:
    stands = published(SURVEYS, tmp_path)
    assert stands.record == tmp_path / "in" / "survey_plans" / f"{PERIOD}.parquet"
    assert stands.outbox == tmp_path / "out" / "surveys" / f"{PERIOD}.parquet"
    sent = pq.read_table(stands.outbox)
    assert sent["rank"].to_pylist() == list(range(1, 21))
    assert sent["customer_id"].to_pylist()[0] == "19"
    assert sent.equals(pq.read_table(stands.record))
    assert (stands.sent, stands.recorded, stands.new) == (20, 20, True)


@BOTH
def test_a_later_run_that_decides_otherwise_changes_nothing(
    publication: Publication, tmp_path: Path
) -> None:
    first = published(publication, tmp_path)
    before = first.outbox.read_bytes(), first.record.read_bytes()
    again = published(publication, tmp_path, run=1)
    assert (again.outbox.read_bytes(), again.record.read_bytes()) == before
    assert not again.new


@BOTH
def test_decisions_differ_by_whom_and_what(publication: Publication, tmp_path: Path) -> None:
    first, other = DECISIONS[publication.name]
    assert recorded(publication, PERIOD, tmp_path / "in") is None
    published(publication, tmp_path)
    record = recorded(publication, PERIOD, tmp_path / "in")
    assert record is not None
    assert differing(publication, first, record) == 0
    assert differing(publication, other, record) == 40
    assert differing(publication, first[:15], record) == 5


@BOTH
def test_killed_between_the_two_files_the_first_decides(
    publication: Publication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = outbox.write_whole

    def killed_at_the_outbox(table: pa.Table, path: Path) -> None:
        if path.parent.name == publication.name:
            raise KeyboardInterrupt
        write(table, path)

    monkeypatch.setattr(outbox, "write_whole", killed_at_the_outbox)
    with pytest.raises(KeyboardInterrupt):
        published(publication, tmp_path)
    monkeypatch.undo()
    sent = pq.read_table(published(publication, tmp_path, run=1).outbox)
    decided = DECISIONS[publication.name][0].select(publication.identity).to_pylist()
    assert sent.num_rows in (16, 20)
    assert all(row in decided for row in sent.select(publication.identity).to_pylist())


def test_no_half_file_appears(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outbox.os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        outbox.write_whole(actions("voucher"), tmp_path / "x.parquet")
    assert not (tmp_path / "x.parquet").exists()
