"""Landing files that are wrong in every way we know: each is told, and none harms its neighbour."""

import gzip
import io
import json
from datetime import date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cx_assets_tests.landing.zone import GOOD_ORDERS, ORDERS_HEADER, Zone, months

LINE = "1,c1,2024-01-05,web\n"
TWO_COLUMNS_MISSING = "columns are missing: customer_id, ordered_at"


def parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def cut_gzip() -> bytes:
    text = ORDERS_HEADER + "".join(f"{n},c{n * 7919},2024-01-05,web\n" for n in range(5_000))
    data = gzip.compress(text.encode())
    return data[: len(data) // 2]


def flipped_gzip() -> bytes:
    data = bytearray(gzip.compress(GOOD_ORDERS.encode()))
    data[-6] ^= 1
    return bytes(data)


def damaged_parquet() -> bytes:
    values = [f"{n * 7919}-{n}" for n in range(20_000)]
    data = bytearray(
        parquet(
            pa.table(
                {"order_id": values, "customer_id": values, "ordered_at": ["2024-01-05"] * 20_000}
            )
        )
    )
    data[1_000:2_000] = bytes(1_000)
    return bytes(data)


@pytest.fixture(autouse=True)
def good_neighbour(zone: Zone) -> None:
    zone.put("orders/good.csv", GOOD_ORDERS)


def run(zone: Zone, expected_rejects: list[tuple[int, str]], collected: int, path: str) -> None:
    accounts = zone.run(months(1, 6))
    assert accounts["orders/good.csv"].collected == 6
    assert zone.rejects() == [(path, line, reason) for line, reason in expected_rejects]
    assert accounts[path].collected == collected


BAD_FILES = {
    "no bytes": ("a.csv", b"", "the file is empty"),
    "no bytes, compressed": ("a.csv.gz", gzip.compress(b""), "the file is empty"),
    "nothing but a byte order mark": ("a.csv", b"\xef\xbb\xbf", "line 1 is empty"),
    "a blank first line": ("a.csv", b"\n" + GOOD_ORDERS.encode(), "line 1 is empty"),
    "a gzip file cut off": ("a.csv.gz", cut_gzip(), "cut off or damaged"),
    "a gzip file with another checksum": ("a.csv.gz", flipped_gzip(), "cut off or damaged"),
    "no gzip at all": ("a.jsonl.gz", b"{}", "cut off or damaged"),
    "no Parquet at all": ("a.parquet", b"hello", "no whole Parquet file"),
    "a Parquet file damaged inside": ("a.parquet", damaged_parquet(), "damaged"),
    "a header that names a column twice": (
        "a.csv",
        b"order_id,customer_id,ordered_at,ORDER_ID \n1,c,2024-01-05,2\n",
        "columns stand twice: order_id",
    ),
    "a header without owed columns": ("a.csv", b"order_id,x\n1,2\n", TWO_COLUMNS_MISSING),
    "another delimiter": ("a.csv", b"order_id;customer_id;ordered_at\n1;c;2024-01-05\n", "missing"),
    "JSON without owed columns": ("a.jsonl", b'{"order_id":1}\n', TWO_COLUMNS_MISSING),
    "Parquet without owed columns": (
        "a.parquet",
        parquet(pa.table({"order_id": [1]})),
        TWO_COLUMNS_MISSING,
    ),
    "UTF-16": ("a.csv", GOOD_ORDERS.encode("utf-16"), "UTF-16"),
    "a header that is not UTF-8": ("a.csv", "order_id,größe\n".encode("latin-1"), "not UTF-8"),
    "a header with an open quote": ("a.csv", b'order_id,"customer_id\n', "no CSV header"),
    "lines that end in CR alone": ("a.csv", GOOD_ORDERS.replace("\n", "\r").encode(), "carriage"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_cannot_be_read_is_reported_whole(zone: Zone, name: str) -> None:
    file, data, words = BAD_FILES[name]
    zone.put_raw(f"orders/{file}", data)
    accounts = zone.run(months(1, 6))
    account = accounts[f"orders/{file}"]
    assert words in str(account.error)
    assert (account.rows, account.collected, account.rejected) == (0, 0, 0)
    assert accounts["orders/good.csv"].collected == 6
    assert zone.query("select distinct source_file from collect.orders") == [("orders/good.csv",)]
    assert zone.rejects() == [(f"orders/{file}", None, account.error)]
    before = zone.state()
    zone.run(months(1, 6))
    assert zone.state() == before


ONLY_HEADER_COLUMNS = "the line has 3 columns, the header has 4"
NEVER_CLOSED = "a quote opened on this line is never closed"
STRAY = "a value that holds a quote must be quoted, and the quote in it doubled"
NUMBER_COLUMNS = "order_id,customer_id,ordered_at,discount\n"

BAD_ROWS: dict[str, tuple[str | bytes, list[tuple[int, str]], int]] = {
    "only a header": (ORDERS_HEADER, [], 0),
    "only a header, without a line end": (ORDERS_HEADER.strip(), [], 0),
    "ragged rows": (
        ORDERS_HEADER + "1,c1,2024-01-05\n" + LINE + "2,c1,2024-01-05,web,more\n",
        [(2, ONLY_HEADER_COLUMNS), (4, "the line has 5 columns, the header has 4")],
        1,
    ),
    "blank lines": (
        ORDERS_HEADER + "\n" + LINE + "\r\n\n" + "x,,x,\n",
        [(6, "ordered_at is not a time: x")],
        1,
    ),
    "another encoding": (
        ORDERS_HEADER.encode() + LINE.encode() + "2,Müller,2024-01-05,web\n".encode("latin-1"),
        [(3, "the line is not UTF-8")],
        1,
    ),
    "a NUL byte": (
        ORDERS_HEADER + LINE + "2,c\x001,2024-01-05,web\n3,c1,2024-01-05,\x00\n",
        [(3, "customer_id holds a NUL byte"), (4, "channel holds a NUL byte")],
        1,
    ),
    "a field of a million characters": (
        ORDERS_HEADER + f"2,{'x' * 1_000_000},2024-01-05,web\n" + LINE,
        [(2, f"customer_id is longer than 500 characters: {'x' * 60}")],
        1,
    ),
    "a quote that is never closed": (
        ORDERS_HEADER + LINE + '2,"c1,2024-01-05,web\n' + LINE.replace("1,c1", "3,c1"),
        [(3, NEVER_CLOSED)],
        2,
    ),
    "a quote that meets another one later": (
        ORDERS_HEADER + '2,"c1,2024-01-05,web\n' + LINE + '3,"c3",2024-01-05,web\n',
        [(2, NEVER_CLOSED)],
        2,
    ),
    "a quote that closes too many columns later": (
        ORDERS_HEADER + '2,"c1,2024-01-05,web\n' + LINE + '3,c3,2024-01-05,web"\n',
        [(2, NEVER_CLOSED), (4, STRAY)],
        1,
    ),
    "a quote inside a plain value": (
        ORDERS_HEADER + '2,5" tube,2024-01-05,web\n' + LINE + '3,"a"b,2024-01-05,web\n',
        [(2, STRAY), (4, STRAY)],
        1,
    ),
    "values missing": (
        ORDERS_HEADER + ",c1,2024-01-05,web\n  ,,,\n" + "2,,2024-01-05,\n",
        [(2, "order_id is missing"), (3, "order_id is missing; ordered_at is missing")],
        1,
    ),
    "numbers that are none": (
        NUMBER_COLUMNS
        + "".join(
            f"{n},c,2024-01-05,{v}\n"
            for n, v in enumerate(("1_0", "1;5", "NaN", "-inf", "1e999", "-1", " 2 ", "1e3"))
        ),
        [
            (2, "discount is not a number: 1_0"),
            (3, "discount is not a number: 1;5"),
            (4, "discount is not a finite number: NaN"),
            (5, "discount is not a finite number: -inf"),
            (6, "discount is not a finite number: 1e999"),
            (7, "discount is below 0: -1"),
        ],
        2,
    ),
    "times that are none": (
        ORDERS_HEADER
        + "".join(
            f"{n},c,{v},\n"
            for n, v in enumerate(
                ("2024-02-30", "5.1.2024", "epoch", "infinity", "1705000000", "now")
            )
        ),
        [
            (n + 2, f"ordered_at is not a time: {v}")
            for n, v in enumerate(
                ("2024-02-30", "5.1.2024", "epoch", "infinity", "1705000000", "now")
            )
        ],
        0,
    ),
    "times out of range": (
        ORDERS_HEADER + "1,c,9999-01-01,\n2,c,1700-01-01,\n3,c,2023-12-31T23:59:59Z,\n",
        [
            (2, "ordered_at is not between 1900-01-01 and 2200-01-01: 9999-01-01"),
            (
                3,
                "ordered_at is not between 1900-01-01 and 2200-01-01: 1700-01-01; "
                "ordered_at is before the first period 2024-01-01 (CX_FIRST_PERIOD): "
                "1700-01-01 00:00:00",
            ),
            (
                4,
                "ordered_at is before the first period 2024-01-01 (CX_FIRST_PERIOD): "
                "2023-12-31 23:59:59",
            ),
        ],
        0,
    ),
    "a word that is not one of": (
        "order_id,customer_id,ordered_at,status\n1,c,2024-01-05,gone\n2,c,2024-01-05,placed\n",
        [(2, "status is not one of placed, shipped, delivered, cancelled, returned: gone")],
        1,
    ),
    "several things at once": (
        NUMBER_COLUMNS + ",c,soon,much\n",
        [
            (
                2,
                "order_id is missing; ordered_at is not a time: soon; "
                "discount is not a number: much",
            )
        ],
        0,
    ),
}

BAD_JSON = (
    '{"order_id": 1, "customer_id": null, "Ordered_At": "2024-01-05"}\n'
    '{"order_id": 2,\n'
    "\n"
    '["order_id"]\n'
    '"order_id"\n'
    '{"order_id": 3, "ORDER_ID": 4, "ordered_at": "2024-01-05"}\n'
    '{"order_id": "\\ud800", "ordered_at": "2024-01-05"}\n'
    '{"order_id": "a\\u0000b", "ordered_at": "2024-01-05"}\n'
    '{"order_id": 5, "ordered_at": "2024-01-05", "discount": NaN}\n'
    '{"order_id": "6", "customer_id": "c", "ordered_at": "2024-01-05", "discount": 1.5}'
)


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz"])
def test_a_bad_json_line_is_rejected_with_its_line_and_reason(zone: Zone, suffix: str) -> None:
    zone.put(f"orders/bad.{suffix}", BAD_JSON.encode() + b'\n{"order_id": "\xe9"}\n')
    rejects = [
        (2, "the line is not JSON"),
        (4, "the line is JSON, but no object"),
        (5, "the line is JSON, but no object"),
        (6, "a key stands twice in the object"),
        (7, "the line is not JSON"),
        (8, "order_id holds a NUL byte"),
        (9, "discount is not a finite number: NaN"),
        (11, "the line is not UTF-8"),
    ]
    run(zone, rejects, 2, f"orders/bad.{suffix}")


def test_a_parquet_file_with_other_types_is_read_as_far_as_its_values_go(zone: Zone) -> None:
    table = pa.table(
        {
            "Order_ID": pa.array([1, 2, 3], pa.int64()),
            "customer_id": pa.array([b"c1", b"\xe9", None], pa.binary()),
            "ordered_at": pa.array([datetime(2024, 1, 5, 10, 30)] * 3, pa.timestamp("ns", "UTC")),
            "delivered_at": pa.array([date(2024, 1, 6)] * 3),
            "discount": pa.array(["1.5", "free", None]),
            "shipping_cost": pa.array([0.1, 0.2, float("nan")], pa.float32()),
            "extra": pa.array([[1], [2], [3]]),
        }
    )
    zone.put_raw("orders/bad.parquet", parquet(table))
    rejects = [
        (2, "discount is not a number: free"),
        (3, "shipping_cost is not a finite number: nan"),
    ]
    run(zone, rejects, 1, "orders/bad.parquet")
    assert zone.query(
        "select order_id, customer_id, ordered_at, delivered_at, discount, shipping_cost "
        "from collect.orders where source_file = 'orders/bad.parquet'"
    ) == [("1", "c1", datetime(2024, 1, 5, 10, 30), datetime(2024, 1, 6), 1.5, 0.1)]
    assert zone.query(
        "select unknown_columns from collect.landing_files where path = 'orders/bad.parquet'"
    ) == [("extra",)]
    payload = json.loads(
        zone.query("select payload from collect.rejected_rows where source_line = 2")[0][0]
    )
    assert (payload["order_id"], payload["discount"]) == ("2", "free")


def test_the_payload_is_the_line_as_it_landed(zone: Zone) -> None:
    zone.put("orders/bad.csv", ORDERS_HEADER.encode() + b'1,"a\nb",x,\n2,\xe9,x,\n' + b"y" * 20_000)
    zone.run(months(1, 1))
    assert zone.query("select source_line, payload from collect.rejected_rows order by 1") == [
        (2, '1,"a\nb",x,'),
        (4, "2,\\xE9,x,"),
        (5, "y" * 10_000),
    ]


INTEGERS = {
    "7": None,
    "8.0": None,
    "+9": None,
    "7.5": "line_number is not an integer: 7.5",
    "1e2": "line_number is not an integer: 1e2",
    "0x1F": "line_number is not an integer: 0x1F",
    "99999999999999999999": "line_number is not an integer: 99999999999999999999",
    "-1": "line_number is below 0: -1",
}


def test_integers_are_whole_or_refused(zone: Zone) -> None:
    header = "order_id,line_number,ordered_at,product_id,quantity,unit_price\n"
    zone.put("order_items/a.csv", header + "".join(f"1,{v},2024-01-05,p,1,1\n" for v in INTEGERS))
    zone.run(months(1, 1), "order_items")
    assert [reason for _, _, reason in zone.rejects()] == [r for r in INTEGERS.values() if r]
    assert zone.query("select line_number from collect.order_items order by 1") == [
        (7,),
        (8,),
        (9,),
    ]


def test_dates_and_booleans(zone: Zone) -> None:
    zone.put(
        "customers/a.csv",
        "customer_id,updated_at,birth_date,consent_marketing\n"
        "1,2024-01-05,1990-05-01,yes\n"
        "2,2024-01-05,1990-05-01T00:00:00+02:00,FALSE\n"
        "3,2024-01-05,1.5.1990,perhaps\n",
    )
    zone.run(months(1, 1), "customers")
    assert zone.query(
        "select birth_date, consent_marketing from collect.customers order by customer_id"
    ) == [(date(1990, 5, 1), True), (date(1990, 5, 1), False)]
    assert [reason for _, _, reason in zone.rejects()] == [
        "birth_date is not a date: 1.5.1990; consent_marketing is not a boolean: perhaps"
    ]


@pytest.mark.parametrize("name", BAD_ROWS)
@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
def test_a_bad_row_is_rejected_with_its_line_and_reasons(
    zone: Zone, name: str, suffix: str
) -> None:
    content, rejects, collected = BAD_ROWS[name]
    zone.put(f"orders/bad.{suffix}", content)
    run(zone, rejects, collected, f"orders/bad.{suffix}")
