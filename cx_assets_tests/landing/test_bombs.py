"""Small files that unpack to more than the machine holds: each is refused, or its rows are.

DuckDB gets little memory here, so that reading such a file whole would fail.
"""

import gzip
import io
from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cx_assets.landing.file_read import FileRead
from cx_assets.landing.files import MAX_BYTES, listing
from cx_assets.landing.reader import read
from cx_assets.landing.sources import ORDERS
from cx_assets.warehouse import Session
from cx_assets_tests.landing.zone import FIRST_PERIOD, GOOD_ORDERS, ORDERS_HEADER, Zone, months

MB = 1 << 20
HEADER = ORDERS_HEADER.encode()
ROW = b"1,c1,2024-01-05,web\n"
OBJECT = b'{"order_id":1,"customer_id":1,"ordered_at":"2024-01-05"}\n'

Found = dict[int, str | None]


def packed(first: bytes, block: bytes, times: int) -> bytes:
    """A gzip file of many members, as `cat a.gz b.gz` makes it; each repeats the same block."""
    return gzip.compress(first, 1) + gzip.compress(block, 1) * times


def parquet(rows: int, **columns: object) -> bytes:
    """Rows of one value per column, which is stored once."""
    values = {"order_id": "1", "customer_id": "c", "ordered_at": "2024-01-05", **columns}
    index = pa.array([0], pa.int32()).take(pa.nulls(rows, pa.int32()).fill_null(0))
    table = pa.table(
        {
            name: pa.DictionaryArray.from_arrays(index, pa.array([value]))
            for name, value in values.items()
        }
    )
    return written(table, row_group_size=rows, dictionary_pagesize_limit=1 << 30)


def written(table: pa.Table, **options: object) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


@pytest.fixture
def session(zone: Zone) -> Iterator[Session]:
    with zone.session() as session:
        session.execute("set memory_limit = '300MB'")
        session.execute("set threads = 1")
        yield session


def take_in(
    session: Session, zone: Zone, name: str, data: bytes, max_bytes: int = MAX_BYTES
) -> tuple[FileRead, Found]:
    """The file as it was read, and what is wrong with each of its rows; its neighbour is whole."""
    zone.put("orders/good.csv", GOOD_ORDERS)
    zone.put_raw(f"orders/{name}", data)
    reading = read(
        session,
        ORDERS,
        zone.landing,
        listing(zone.landing, ORDERS),
        "monthly",
        FIRST_PERIOD,
        max_bytes,
    )
    rows: dict[str, Found] = {}
    for path, line, refusal in session.rows(
        f"select source_file, source_line, refusal from {reading.typed}"
    ):
        rows.setdefault(path, {})[line] = refusal
    assert list(rows["orders/good.csv"].values()) == [None] * 6
    by_path = {found.file.path: found for found in reading.files}
    found = by_path[f"orders/{name}"]
    assert found.rows == len(rows.get(f"orders/{name}", {}))
    return found, rows.get(f"orders/{name}", {})


WHOLE: dict[str, tuple[str, Callable[[], bytes], int, str]] = {
    "two gigabytes of zeros": (
        "a.csv.gz",
        lambda: packed(HEADER, bytes(64 * MB), 32),
        MAX_BYTES,
        "a line is longer than 64 MB",
    ),
    "rows for ever": (
        "a.csv.gz",
        lambda: packed(HEADER, ROW * 50_000, 200),
        40 * MB,
        "the file holds more than 41,943,040 bytes, unpacked; split it, or raise CX_MAX_FILE_BYTES",
    ),
    "empty lines for ever": (
        "a.jsonl.gz",
        lambda: packed(OBJECT, b"\n" * MB, 50),
        MB * 1_000,
        "the file holds more than 1,048,576,000 bytes",
    ),
    "a header of many columns": (
        "a.csv.gz",
        lambda: packed(HEADER.strip() + b",x" * 20_000 + b"\n", ROW, 1),
        MAX_BYTES,
        "more than 10,000 columns",
    ),
    "a header without an end": (
        "a.csv.gz",
        lambda: packed(HEADER.strip(), b",x" * MB, 4),
        MAX_BYTES,
        "line 1 is longer than 1 MB",
    ),
    "data in the names of columns": (
        "a.jsonl",
        lambda: b"".join(b'{"k%d":1,"order_id":1}\n' % number for number in range(20_000)),
        MAX_BYTES,
        "more than 10,000 columns",
    ),
    "a name written in many ways": (
        "a.jsonl",
        lambda: b"".join(
            OBJECT.replace(b'"order', b'"' + b" " * number + b"order") for number in range(50)
        ),
        MAX_BYTES,
        "order_id is written in 50 ways; keep one",
    ),
    "millions of rows of one value": (
        "a.parquet",
        lambda: parquet(10_000_000),
        MB * 100,
        "the file holds more than 104,857,600 bytes",
    ),
    "a value that is long and stands often": (
        "a.parquet",
        lambda: parquet(5_000, customer_id="x" * MB),
        1_000 * MB,
        "the file holds more than 1,048,576,000 bytes",
    ),
    "a list for a value": (
        "a.parquet",
        lambda: written(
            pa.table({"order_id": ["1"], "customer_id": [[0]], "ordered_at": ["2024-01-05"]})
        ),
        MAX_BYTES,
        "customer_id is of type BIGINT[]; write one plain value a row",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WHOLE)
def test_a_file_that_holds_too_much_is_refused_whole(
    session: Session, zone: Zone, name: str
) -> None:
    file, make, max_bytes, words = WHOLE[name]
    found, rows = take_in(session, zone, file, make(), max_bytes)
    assert words in str(found.error)
    assert rows == {}


TOO_LONG = "the line is longer than 1 MB"
ROWS: dict[str, tuple[str, Callable[[], bytes], Found]] = {
    "lines of 60 MB": (
        "a.csv.gz",
        lambda: packed(HEADER, b"x" * (60 * MB) + b"\n" + ROW, 3),
        {2: TOO_LONG, 3: None, 4: TOO_LONG, 5: None, 6: TOO_LONG, 7: None},
    ),
    "a million commas": (
        "a.csv.gz",
        lambda: packed(HEADER, b"," * 1_000_000 + b"\n", 100),
        dict.fromkeys(range(2, 102), "the line has 1000001 columns, the header has 4"),
    ),
    "quoted values without end": (
        "a.csv.gz",
        lambda: packed(HEADER, b'"",' * 300_000 + b"\n", 30),
        dict.fromkeys(range(2, 32), "the line has 300001 columns, the header has 4"),
    ),
    "objects of many values": (
        "a.jsonl.gz",
        lambda: packed(OBJECT, b"{" + b'"a":0,' * 160_000 + b'"b":0}\n', 30),
        {1: None, **dict.fromkeys(range(2, 32), "the object has more than 10,000 values")},
    ),
    "a text full of colons": (
        "a.jsonl",
        lambda: OBJECT.replace(b"}", b',"x":"' + b":\\\\" * 20_000 + b'"}'),
        {1: None},
    ),
    "objects in objects": (
        "a.jsonl.gz",
        lambda: packed(
            OBJECT, b'{"a":' * 4_000 + b"0" + b"}" * 4_000 + b"\n" + b"[" * 500_000 + b"\n", 1
        ),
        {
            1: None,
            2: "order_id is missing; ordered_at is missing",
            3: "the object has more than 10,000 values",
        },
    ),
    "a quote that closes after a megabyte": (
        "a.csv.gz",
        lambda: (
            packed(HEADER + b'9,"open\n', ROW * 60_000, 1)
            + gzip.compress(b'8,close",2024-01-05,web\n7,"a\nb",2024-01-05,\n')
        ),
        {
            2: "a quote opened on this line is never closed",
            **dict.fromkeys(range(3, 60_003)),
            60_003: "a value that holds a quote must be quoted, and the quote in it doubled",
            60_004: None,
        },
    ),
    "long bytes of an older writer": (
        "a.parquet",
        lambda: parquet(60, customer_id=b"x" * (16 * MB)),
        dict.fromkeys(range(1, 61), f"customer_id is longer than 500 characters: {'x' * 60}"),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_a_row_that_holds_too_much_is_rejected_alone(
    session: Session, zone: Zone, name: str
) -> None:
    file, make, expected = ROWS[name]
    found, rows = take_in(session, zone, file, make())
    assert found.error is None
    assert rows == expected


def test_a_long_line_is_shown_by_its_start(zone: Zone) -> None:
    zone.put("orders/a.csv", ORDERS_HEADER + "é" * 600_000 + "\n")
    zone.run(months(1, 1))
    ((reason, payload),) = zone.query("select reason, payload from collect.rejected_rows")
    assert (reason, payload) == (TOO_LONG, "é" * 5_000)


def test_a_footer_that_lies_about_the_rows_is_told(session: Session, zone: Zone) -> None:
    whole = parquet(5)
    data = whole.replace(whole_rows(5), whole_rows(6), 1)
    assert data != whole
    found, _ = take_in(session, zone, "a.parquet", data)
    assert found.error == "the footer says 6 rows, but there are 5; send it again"


def whole_rows(rows: int) -> bytes:
    """The rows of the whole file, as Thrift's compact protocol writes them behind the schema."""
    return b"\x15\x00\x16"[2:] + bytes([rows * 2]) + b"\x19"


@pytest.mark.slow
def test_a_higher_bound_reads_the_same_file_anew(zone: Zone) -> None:
    zone.put("orders/a.csv", GOOD_ORDERS)
    (refused,) = zone.run(months(1, 3), max_bytes=100).values()
    assert "more than 100 bytes" in str(refused.error)
    (accepted,) = zone.run(months(1, 3)).values()
    assert (accepted.error, accepted.collected) == (None, 6)


GZIPS: dict[str, tuple[bytes, str | None]] = {
    "two members": (packed(HEADER, ROW, 1), None),
    "zeros behind, as tapes have": (gzip.compress(HEADER + ROW) + bytes(512), None),
    "something behind": (gzip.compress(HEADER + ROW) + b"more", "cut off or damaged"),
    "a second member cut off": (packed(HEADER, ROW, 1)[:-9], "cut off or damaged"),
    "no member at all": (b"", "the file is empty"),
    "a member in a member": (gzip.compress(packed(HEADER, ROW, 1)), "NUL bytes"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", GZIPS)
def test_gzip_files_are_read_whole_or_not_at_all(session: Session, zone: Zone, name: str) -> None:
    data, error = GZIPS[name]
    found, rows = take_in(session, zone, "a.csv.gz", data)
    assert (found.error is None) == (error is None)
    assert (error or "") in (found.error or "")
    assert rows == ({} if error else {2: None})
