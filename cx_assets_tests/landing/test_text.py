"""How good text files are read: encodings, line ends, quotes, headers, times."""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cx_assets.landing.files import LandedFile
from cx_assets.landing.lines import BLOCK_BYTES
from cx_assets.landing.reader import Reading, read
from cx_assets.landing.records import NEVER_CLOSED, STRAY_QUOTE
from cx_assets.landing.sources import SOURCES
from cx_assets.warehouse import Session
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.landing.zone import ORDERS_HEADER, Zone, months

ORDERS = SOURCES["orders"]


def test_byte_order_mark_crlf_mixed_case_and_unknown_columns(zone: Zone) -> None:
    zone.put(
        "orders/a.csv",
        '\ufeff"Ordered_At", Colour ,CUSTOMER_ID,order_id,\r\n2024-01-05,red,c1,1,\r\n',
    )
    zone.run(months(1, 1))
    assert zone.query("select order_id, customer_id, ordered_at from collect.orders") == [
        ("1", "c1", datetime(2024, 1, 5))
    ]
    assert zone.query("select rows, unknown_columns from collect.landing_files") == [(1, "colour")]


def test_a_quoted_line_break_keeps_the_physical_line(zone: Zone) -> None:
    zone.put(
        "orders/a.csv",
        ORDERS_HEADER
        + '1,"c\r\n\r\n1",2024-01-05,"a ""b"", c"\r\n'
        + "2,c2,2024-01-05,\r\n"
        + '3,"\n",2024-01-05,","\n'
        + '4,"x",2024-01-05,"no line end"',
    )
    account = zone.run(months(1, 1))["orders/a.csv"]
    assert (account.rows, account.collected) == (4, 4)
    assert zone.query(
        "select order_id, source_line, customer_id, channel from collect.orders order by 1"
    ) == [
        ("1", 2, "c\n\n1", 'a "b", c'),
        ("2", 5, "c2", None),
        ("3", 6, None, ","),
        ("4", 8, "x", "no line end"),
    ]


TIMES = {
    "2024-01-05": datetime(2024, 1, 5),
    "20240105": datetime(2024, 1, 5),
    "2024-01-05T10:30:15.5Z": datetime(2024, 1, 5, 10, 30, 15, 500_000),
    "2024-01-05 10:30:15,5": datetime(2024, 1, 5, 10, 30, 15, 500_000),
    "2024-01-05T10:30:15+02:00": datetime(2024, 1, 5, 8, 30, 15),
    "20240105T103015-0130": datetime(2024, 1, 5, 12, 0, 15),
    "2024-01-05T10:30Z": datetime(2024, 1, 5, 10, 30),
    "2024-01-05T10+01": datetime(2024, 1, 5, 9),
    "2024-01-05t10:30:15z": datetime(2024, 1, 5, 10, 30, 15),
    "2024-01-05T10:30:15.123456789Z": datetime(2024, 1, 5, 10, 30, 15, 123_456),
    " 2024-01-05 10:30 ": datetime(2024, 1, 5, 10, 30),
}


@pytest.mark.parametrize("written", TIMES)
def test_times_are_iso_8601_and_end_up_in_utc(zone: Zone, written: str) -> None:
    zone.put("orders/a.csv", ORDERS_HEADER + f'1,c1,"{written}",web\n')
    zone.run(months(1, 1))
    assert zone.query("select ordered_at from collect.orders") == [(TIMES[written],)]


def test_lines_across_the_blocks_of_a_large_file(zone: Zone) -> None:
    """CR LF, quoted line breaks and bytes of one character fall on either side of a block's end."""
    rows = 1 + BLOCK_BYTES // 600
    zone.put(
        "orders/a.csv",
        ORDERS_HEADER
        + "".join(f'{n},"ü\r\n{"ü" * (300 + n % 7)}",2024-01-05,w\r\n' for n in range(rows)),
    )
    account = zone.run(months(1, 1))["orders/a.csv"]
    assert (account.rows, account.collected) == (rows, rows)
    assert zone.query(
        "select count(*) from collect.orders where source_line <> 2 + 2 * order_id::bigint "
        "or customer_id <> 'ü' || chr(10) || repeat('ü', 300 + order_id::int % 7)"
    ) == [(0,)]


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with DuckDBWarehouse(database=":memory:").connect() as session:
        yield session


def read_orders(session: Session, folder: Path, data: bytes) -> Reading:
    (folder / "a.csv").write_bytes(data)
    file = LandedFile("a.csv", len(data), 1)
    return read(session, ORDERS, folder, [file], "monthly", date(2024, 1, 1))


VALUES = st.text(alphabet='ab",\n ü', max_size=6)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(st.tuples(VALUES, VALUES), max_size=12),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_csv_writer_writes_is_read_back(
    session: Session,
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str]],
    quoting: int,
    line_end: str,
) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=quoting, lineterminator=line_end)
    writer.writerow(["order_id", "customer_id", "ordered_at", "channel"])
    lines = []
    for number, (customer, channel) in enumerate(rows):
        lines.append(1 + buffer.getvalue().count("\n"))
        writer.writerow([number, customer, "2024-01-05", channel])
    folder = tmp_path_factory.mktemp("csv")
    reading = read_orders(session, folder, buffer.getvalue().encode())
    found = session.rows(
        "select order_id, source_line, customer_id, channel, refusal "
        f"from {reading.typed} order by order_id::int"
    )
    assert reading.files[0].rows == len(rows)
    assert found == [
        (
            str(number),
            line,
            customer if customer.strip() else None,
            channel if channel.strip() else None,
            None,
        )
        for number, (line, (customer, channel)) in enumerate(zip(lines, rows, strict=True))
    ]


def is_whole(reason: str | None) -> bool:
    """Whether a record could be taken apart, whatever may be wrong with its values."""
    return reason not in (NEVER_CLOSED, STRAY_QUOTE) and "the header has" not in (reason or "")


@pytest.mark.slow
@example(lines=[',"', "1,c1,2024-01-05,web", '",,'])
@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.just("1,c1,2024-01-05,web"),
            st.just('2,"c\n2",2024-01-05,web'),
            st.text(alphabet='a",\n', max_size=8),
        ),
        max_size=12,
    )
)
def test_no_line_of_a_broken_file_is_lost(
    session: Session, tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    """Every record begins on a line of its own, and what lies between begins inside quotes."""
    text = ORDERS_HEADER + "".join(line + "\n" for line in lines)
    reading = read_orders(session, tmp_path_factory.mktemp("broken"), text.encode())
    found = dict(session.rows(f"select source_line, refusal from {reading.typed}"))
    assert reading.files[0].error is None
    assert reading.files[0].rows == len(found)
    physical = text.split("\n")
    for number, line in enumerate(physical[1:-1], start=2):
        if line == "1,c1,2024-01-05,web" and number not in found:
            opener = max(n for n in found if n < number)
            assert is_whole(found[opener])
            assert '"' in physical[opener - 1]
        if line and not line.count('"') and number not in found:
            assert is_whole(found[max(n for n in found if n < number)])
