"""How actions leave the house: the frozen record of what was decided, and what a CRM picks up."""

import os
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ASSIGNMENTS_SCHEMA = pa.schema(
    [
        ("action_id", pa.string()),
        ("customer_id", pa.string()),
        ("assigned_at", pa.timestamp("us")),
        ("action", pa.string()),
        ("arm", pa.string()),
        ("propensity", pa.float64()),
        ("policy_version", pa.string()),
        ("segment_id", pa.int64()),
        ("expected_effect", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Published:
    """What stands published for a period; `new` files were written just now."""

    assignments: Path
    actions: Path
    treated: int
    control: int
    new: bool
    differs: int  # decisions of this run that are not what was published


def publish_actions(decisions: pa.Table, period: str, landing: Path, outbox: Path) -> Published:
    """Publish a period's decisions once and for all.

    The record of both arms (landing/action_assignments) is written first, and the outbox is made
    from that record: so a process killed in between, or a later run that would decide otherwise,
    never sends a second, different set.

    Args:
        decisions: the columns of ASSIGNMENTS_SCHEMA, one row per customer, both arms.
    """
    assignments = landing / "action_assignments" / f"{period}.parquet"
    actions = outbox / "actions" / f"{period}.parquet"
    decided = decisions.select(ASSIGNMENTS_SCHEMA.names).cast(ASSIGNMENTS_SCHEMA)
    new = not assignments.exists()
    if new:
        write_whole(decided.sort_by("action_id"), assignments)
    record = pq.read_table(assignments)
    treated = record.filter(pc.equal(record["arm"], "treated"))
    if not actions.exists():
        write_whole(treated, actions)
    key = ["customer_id", "action", "arm"]
    kept = set(zip(*(record[name].to_pylist() for name in key), strict=True))
    wanted = set(zip(*(decided[name].to_pylist() for name in key), strict=True))
    return Published(
        assignments,
        actions,
        treated=treated.num_rows,
        control=record.num_rows - treated.num_rows,
        new=new,
        differs=len(kept ^ wanted),
    )


def write_whole(table: pa.Table, path: Path) -> None:
    """Write a Parquet file that appears whole or not at all, even when the power fails."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        pq.write_table(table, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
