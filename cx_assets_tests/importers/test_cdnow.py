from decimal import Decimal
from pathlib import Path

import pytest

from cx_assets.importers import NotThatDataSet, import_cdnow

from .helpers import assert_keeps_the_contract, digests, rows, scalar

SOURCES = ("customers", "products", "orders", "order_items")


@pytest.mark.parametrize(
    ("name", "purchases", "customers", "dollars"),
    [
        ("CDNOW_master.txt", 69_659, 23_570, Decimal("2500315.63")),
        ("CDNOW_sample.txt", 6_919, 2_357, Decimal("244091.94")),
    ],
)
def test_the_published_totals_arrive(
    real_data: Path, landing: Path, name: str, purchases: int, customers: int, dollars: Decimal
) -> None:
    report = import_cdnow(real_data / "cdnow" / name, landing)

    assert report.landed == {
        "customers": customers,
        "products": 1,
        "orders": purchases,
        "order_items": purchases,
    }
    (account,) = report.accounts
    assert (account.lines, account.money) == (purchases, dollars)
    assert account.bucket("without CDs").lines == 0
    money = scalar(landing, "order_items", "sum(round(quantity * unit_price, 2)::decimal(18, 2))")
    assert money == dollars
    assert scalar(landing, "orders", "count(distinct customer_id)") == customers
    for source in SOURCES:
        assert_keeps_the_contract(landing, source)


def test_the_sample_is_part_of_the_master(real_data: Path, tmp_path: Path) -> None:
    for name in ("master", "sample"):
        import_cdnow(real_data / "cdnow" / f"CDNOW_{name}.txt", tmp_path / name)
    columns = "select order_id, quantity, unit_price"
    master = set(rows(tmp_path / "master", "order_items", columns))
    sample = set(rows(tmp_path / "sample", "order_items", columns))
    assert len(sample) == 6_919
    assert sample < master


def test_each_line_is_an_order_and_odd_lines_are_named(tmp_path: Path, landing: Path) -> None:
    path = tmp_path / "CDNOW_master.txt"
    path.write_text(
        " customer_id  date number_of_cds  dollar_value\r\n"
        " 00002 19970112  1   12.00\r\n"
        " 00002 19970112  1   12.00\r\n"
        " 00001 19970102  3   10.00\r\n"
        "\r\n"
        " 00001 19970103  1    0.00\r\n"
        " 00001 19970104  0    5.00\r\n"
    )
    (account,) = import_cdnow(path, landing).accounts

    assert [(b.name, b.lines, b.money) for b in account.buckets] == [
        ("purchases", 3, Decimal(34)),
        ("purchases for nothing", 1, Decimal(0)),
        ("without CDs", 1, Decimal(5)),
    ]
    assert rows(landing, "orders", "select order_id, customer_id") == [
        ("00001-19970102-1", "00001"),
        ("00001-19970103-1", "00001"),
        ("00002-19970112-1", "00002"),
        ("00002-19970112-2", "00002"),
    ]
    assert rows(landing, "order_items", "select quantity, round(quantity * unit_price, 9)") == [
        (3.0, 10.0),
        (1.0, 0.0),
        (1.0, 12.0),
        (1.0, 12.0),
    ]


def test_a_second_import_changes_no_byte(real_data: Path, landing: Path) -> None:
    path = real_data / "cdnow" / "CDNOW_master.txt"
    import_cdnow(path, landing)
    first = digests(landing)
    import_cdnow(path, landing)
    assert digests(landing) == first
    assert sorted(first) == sorted(f"{source}/cdnow.parquet" for source in SOURCES)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "has no rows"),
        ("00001 19970101 1\n", "line 1 has 3 columns"),
        ("00001 19970101 1 11.77\n00004 0001 19970101 2 29.33\n", "line 2 has 5 columns"),
        ("00001 19970231 1 11.77\n", "data row 1: date is '19970231'"),
        ("00001 19970101 1 11.77\n00001 19970101 one 11.77\n", "data row 2: number_of_cds"),
        (b"00001 19970101 1 \xff\xfe\n", "cannot be read"),
    ],
)
def test_another_file_is_refused(
    tmp_path: Path, landing: Path, content: str | bytes, complaint: str
) -> None:
    path = tmp_path / "CDNOW_master.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(NotThatDataSet, match=complaint) as refusal:
        import_cdnow(path, landing)
    assert str(path) in str(refusal.value)
    assert not landing.exists()


def test_a_path_that_holds_no_file_is_refused(tmp_path: Path, landing: Path) -> None:
    with pytest.raises(NotThatDataSet, match=r"nowhere\.txt does not exist: expected CDNOW_master"):
        import_cdnow(tmp_path / "nowhere.txt", landing)
    with pytest.raises(NotThatDataSet, match="is a folder: expected CDNOW_master"):
        import_cdnow(tmp_path, landing)
