"""Two months of the sample world, built by real runs: aggregates stand, and nobody is left."""

import csv
import os
import shutil
from collections import defaultdict
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from cx_assets.instance import prepare_home
from cx_assets.landing.sources import SOURCES
from cx_assets.privacy.erasure import Person, erase, find, needles
from cx_assets.privacy.erasure.person import IDENTIFIERS
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.e2e.graph import KEYS, build_tables, same, tables
from cx_assets_tests.landing.zone import Zone, months

pytestmark = pytest.mark.slow

AGGREGATES = ["analyze.attribution", "analyze.csat_daily", "analyze.web_funnel"]
PROCESS = ["customers", "products", "order_items", "orders", "web_events", "survey_responses"]
MADE = [
    *(f"collect.{name}" for name in SOURCES),
    "collect.landing_files",
    *(f"process.{name}" for name in PROCESS),
    "features.web_sessions",
    "features.web_visitors",
    *AGGREGATES,
]


def busiest(settings: Settings, number: int) -> list[Person]:
    """The customers with the most web events, and their identifiers."""
    warehouse = DuckDBWarehouse.at(settings.warehouse)
    with warehouse.connect() as session:
        ids = session.rows(
            "select customer_id from process.customers join process.web_events using (customer_id) "
            f"where in_crm group by 1 order by count(*) desc, 1 limit {number}"
        )
        people: dict[str, dict[str, set[str]]] = {one: defaultdict(set) for (one,) in ids}
        columns = ", ".join(IDENTIFIERS)
        seen = session.rows(f"select customer_id, {columns} from collect.customers")
    for path in (settings.landing / "customers").glob("*.csv"):
        with path.open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                for kind in IDENTIFIERS:
                    if row["customer_id"] in people and row.get(kind):
                        people[row["customer_id"]][kind].add(row[kind])
    others = {value for one, *row in seen if one not in people for value in row}
    names = {
        value
        for path in (settings.landing / "customers").glob("*.csv")
        for value in _others(path, set(people))
    }
    return [
        Person(
            (one,),
            {kind: tuple(sorted(values)) for kind, values in found.items()},
            frozenset(value for who, *row in seen if who == one for value in row if value),
            frozenset(value for value in others if value) | names,
        )
        for one, found in people.items()
    ]


def _others(path: Path, ids: set[str]) -> set[str]:
    with path.open(encoding="utf-8") as file:
        return {
            row[kind]
            for row in csv.DictReader(file)
            for kind in IDENTIFIERS
            if row["customer_id"] not in ids and row.get(kind)
        }


def test_three_people_leave_the_sample_world(
    settings: Settings, small_landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", os.environ.get("DAGSTER_HOME", ""))
    for path in small_landing.rglob("*2024-0[12].*"):
        target = settings.landing / path.relative_to(small_landing)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    prepare_home(settings)
    with dg.DagsterInstance.get() as instance:
        build_tables(settings, MADE, last=KEYS[1], instance=instance)
    people = busiest(settings, 3)
    wanted = needles(people)
    before, searched = tables(settings), find(settings.home, wanted)
    assert any(one.path.startswith("dagster/history") for one in searched.found)

    removal = erase(DuckDBWarehouse.at(settings.warehouse), settings, people)

    after, ids = tables(settings), [one for person in people for one in person.customer_ids]
    assert find(settings.home, wanted).is_clean
    assert removal.unreadable == {}
    assert any(name.startswith("dagster/history") for name in removal.masked)
    for name in AGGREGATES:
        assert same(before[name], after[name]), name
    for name, table in before.items():
        if "customer_id" in table.column_names:
            kept = [one for one in table["customer_id"].to_pylist() if one and one not in ids]
            left = after[name]["customer_id"].drop_null().to_pylist()
            assert sorted(left) == sorted(kept), name
            assert removal.tables.get(name, 0) == table.num_rows - after[name].num_rows
    # Events before a log-in are theirs too, as their sessions say, and as their devices do.
    seen = before["process.web_events"].to_pylist()
    strangers = {row["visitor_id"] for row in seen if row["customer_id"] not in (None, *ids)}
    hers = {row["visitor_id"] for row in seen if row["customer_id"] in ids} - strangers
    assert set(after["collect.web_events"]["event_id"].to_pylist()) == {
        row["event_id"]
        for row in seen
        if row["customer_id"] not in ids and row["visitor_id"] not in hers
    }
    assert after["collect.order_items"].num_rows == after["process.order_items"].num_rows
    assert _unbalanced(after) == []

    with dg.DagsterInstance.get() as instance:
        assert instance.get_runs()[0].is_success
    for source in SOURCES:
        Zone(settings.home).run(months(1, 2), source)
    again = tables(settings)
    assert find(settings.home, wanted).is_clean
    assert [name for name in again if not same(after[name], again[name])] == []


def _unbalanced(found: dict[str, pa.Table]) -> list[dict[str, object]]:
    collected = {
        path: count
        for name in SOURCES
        for path, count in zip(
            *found[f"collect.{name}"]
            .group_by("source_file")
            .aggregate([([], "count_all")])
            .columns,
            strict=True,
        )
    }
    counts = {str(path): count.as_py() for path, count in collected.items()}
    return [
        row
        for row in found["collect.landing_files"].to_pylist()
        if row["rows"]
        != counts.get(row["path"], 0) + row["duplicates"] + row["rejected"] + row["pending"]
    ]
