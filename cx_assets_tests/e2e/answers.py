"""What the world sends back to actions that were assigned: answers of both arms, deliveries."""

import csv
import os
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count, islice
from pathlib import Path

import pyarrow.parquet as pq

from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse

FIRST = date(2024, 5, 1)
# Enough for an effect with an interval, and for one that is pooled over the segments.
ARM, SEGMENTS = 30, 3

# Customers whose action is measured in May or June and who gave no answer in its 28 days.
SILENT = """
select period, action_id, customer_id, arm, assigned_at
from feedback.action_outcomes
where period >= $first and csat is null
order by action_id
"""


@dataclass(frozen=True)
class Assignment:
    period: date
    action_id: str
    customer_id: str
    arm: str
    assigned_at: datetime

    @property
    def answered_at(self) -> datetime:
        return self.assigned_at + timedelta(days=2)

    @property
    def score(self) -> int:
        """The action does a great deal of good."""
        return (4 if self.arm == "treated" else 1) + int(self.customer_id[-1]) % 2


def silent(settings: Settings) -> list[Assignment]:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        return [Assignment(*row) for row in session.rows(SILENT, {"first": FIRST})]


def assign_calls(settings: Settings) -> None:
    """Land a service call for 30 customers and a control group of as many: enough to learn from.

    They are customers for whom nothing else was decided, so that no answer counts twice.
    """
    folder = settings.landing / "action_assignments"
    others = set(pq.read_table(folder)["customer_id"].to_pylist())
    names = (name for number in count(1) if (name := f"C{number:09}") not in others)
    rows: list[dict[str, object]] = [
        {
            "action_id": f"call-{number:02}",
            "customer_id": name,
            "assigned_at": "2024-05-02T09:00:00",
            "action": "service_call",
            "arm": "treated" if number <= ARM else "control",
            "propensity": 0.5,
            "policy_version": "by-hand",
            "segment_id": number % SEGMENTS,
            "expected_effect": None,
        }
        for number, name in enumerate(islice(names, 2 * ARM), 1)
    ]
    _aside(folder, rows).rename(folder / "calls.csv")


def drop(assignments: list[Assignment], settings: Settings, mtime_ns: int) -> None:
    """Land one answer of each and a delivery to each of the treated, two files at one stroke."""
    rows: dict[str, list[dict[str, object]]] = {
        "survey_responses": [
            {
                "response_id": f"dropped-{one.action_id}",
                "customer_id": one.customer_id,
                "sent_at": (one.answered_at - timedelta(hours=30)).isoformat(),
                "responded_at": one.answered_at.isoformat(),
                "survey": "csat",
                "touchpoint": "delivery",
                "channel": "email",
                "score": one.score,
            }
            for one in assignments
        ],
        "action_deliveries": [
            {
                "action_id": one.action_id,
                "customer_id": one.customer_id,
                "delivered_at": (one.assigned_at + timedelta(hours=3)).isoformat(),
                "channel": "email",
            }
            for one in assignments
            if one.arm == "treated"
        ],
    }
    aside = [_aside(settings.landing / source, lines) for source, lines in rows.items()]
    for file in aside:
        os.utime(file, ns=(mtime_ns, mtime_ns))
    for file in aside:
        file.rename(file.with_name("dropped.csv"))


def _aside(folder: Path, rows: list[dict[str, object]]) -> Path:
    file = folder / "_dropped.csv"
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file
