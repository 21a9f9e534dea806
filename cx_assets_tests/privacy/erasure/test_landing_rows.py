"""Over random files, what is hers goes and what is anybody else's stays as it was."""

import csv
import gzip
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import settings as options
from hypothesis import strategies as st

from cx_assets.privacy.erasure.landing_rows import add_owners, erase_rows
from cx_assets.privacy.erasure.needles import needles
from cx_assets.privacy.erasure.person import Person, known_keys, theirs
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.landing.zone import Zone
from cx_assets_tests.privacy.erasure.shop import parquet, settings_of

HERS, MAIL = "C100", "anna@x.com"
COLUMNS = ["ticket_id", "customer_id", "opened_at", "text", "extra"]
TEXTS = ("plain", f"by {MAIL}", f'two\nlines, "{MAIL.upper()}" and\n\n', "C1001 C100", "é ☃")
ROWS = st.tuples(
    st.sampled_from(["T1", "T2", ""]),
    st.sampled_from([HERS, "C1001", "", "x"]),
    st.sampled_from(["2024-01-05", "2024-02-05", "soon"]),
    st.sampled_from(TEXTS),
    st.sampled_from(["", MAIL]),
)
FILES = st.lists(
    st.tuples(
        st.sampled_from(["csv", "csv.gz", "jsonl", "jsonl.gz", "parquet"]),
        st.lists(ROWS, min_size=1, max_size=6),
    ),
    min_size=1,
    max_size=4,
)
Row = Sequence[str]


def erase(settings: Settings, *people: Person) -> Any:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        keys = known_keys(session, people)
        add_owners(session, settings, keys)
        theirs(session, keys)
        return erase_rows(session, settings, keys, needles(people))


def packed(suffix: str, rows: Sequence[Row]) -> bytes:
    if suffix == "parquet":
        return parquet({name: [row[at] for row in rows] for at, name in enumerate(COLUMNS)})
    text = io.StringIO()
    if suffix.startswith("csv"):
        csv.writer(text, lineterminator="\r\n").writerows([COLUMNS, *rows])
    else:
        for row in rows:
            text.write(json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n")
    return text.getvalue().encode()


def unpacked(path: Path) -> list[tuple[str, ...]]:
    if path.suffix == ".parquet":
        return [tuple(row.values()) for row in pq.read_table(path).to_pylist()]
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    if ".csv" in path.suffixes:
        return [tuple(row) for row in csv.reader(io.StringIO(text, newline="")) if row][1:]
    return [tuple(json.loads(line).values()) for line in text.splitlines() if line]


def expected(row: Row) -> tuple[str, ...] | None:
    ticket, customer, opened, *texts = row
    is_nobodys = not customer and (not ticket or opened == "soon")
    names_her = any(MAIL in text.lower() or text.endswith(" C100") for text in texts)
    if customer == HERS or (is_nobodys and names_her):
        return None
    kept = [
        t.replace(MAIL, "[erased]").replace(MAIL.upper(), "[erased]").replace(" C100", " [erased]")
        for t in texts
    ]
    return (ticket, customer, opened, *kept)


@pytest.mark.slow
@options(max_examples=12)
@given(files=FILES)
def test_rows_of_others_are_conserved(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[str, list[Row]]]
) -> None:
    zone = Zone(tmp_path_factory.mktemp("zone"))
    paths = [
        zone.put(f"support_tickets/{number}.{suffix}", packed(suffix, rows))
        for number, (suffix, rows) in enumerate(files)
    ]
    before = [path.read_bytes() for path in paths]
    found = erase(settings_of(zone), Person((HERS,), {"email": (MAIL,)}))
    assert found.unreadable == {}
    for path, data, (_, rows) in zip(paths, before, files, strict=True):
        left = [one for row in rows if (one := expected(row))]
        assert unpacked(path) == left
        if left == [tuple(row) for row in rows]:
            assert path.read_bytes() == data


@pytest.mark.slow
def test_files_that_are_wrong_lose_their_lines_and_damaged_ones_are_named(zone: Zone) -> None:
    wrong = zone.put("orders/wrong.csv", f"what,is,this\nC100,a,b\nC1001,a,b\nsee {MAIL}\n")
    bad = zone.put("orders/wrong.parquet", parquet({"what": ["C100 here", "C1001"], "n": [1, 2]}))
    zone.put_raw("orders/cut.csv.gz", gzip.compress(b"order_id,customer_id\n" * 99)[:-9])
    zone.put_raw("orders/cut.parquet", b"PAR1 and no more")
    (zone.landing / "orders" / "away.csv").symlink_to(zone.root / "elsewhere.csv")
    (zone.root / "elsewhere.csv").write_text("order_id,customer_id,ordered_at\nO1,C100,2024-01-01")
    found = erase(settings_of(zone), Person((HERS,), {"email": (MAIL,)}))
    assert wrong.read_text() == "what,is,this\nC1001,a,b\n"
    assert pq.read_table(bad).to_pydict() == {"what": ["C1001"], "n": [2]}
    assert found.gone == {"orders/wrong.csv": 2, "orders/wrong.parquet": 1}
    assert sorted(found.unreadable) == [
        "orders/away.csv",
        "orders/cut.csv.gz",
        "orders/cut.parquet",
    ]


@pytest.mark.slow
def test_what_never_was_collected_is_found_through_other_files(zone: Zone) -> None:
    """Items by the order, events by a visitor who is hers alone, whatever file comes first."""
    zone.put(
        "orders/a.csv",
        "order_id,customer_id,ordered_at\nO1,C100,2024-01-01\nO2,x,2024-01-01\n"
        "O3,C100,2024-01-01\nO3,x,2024-01-02\n",
    )
    items = zone.put(
        "order_items/a.csv",
        "order_id,line_number,ordered_at,product_id,quantity,"
        "unit_price\n" + "".join(f"O{n},1,2024-01-01,P,1,1\n" for n in (1, 2, 3)),
    )
    events = zone.put(
        "web_events/a.csv",
        "event_id,occurred_at,visitor_id,customer_id\n"
        "E1,2024-01-01,V1,\nE2,2024-01-01,V2,\nE3,2024-01-01,V2,x\n",
    )
    zone.put(
        "web_events/b.csv",
        "event_id,occurred_at,visitor_id,customer_id\n"
        "E4,2024-01-01,V1,C100\nE5,2024-01-01,V2,C100\n",
    )
    untouched = zone.put("products/a.csv", "product_id,updated_at,name\nC100,2024-01-01,C100\n")
    before = untouched.read_bytes(), untouched.stat()
    erase(settings_of(zone), Person((HERS,)))
    assert [line[:2] for line in items.read_text().splitlines()[1:]] == ["O2", "O3"]
    assert [line[:2] for line in events.read_text().splitlines()[1:]] == ["E2", "E3"]
    assert (untouched.read_bytes(), untouched.stat().st_ino) == (before[0], before[1].st_ino)


@pytest.mark.slow
def test_ids_that_are_numbers_leave_other_numbers_alone(zone: Zone) -> None:
    header = "order_id,customer_id,ordered_at\n"
    orders = zone.put(
        "orders/a.csv", header + "17850,1,2024-01-01\n2,17850,2024-01-01\n17850,2024-01-01\n"
    )
    tickets = zone.put(
        "support_tickets/a.csv",
        "ticket_id,customer_id,opened_at,text\nT1,1,2024-01-01,order 17850\n",
    )
    erase(settings_of(zone), Person(("17850",)))
    assert orders.read_text() == header + "17850,1,2024-01-01\n"
    assert "order 17850" in tickets.read_text()


@pytest.mark.slow
def test_old_parquet_keeps_its_types(zone: Zone) -> None:
    when = pa.array([1704067200000000, 1704153600000000], pa.timestamp("us"))
    path = zone.landing / "orders" / "old.parquet"
    path.parent.mkdir(parents=True)
    table = pa.table(
        {
            "Order_ID": ["O1", "O2"],
            "customer_id": [HERS, "x"],
            "ordered_at": when,
            "tags": [["a"], ["b", "c"]],
        }
    ).replace_schema_metadata({"who": "me"})
    pq.write_table(
        table,
        path,
        compression={"Order_ID": "zstd", "customer_id": "none"},
        use_deprecated_int96_timestamps=True,
    )
    before = pq.ParquetFile(path).metadata
    erase(settings_of(zone), Person((HERS,)))
    after = pq.ParquetFile(path)
    assert after.read().to_pylist() == table.slice(1).to_pylist()
    assert after.schema_arrow.metadata[b"who"] == b"me"
    for place in range(before.num_columns):
        was, now = (m.row_group(0).column(place) for m in (before, after.metadata))
        assert (now.compression, now.physical_type) == (was.compression, was.physical_type)
