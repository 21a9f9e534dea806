"""Anna is forgotten: what goes, what stays byte for byte, and what a search finds afterwards."""

import gzip
import json
import pickle
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cx_assets.landing.sources import SOURCES
from cx_assets.privacy.erasure import Person, Removal, certificate, erase, find, needles, write
from cx_assets.privacy.erasure.search import UNREADABLE
from cx_assets.privacy.erasure.warehouse_rows import mask_texts
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.landing.zone import Zone
from cx_assets_tests.privacy.erasure import shop

pytestmark = pytest.mark.slow

# Shares of a call's time.
KILLS = (0.35, 0.75)
TABLES = [f"collect.{name}" for name in SOURCES]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> tuple[Zone, Person]:
    """The shop before anything is erased. Read only."""
    zone = Zone(tmp_path_factory.mktemp("shop"))
    shop.open_shop(zone)
    with zone.session() as session:
        session.execute("create table collect.things as select 'see C100 at C100x' as note")
    return zone, shop.anna(zone)


@pytest.fixture
def zone(opened: tuple[Zone, Person], tmp_path: Path) -> Zone:
    shutil.copytree(opened[0].root, tmp_path / "home")
    return Zone(tmp_path / "home")


@pytest.fixture
def anna(opened: tuple[Zone, Person]) -> Person:
    return opened[1]


@pytest.fixture(scope="module")
def erased(
    opened: tuple[Zone, Person], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Zone, Removal, float]:
    """The shop after one call, what that call says, and how long it took. Read only."""
    root = tmp_path_factory.mktemp("erased") / "home"
    shutil.copytree(opened[0].root, root)
    zone, began = Zone(root), time.monotonic()
    return zone, run(zone, opened[1]), time.monotonic() - began


def run(zone: Zone, *people: Person) -> Removal:
    return erase(DuckDBWarehouse.at(zone.warehouse), shop.settings_of(zone), people)


def state(zone: Zone) -> dict[str, Any]:
    """All that an erasure may change."""
    tables = [*TABLES, "registry.files", "registry.file_periods", "registry.rejected_rows"]
    rows = {name: zone.query(f"from {name} order by all") for name in tables}
    landing = shop.files(zone.landing) | shop.files(zone.root / "outbox")
    return rows | {name: plain(name, data) for name, data in landing.items()}


def plain(name: str, data: bytes) -> bytes:
    return gzip.decompress(data) if name.endswith(".gz") else data


def test_every_file_is_left_as_it_should_be(
    opened: tuple[Zone, Person], erased: tuple[Zone, Removal, float]
) -> None:
    zone, removal, _ = erased
    before, after = opened[0].landing, zone.landing
    for name, text in shop.LEFT.items():
        assert plain(name, (after / name).read_bytes()).decode() == text, name
        assert (after / name).stat().st_mtime_ns == (before / name).stat().st_mtime_ns
        assert (after / name).stat().st_mode & 0o777 == 0o600
    assert pq.read_table(after / "order_items/items.parquet").to_pydict() == {
        name: [values[1], values[4]] for name, values in shop.ITEMS.items()
    }
    told = pq.read_table(after / "action_deliveries/crm.parquet").to_pydict()
    assert told["customer_id"] == [shop.BO]
    assert told["remark"] == ["forwarded to [erased]"]
    items = pq.ParquetFile(after / "order_items/items.parquet").metadata.row_group(0)
    assert items.column(0).compression == "GZIP"
    outbox = pq.read_table(zone.root / "outbox/actions/2024-02-01.parquet")
    assert outbox.to_pydict() == {"action_id": ["A2"], "customer_id": [shop.BO]}
    assert removal.files == {
        "customers/crm.csv": 3,
        "orders/orders.jsonl": 2,
        "order_items/items.parquet": 3,
        "web_events/web.csv.gz": 5,
        "support_tickets/desk.jsonl": 2,
        "support_tickets/later.csv": 1,
        "social_mentions/feed.jsonl.gz": 1,
        "survey_responses/answers.csv": 4,
        "action_deliveries/crm.parquet": 1,
        "erasure_requests/requests.csv": 1,
        "outbox/actions/2024-02-01.parquet": 1,
    }
    assert removal.masked == {
        "orders/orders.jsonl": 1,
        "web_events/web.csv.gz": 1,
        "support_tickets/desk.jsonl": 1,
        "social_mentions/feed.jsonl.gz": 1,
        "survey_responses/answers.csv": 1,
        "action_deliveries/crm.parquet": 1,
        "collect.things": 1,
    }
    assert removal.unreadable == {}
    assert zone.query("from collect.things") == [("see [erased] at C100x",)]


def test_a_thing_with_a_customers_id_keeps_it(zone: Zone, anna: Person) -> None:
    with zone.session() as session:
        session.execute("create table collect.goods (product_id text, name text, note text)")
        session.execute(
            "insert into collect.goods values ('C100', 'C100', 'for C100'), ('P1', 'x', 'C1001')"
        )
        assert mask_texts(session, needles([anna]))["collect.goods"] == 1
        assert session.rows("from collect.goods order by all") == [
            ("C100", "C100", "for [erased]"),
            ("P1", "x", "C1001"),
        ]


def test_the_tables_keep_what_is_not_hers_and_every_account_balances(
    opened: tuple[Zone, Person], erased: tuple[Zone, Removal, float]
) -> None:
    zone, removal, _ = erased
    kept = {
        "customers": "customer_id <> 'C100'",
        "orders": "trim(customer_id) <> 'C100' or customer_id is null",
        "order_items": "order_id = 'O2'",
        "web_events": "event_id in ('E4', 'E5', 'E6', 'E9')",
        "support_tickets": "customer_id <> 'C100'",
        "social_mentions": "mention_id = 'M2'",
        "survey_responses": "response_id = 'R3'",
        "action_deliveries": "customer_id <> 'C100'",
        "erasure_requests": "false",
    }
    for source, condition in kept.items():
        # Lines move up, and what was masked in somebody's text looks different.
        free = ["source_line", *(field.name for field in SOURCES[source].texts)]
        free += ["page"] if source == "web_events" else []
        rest = f"* exclude ({', '.join(free)})"
        before = opened[0].query(
            f"select {rest} from collect.{source} where {condition} order by all"
        )
        assert zone.query(f"select {rest} from collect.{source} order by all") == before, source
        was = opened[0].query(f"select count(*) from collect.{source}")[0][0]
        assert removal.tables.get(f"collect.{source}", 0) == was - len(before)
    assert zone.query(
        "select path, rows, duplicates, rejected, pending from collect.landing_files order by path"
    ) == [
        ("action_deliveries/crm.parquet", 1, 0, 0, 0),
        ("customers/crm.csv", 2, 0, 0, 0),
        ("erasure_requests/requests.csv", 0, 0, 0, 0),
        ("order_items/items.parquet", 2, 0, 0, 0),
        ("orders/gone.csv", 1, 0, 0, 0),
        ("orders/orders.jsonl", 3, 0, 0, 0),
        ("social_mentions/feed.jsonl.gz", 1, 0, 0, 0),
        ("support_tickets/desk.jsonl", 1, 0, 0, 0),
        ("support_tickets/later.csv", 1, 0, 0, 1),
        ("survey_responses/answers.csv", 2, 0, 1, 0),
        ("web_events/late.csv", 1, 0, 0, 1),
        ("web_events/web.csv.gz", 4, 0, 0, 0),
    ]
    assert removal.tables["registry.rejected_rows"] == 2


def test_a_later_run_changes_nothing(erased: tuple[Zone, Removal, float], tmp_path: Path) -> None:
    shutil.copytree(erased[0].root, tmp_path / "home")
    zone = Zone(tmp_path / "home")
    before = state(zone)
    for source in SOURCES:
        zone.run(shop.COLLECTED, source)
    assert state(zone) == before
    anna = Person((shop.ANNA,))
    again = run(zone, anna)
    assert (again.tables, again.files, again.masked) == ({}, {}, {})
    assert state(zone) == before


def test_no_byte_is_left_and_the_search_says_so(
    opened: tuple[Zone, Person], erased: tuple[Zone, Removal, float], anna: Person
) -> None:
    wanted = needles([anna])
    before = find(opened[0].root, wanted)
    assert {one.kind for one in before.found} == {
        "customer_id",
        "email",
        "phone",
        "social_handle",
        "street",
        "full_name",
        "token",
    }
    assert "warehouse.duckdb" in {one.path for one in before.found}
    zone = erased[0]
    after = find(zone.root, wanted)
    assert after.is_clean
    assert {(one.kind, one.path) for one in after.found} == {
        ("full_name", "landing/customers/crm.csv"),
        ("token", "warehouse.duckdb"),
    }
    # The search is not its own judge: the same bytes, looked at without it.
    plainly = [shop.EMAIL, shop.PHONE, shop.STREET, *(anna.tokens - anna.shared)]
    for name, data in shop.files(zone.root).items():
        text = plain(name, data).lower()
        for value in plainly:
            found = text.replace(b"joanna.berg@", b"").count(value.lower().encode())
            assert not found, (name, value)


def test_what_is_planted_is_found(
    erased: tuple[Zone, Removal, float], anna: Person, tmp_path: Path
) -> None:
    shutil.copytree(erased[0].root, tmp_path / "home")
    zone = Zone(tmp_path / "home")
    with zone.session() as session:
        session.execute("create table collect.extra as select 'see C100 there' as note")
    (zone.root / "reports").mkdir()
    (zone.root / "reports" / "page.html").write_text(f"<b>{shop.PHONE}</b>")
    (zone.root / "reports" / "wide.txt").write_bytes(shop.EMAIL.encode("utf-16"))
    (zone.root / "reports" / f"{shop.STREET}.txt").write_text("")
    (zone.root / "landing" / "orders" / "cut.csv.gz").write_bytes(gzip.compress(b"x" * 999)[:-9])
    found = {
        (one.path, one.kind) for one in find(zone.root, needles([anna])).found if not one.shared
    }
    assert found == {
        ("warehouse.duckdb", "customer_id"),
        ("reports/page.html", "phone"),
        ("reports/wide.txt", "email"),
        ("reports/[erased].txt", "street"),
        ("landing/orders/cut.csv.gz", UNREADABLE),
    }


def test_the_certificate_names_nobody(
    erased: tuple[Zone, Removal, float], anna: Person, tmp_path: Path
) -> None:
    zone, removal, _ = erased
    wanted = needles([anna])
    made = certificate(
        f"../Q1 {shop.ANNA}",
        datetime(2024, 3, 5),
        datetime(2024, 3, 6),
        True,
        removal,
        find(zone.root, wanted),
        wanted,
    )
    assert made.is_proof
    path = write(made, tmp_path)
    assert path.parent == tmp_path / "erasures"
    assert path.stat().st_mode & 0o777 == 0o600
    said = json.loads(path.read_text())
    assert said["tables"] == removal.tables
    assert said["findings"] == []
    assert {one["kind"] for one in said["shared"]} == {"full_name", "token"}
    assert said["files_searched"] >= 15
    assert find(tmp_path, wanted).found == []
    assert write(made, tmp_path) == path


def test_killed_at_any_moment_a_second_call_ends_in_the_same_state(
    zone: Zone, erased: tuple[Zone, Removal, float], anna: Person, tmp_path: Path
) -> None:
    expected = state(erased[0])
    moments = random.Random(7)
    fresh = tmp_path / "fresh"
    shutil.copytree(zone.root, fresh)
    lasts = erased[2]
    for share in KILLS:
        shutil.rmtree(zone.root)
        shutil.copytree(fresh, zone.root)
        process = start(zone, anna, tmp_path / "person")
        assert process.stdout
        process.stdout.readline()
        time.sleep(max(0, share + moments.uniform(-0.25, 0.25)) * lasts)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        removal = run(zone, anna)
        assert state(zone) == expected
        assert removal.files == erased[1].files
        assert removal.tables == erased[1].tables
        assert find(zone.root, needles([anna])).is_clean
        assert list(zone.root.rglob("*.tmp")) == []


def start(zone: Zone, person: Person, note: Path) -> subprocess.Popen[str]:
    """An erasure in a process of its own, which says when it begins."""
    note.write_bytes(pickle.dumps((zone, person)))
    code = (
        "import pickle, sys\n"
        "from cx_assets_tests.privacy.erasure.test_erase import run\n"
        "zone, person = pickle.load(open(sys.argv[1], 'rb'))\n"
        "print('now', flush=True)\n"
        "run(zone, person)\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(note)], stdout=subprocess.PIPE, text=True
    )
