"""How decisions leave the house: the frozen record of them, and what a CRM picks up."""

import os
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cx_assets.warehouse.copying import put_in_place


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
            ("expected_net_benefit", pa.float64()),
            ("reason", pa.string()),
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
            ("expected_information", pa.float64()),
            ("why", pa.string()),
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


def recorded(publication: Publication, period: str, landing: Path) -> pa.Table | None:
    """What was published for a period; None where nothing was yet."""
    record = _record(publication, period, landing)
    return pq.read_table(record) if record.exists() else None


def differing(publication: Publication, decided: pa.Table, published: pa.Table) -> int:
    """How many decisions are in only one of the two, by what makes them the same."""
    identity = list(publication.identity)
    one, other = decided.select(identity), published.select(identity)
    return sum(
        one.join(other, identity, join_type=side).num_rows for side in ("left anti", "right anti")
    )


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
    record = _record(publication, period, landing)
    file = outbox / publication.name / f"{period}.parquet"
    new = not record.exists()
    if new:
        decided = decisions.select(publication.schema.names).cast(publication.schema)
        write_whole(decided.sort_by(publication.order), record)
    kept = pq.read_table(record)
    sent = kept.filter(publication.sent)
    if not file.exists():
        write_whole(sent, file)
    return Published(record, file, recorded=kept.num_rows, sent=sent.num_rows, new=new)


def _record(publication: Publication, period: str, landing: Path) -> Path:
    return landing / publication.record / f"{period}.parquet"


def write_whole(table: pa.Table, path: Path) -> None:
    """Write a Parquet file that appears whole or not at all, even when the power fails."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        pq.write_table(table, file)
        file.flush()
        os.fsync(file.fileno())
    put_in_place(temporary, path)
