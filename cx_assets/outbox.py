"""How decisions leave the house: the frozen record of them, and what a CRM picks up."""

import os
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


@dataclass(frozen=True)
class Publication:
    """One kind of decision that leaves the house."""

    name: str  # the folder of the outbox
    record: str  # the landing source that remembers what was decided
    schema: pa.Schema
    order: str  # the column that the rows are sorted by
    identity: tuple[str, ...]  # decisions with the same values here are the same
    sent: pc.Expression  # the part of the record that the CRM gets


ACTIONS = Publication(
    name="actions",
    record="action_assignments",
    schema=pa.schema(
        [
            ("action_id", pa.string()),
            ("customer_id", pa.string()),
            ("assigned_at", pa.timestamp("us")),
            ("action", pa.string()),
            ("arm", pa.string()),
            ("propensity", pa.float64()),
            ("action_propensity", pa.float64()),
            ("policy_version", pa.string()),
            ("segment_id", pa.int64()),
            ("expected_effect", pa.float64()),
        ]
    ),
    order="action_id",
    identity=("customer_id", "action", "arm"),
    sent=pc.field("arm") == "treated",
)

SURVEYS = Publication(
    name="surveys",
    record="survey_plans",
    schema=pa.schema(
        [
            ("plan_id", pa.string()),
            ("customer_id", pa.string()),
            ("planned_at", pa.timestamp("us")),
            ("survey", pa.string()),
            ("rank", pa.int64()),
            ("reason", pa.string()),
            ("propensity", pa.float64()),
        ]
    ),
    order="rank",
    identity=("customer_id", "survey"),
    sent=pc.scalar(True),
)


@dataclass(frozen=True)
class Published:
    """What stands published for a period; `new` was decided just now."""

    record: Path
    outbox: Path
    recorded: int
    sent: int
    new: bool
    differs: int  # decisions of this run that are not what was published


def publish(
    publication: Publication, decisions: pa.Table, period: str, landing: Path, outbox: Path
) -> Published:
    """Publish a period's decisions once and for all.

    The record (below `landing`) is written first, and the outbox is made from that record: so a
    process killed in between, or a later run that would decide otherwise, never sends a second,
    different set.

    Args:
        decisions: the columns of the publication's schema, those that are not sent included.
    """
    record = landing / publication.record / f"{period}.parquet"
    file = outbox / publication.name / f"{period}.parquet"
    decided = decisions.select(publication.schema.names).cast(publication.schema)
    new = not record.exists()
    if new:
        write_whole(decided.sort_by(publication.order), record)
    recorded = pq.read_table(record)
    sent = recorded.filter(publication.sent)
    if not file.exists():
        write_whole(sent, file)
    identity = list(publication.identity)
    wanted, kept = decided.select(identity), recorded.select(identity)
    return Published(
        record,
        file,
        recorded=recorded.num_rows,
        sent=sent.num_rows,
        new=new,
        differs=sum(
            wanted.join(kept, identity, join_type=side).num_rows
            for side in ("left anti", "right anti")
        ),
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
